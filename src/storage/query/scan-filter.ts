// What a scan need not return. Filters only spare work: whoever reads the rows tests them again.

import type { WantedBlock } from './invocation-scan.ts';

export interface ScanFilter {
  /** By column: the only values that are wanted. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
  /** By column: the only times that are wanted, inclusive. Unit: milliseconds since the Unix epoch. */
  readonly times: ReadonlyMap<string, TimeRange>;
  /** Of tables of invocations: the only blocks that are wanted. */
  readonly blocks?: readonly WantedBlock[] | undefined;
}

export interface TimeRange {
  readonly minMs: number;
  readonly maxMs: number;
}

export const NO_FILTER: ScanFilter = { values: new Map(), times: new Map() };

/** A value that a column can never have, given as a filter for it. */
export class InvalidFilterError extends Error {
  override readonly name = 'InvalidFilterError';
}

/** Whether the value may be wanted. */
export function admits(
  wanted: ReadonlySet<string> | undefined,
  value: string | undefined,
): boolean {
  return wanted === undefined || (value !== undefined && wanted.has(value));
}
