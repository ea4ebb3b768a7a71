import { availableParallelism } from 'node:os';
import type { ServerKind } from '../../test/support/servers.ts';

export interface ServerSetup {
  readonly name: string;
  readonly kind: ServerKind;
  /** The default of both servers is 24. */
  readonly partitions: number;
}

/** As few partitions as the machine has cores: 1.5 to 1.8 times the reference's default on two. */
const TUNED_PARTITIONS = Math.max(2, availableParallelism());
const DEFAULT_PARTITIONS = 24;

export const SERVER_SETUPS: readonly ServerSetup[] = [
  { name: 'reprise', kind: 'reprise', partitions: DEFAULT_PARTITIONS },
  { name: 'reference', kind: 'reference', partitions: DEFAULT_PARTITIONS },
  { name: 'reference-tuned', kind: 'reference', partitions: TUNED_PARTITIONS },
  { name: 'reprise-tuned', kind: 'reprise', partitions: TUNED_PARTITIONS },
];
