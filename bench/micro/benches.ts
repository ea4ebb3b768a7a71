import { APPLY } from './apply.bench.ts';
import { BATCH_COMMIT } from './batch-commit.bench.ts';
import { COUNTING } from './counting.bench.ts';
import { FRAME_CODEC } from './frame-codec.bench.ts';
import { HTTP2 } from './http2.bench.ts';
import { MESSAGE_CODEC } from './message-codec.bench.ts';
import type { MicroBench } from './micro-bench.ts';
import { ROW_CODEC } from './row-codec.bench.ts';
import { THREAD_HOP } from './thread-hop.bench.ts';

/** From the socket of a deployment to the disk. */
export const MICRO_BENCHES: readonly MicroBench[] = [
  HTTP2,
  FRAME_CODEC,
  MESSAGE_CODEC,
  APPLY,
  ROW_CODEC,
  BATCH_COMMIT,
  THREAD_HOP,
  COUNTING,
];
