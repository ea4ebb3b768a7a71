import { byteCountType, durationType, integerType } from './value-type.ts';

/** Longest delay that Node's timers take; they run a longer one at once. Unit: milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const MEBIBYTE = 1024 * 1024;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;

export const ANY_DURATION = durationType({ mayBeZero: true });
export const NON_ZERO_DURATION = durationType({ mayBeZero: false });
/** For options that go straight into a timer. */
export const TIMER_DURATION = durationType({ mayBeZero: false, cappedAtMs: TIMER_MS_MAX });
/** The same, where none at all has a meaning. */
export const ANY_TIMER_DURATION = durationType({ mayBeZero: true, cappedAtMs: TIMER_MS_MAX });
export const COUNT = integerType(1, Number.MAX_SAFE_INTEGER);
export const ANY_BYTES = byteCountType(0);
export const NON_ZERO_BYTES = byteCountType(1);
