// How the value of an option is written. One type serves the file, the environment and the flags; only
// the file has typed values, the other two have texts.
import { formatDuration, parseDuration } from '../../actors/domain/duration.ts';
import { type DurationMs, durationMs } from '../../actors/domain/time.ts';

/** A value as found: a text (environment, flag), or what the TOML parser made of it. */
export type RawValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toml'; readonly value: unknown };

export type ValueParse<T> =
  | { readonly ok: true; readonly value: T }
  /** Why the value is not of the type; says what was expected. */
  | { readonly ok: false; readonly reason: string };

export interface ValueType<T> {
  /** Shown in the help text in place of a value. */
  readonly placeholder: string;
  parse(raw: RawValue): ValueParse<T>;
  /** The value as it may be written, in one line. */
  show(value: T): string;
  /** The value as it stands in a file. Default: the text that `show` gives. */
  toToml?(value: T): unknown;
  /** For values of several parts: puts those of `higher` over those of `lower`. */
  merge?(lower: T, higher: T): T;
}

/** A type for code that treats all values alike. */
export type AnyValueType = ValueType<NonNullable<unknown>>;

/** For types whose values TOML has itself. */
export function asItIs(value: unknown): unknown {
  return value;
}

export function accept<T>(value: T): ValueParse<T> {
  return { ok: true, value };
}

export function expected(
  form: string,
  raw: RawValue,
): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `expected ${form}, found ${showRaw(raw)}` };
}

function showRaw(raw: RawValue): string {
  return JSON.stringify(raw.kind === 'text' ? raw.text : raw.value) ?? typeof raw;
}

/** The text of a value, `undefined` for a TOML value that is no string. */
export function textOf(raw: RawValue): string | undefined {
  if (raw.kind === 'text') return raw.text;
  return typeof raw.value === 'string' ? raw.value : undefined;
}

/** The number of a value; a TOML string is none, whatever it says. */
function numberOf(raw: RawValue): number | undefined {
  if (raw.kind === 'toml') return typeof raw.value === 'number' ? raw.value : undefined;
  return /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(raw.text) ? Number(raw.text) : undefined;
}

/** `isValid` narrows the texts taken; `form` says which. */
export function textType(
  placeholder: string,
  form = 'a text that is not empty',
  isValid: (text: string) => boolean = (text) => text !== '',
): ValueType<string> {
  return {
    placeholder,
    parse(raw) {
      const text = textOf(raw);
      return text !== undefined && isValid(text) ? accept(text) : expected(form, raw);
    },
    show: (value) => value,
  };
}

export function choiceType<const T extends string>(...choices: readonly T[]): ValueType<T> {
  return {
    placeholder: choices.join('|'),
    parse(raw) {
      const text = textOf(raw);
      const found = choices.find((choice) => choice === text);
      return found === undefined ? expected(`one of ${choices.join(', ')}`, raw) : accept(found);
    },
    show: (value) => value,
  };
}

/** A whole number from `min` to `max`, both inclusive. */
export function integerType(min: number, max: number): ValueType<number> {
  return {
    placeholder: 'number',
    parse(raw) {
      const value = numberOf(raw);
      const isValid =
        value !== undefined && Number.isInteger(value) && value >= min && value <= max;
      return isValid ? accept(value) : expected(wholeNumber(min, max), raw);
    },
    show: String,
    toToml: asItIs,
  };
}

function wholeNumber(min: number, max: number): string {
  if (max < Number.MAX_SAFE_INTEGER) return `a whole number from ${min} to ${max}`;
  return min === 0 ? 'a whole number' : `a whole number, at least ${min}`;
}

/** `true` or `false`, in the file without quotes. */
export const BOOLEAN: ValueType<boolean> = {
  placeholder: 'true|false',
  parse(raw) {
    const value = raw.kind === 'toml' ? raw.value : { true: true, false: false }[raw.text];
    return typeof value === 'boolean' ? accept(value) : expected('true or false', raw);
  },
  show: String,
  toToml: asItIs,
};

/** A finite number from `min`, inclusive, to `max`, inclusive. */
export function numberType(min: number, max: number): ValueType<number> {
  return {
    placeholder: 'number',
    parse(raw) {
      const value = numberOf(raw);
      const isValid = value !== undefined && Number.isFinite(value) && value >= min && value <= max;
      return isValid ? accept(value) : expected(`a number from ${min} to ${max}`, raw);
    },
    show: String,
    toToml: asItIs,
  };
}

/** A finite number above zero. */
export const FACTOR: ValueType<number> = {
  placeholder: 'number',
  parse(raw) {
    const value = numberOf(raw);
    const isValid = value !== undefined && Number.isFinite(value) && value > 0;
    return isValid ? accept(value) : expected('a number above 0', raw);
  },
  show: String,
  toToml: asItIs,
};

/** A whole number above zero, or `unlimited`. */
export const ATTEMPTS: ValueType<number | 'unlimited'> = {
  placeholder: 'number|unlimited',
  parse(raw) {
    if (textOf(raw) === 'unlimited') return accept('unlimited');
    const value = numberOf(raw);
    const isValid = value !== undefined && Number.isSafeInteger(value) && value > 0;
    return isValid ? accept(value) : expected('a whole number above 0 or "unlimited"', raw);
  },
  show: String,
  toToml: asItIs,
};

export interface DurationTypeOptions {
  readonly mayBeZero: boolean;
  /** A longer duration counts as this one. Unit: milliseconds. Default: unbounded. */
  readonly cappedAtMs?: number | undefined;
}

/** Whole milliseconds; a finer part is dropped. */
export function durationType(options: DurationTypeOptions): ValueType<DurationMs> {
  const { mayBeZero, cappedAtMs = Number.POSITIVE_INFINITY } = options;
  const form = 'a duration such as "90s", "1h 30m" or "PT5M"';
  return {
    placeholder: 'duration',
    parse(raw) {
      const text = textOf(raw);
      if (text === undefined) return expected(form, raw);
      const parsed = parseDuration(text);
      if (!parsed.ok) return { ok: false, reason: `expected ${form}: ${parsed.reason}` };
      const ms = Math.floor(parsed.ms);
      if (ms === 0 && !mayBeZero) return { ok: false, reason: 'duration cannot be zero' };
      return accept(durationMs(Math.min(ms, cappedAtMs)));
    },
    show: formatDuration,
  };
}

const BYTE_UNITS = ['', 'k', 'm', 'g', 't', 'p'];
const BYTE_COUNT = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?))?b?$/i;

/**
 * `1GiB`, `1.5 GiB`, `3Gi`, decimal `512MB` and `100k`, or a plain number of bytes; from `min` to `max`,
 * both inclusive.
 */
export function byteCountType(min: number, max = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const form = 'a human-readable byte count such as "32 MiB", "100k" or 4096';
  return {
    placeholder: 'bytes',
    parse(raw) {
      const text = textOf(raw);
      const bytes = text === undefined ? numberOf(raw) : parseByteCount(text);
      if (bytes === undefined || !Number.isSafeInteger(bytes)) return expected(form, raw);
      if (bytes < min) return expected(`at least ${min} bytes`, raw);
      return bytes > max ? expected(`at most ${max} bytes`, raw) : accept(bytes);
    },
    show: showByteCount,
  };
}

function parseByteCount(text: string): number | undefined {
  const match = BYTE_COUNT.exec(text.trim());
  if (match === null) return undefined;
  const [, amount, unit = '', binary] = match;
  const base = binary === undefined || binary === '' ? 1000 : 1024;
  return Math.round(Number(amount) * base ** BYTE_UNITS.indexOf(unit.toLowerCase()));
}

/** In the largest unit that says it with one decimal, for it must mean the same when it is read again. */
function showByteCount(bytes: number): string {
  for (let exponent = BYTE_UNITS.length - 1; exponent > 0; exponent -= 1) {
    const amount = (bytes * 10) / 1024 ** exponent;
    if (amount < 10 || !Number.isInteger(amount)) continue;
    return `${amount / 10} ${(BYTE_UNITS[exponent] ?? '').toUpperCase()}iB`;
  }
  return `${bytes} B`;
}
