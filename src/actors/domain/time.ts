import type { Brand } from './brand.ts';

/** Milliseconds since the Unix epoch. */
export type UnixMillis = Brand<number, 'UnixMillis'>;

/** A span of time in milliseconds. */
export type DurationMs = Brand<number, 'DurationMs'>;

export function unixMillis(value: number): UnixMillis {
  return value as UnixMillis;
}

export function durationMs(value: number): DurationMs {
  return value as DurationMs;
}
