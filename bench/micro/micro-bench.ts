// The form of a micro bench: a question, one table of figures, two sizes.

/** `small` proves that the bench works, `full` measures. */
export type BenchSize = 'small' | 'full';

export interface MicroBench {
  readonly name: string;
  readonly question: string;
  /** Which number would change which decision. */
  readonly decides: string;
  readonly run: (size: BenchSize) => Promise<readonly MicroRow[]> | readonly MicroRow[];
}

export interface MicroRow {
  readonly case: string;
  /** The same names in all rows of a bench; they end with their unit. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of the work, the same in every run: proves that it was done. */
  readonly checksum: number;
}

/** Times `work`, which does `operations` and gives a checksum; a first run warms up. */
export function timed(name: string, operations: number, work: () => number): MicroRow {
  work();
  const beganAtMs = performance.now();
  const checksum = work();
  const nsPerOp = ((performance.now() - beganAtMs) * 1e6) / operations;
  return { case: name, figures: { nsPerOp }, checksum };
}
