// Fills a data directory with completed invocations directly through the storage layer, as if the
// server had served them. The server must not run meanwhile.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import {
  formatDeploymentId,
  partitionOf,
  type DeploymentId,
  type PartitionNumber,
} from '../../src/actors/domain/ids.ts';
import type { Invocation, InvocationTarget } from '../../src/actors/domain/invocation.ts';
import { ID_RANDOM_BYTES, invocationIdFor } from '../../src/actors/domain/make-invocation-id.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { encodeInputCommand } from '../../src/io/service-protocol/message-encoder.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { openTables } from '../../src/storage/lmdb-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import { SeededRandom } from './seeded-random.ts';

export interface SeedOptions {
  readonly baseDir: string;
  readonly nodeName: string;
  readonly invocationsCount: number;
  readonly partitionsCount: number;
  /** When the last one was completed. Unit: milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Shares of the targets, by turns. Default: `SEEDED_TARGETS`. */
  readonly targets?: ReadonlyArray<(n: number) => InvocationTarget> | undefined;
  /** What the nth invocation is stored as, instead of as completed. */
  readonly alter?: ((invocation: Invocation, n: number) => Invocation) | undefined;
}

/** Deployment that every seeded invocation is pinned to. */
export const SEEDED_DEPLOYMENT: DeploymentId = formatDeploymentId(1n);

/** Of ten invocations seven of a Service, two of an object and one of a workflow. */
export const SEEDED_TARGETS: ReadonlyArray<(n: number) => InvocationTarget> = [
  ...Array.from({ length: 6 }, () => () => service('greet')),
  () => service('fail'),
  ...Array.from({ length: 2 }, () => (n: number): InvocationTarget => {
    const key = `k${n % 1000}`;
    return { kind: 'virtualObject', service: 'Counter', key, handler: 'add', mode: 'exclusive' };
  }),
  (n) => ({ kind: 'workflow', service: 'Signup', key: `user-${n}`, handler: 'run', mode: 'run' }),
];

function service(handler: string): InvocationTarget {
  return { kind: 'service', service: 'Greeter', handler };
}

/** Invocations per commit. */
const BATCH = 2000;

/** Between the creations of two invocations. */
const STEP_MS = 50;

/** Nothing expires while somebody looks at it. */
const RETENTION_MS = durationMs(30 * 86_400_000);

const INPUT = encodeInputCommand([], Buffer.from('"input"'));
/** The value has the same field in both messages. */
const OUTPUT = encodeInputCommand([], Buffer.from('"output"'));
const ENTRIES = [
  [MessageType.input, INPUT],
  [MessageType.output, OUTPUT],
] as const;

/** Resolves once everything is flushed and the directory is closed. */
export async function seedInvocations(options: SeedOptions): Promise<void> {
  const directory = openDataDirectory({
    ...options,
    nodeNameIsDefault: false,
    clusterName: 'localcluster',
    environmentsCount: 1,
    now: new Date(options.nowMs),
  });
  const path = join(directory.path, 'partitions-0');
  mkdirSync(path, { recursive: true });
  const backend = openTables(path);
  const stores = Array.from({ length: options.partitionsCount }, (_, partition) =>
    openPartitionStore({
      backend,
      partition: partition as PartitionNumber,
      partitionsCount: options.partitionsCount,
    }),
  );
  await fill(stores, options);
  await backend.close();
  directory.release();
}

async function fill(stores: readonly PartitionStore[], options: SeedOptions): Promise<void> {
  const { invocationsCount, nowMs, targets = SEEDED_TARGETS, alter } = options;
  const random = new SeededRandom(1);
  for (let n = 0; n < invocationsCount; n += 1) {
    const createdAtMs = nowMs - (invocationsCount - n) * STEP_MS;
    const target = targets[n % targets.length]?.(n) ?? service('greet');
    const randomBytes = random.bytes(ID_RANDOM_BYTES);
    const id = invocationIdFor({ target, random: randomBytes, nowMs: unixMillis(createdAtMs) });
    const store = stores[partitionOf(id, stores.length)];
    if (store === undefined) throw new Error(`no partition has ${id}`);
    const completed = completedInvocation(store.nextInvocationNumber(), {
      id,
      target,
      createdAtMs: unixMillis(createdAtMs),
    });
    put(store, alter?.(completed, n) ?? completed);
    if (n % BATCH === BATCH - 1) await Promise.all(stores.map((each) => each.commit()));
  }
  await Promise.all(stores.map((each) => each.commit()));
}

function completedInvocation(
  number: number,
  { id, target, createdAtMs }: Pick<Invocation, 'id' | 'target' | 'createdAtMs'>,
): Invocation {
  const completedAtMs = unixMillis(createdAtMs + 20);
  const failure = { code: 500, message: 'failed' };
  return {
    id,
    number,
    target,
    source: { kind: 'ingress', requestId: `seed-${number}` },
    idempotencyKey: target.kind === 'workflow' ? undefined : id.slice(-26).toUpperCase(),
    createdAtMs,
    modifiedAtMs: completedAtMs,
    runningAtMs: createdAtMs,
    completionRetentionMs: RETENTION_MS,
    journalRetentionMs: RETENTION_MS,
    status: {
      kind: 'completed',
      outcome:
        target.handler === 'fail'
          ? { kind: 'failure', failure }
          : { kind: 'success', value: Buffer.from('"output"') },
      completedAtMs,
    },
    epoch: 1,
    journalLength: ENTRIES.length,
    commandCount: ENTRIES.length,
    pin: { deploymentId: SEEDED_DEPLOYMENT, protocolVersion: 6 },
    waiters: [],
  };
}

function put(store: PartitionStore, invocation: Invocation): void {
  const { number, createdAtMs, modifiedAtMs } = invocation;
  for (const [index, [type, payload]] of ENTRIES.entries()) {
    const entry = { kind: 'command', type, appendedAtMs: createdAtMs, payload } as const;
    store.appendJournal(number, index, entry);
  }
  store.putInvocation(invocation);
  store.putExpiry(invocation, unixMillis(modifiedAtMs + RETENTION_MS));
}
