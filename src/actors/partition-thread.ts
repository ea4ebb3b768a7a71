// Entry of a partition thread, and its wiring. Runs as a piscina task that ends when it is told to.
import { randomFillSync } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import {
  openDeploymentTransport,
  type TransportSettings,
} from '../io/deployment/deployment-transport.ts';
import {
  openRequestIdentity,
  type IdentitySettings,
} from '../io/deployment/load-request-identity.ts';
import { attemptObserver } from '../io/attempt-log.ts';
import { createLogger } from '../io/log.ts';
import type { LoggerOptions } from '../io/log.ts';
import { createServiceProtocol } from '../io/service-protocol/service-protocol.ts';
import type { ServiceProtocolSettings } from '../io/service-protocol/service-protocol.ts';
import type { KeyValueBackend } from '../storage/key-value-backend.ts';
import { openTables } from '../storage/lmdb-backend.ts';
import { openLoggedBackend } from '../storage/log/logged-backend.ts';
import { openPartitionStore } from '../storage/partition-store.ts';
import { must } from './domain/assert.ts';
import type { PartitionNumber } from './domain/ids.ts';
import { ID_RANDOM_BYTES } from './domain/make-invocation-id.ts';
import type { HandlerDefaults, Schema } from './domain/schema.ts';
import { EMPTY_SCHEMA } from './domain/schema.ts';
import type { ScopeFeatures } from './domain/scope.ts';
import { type DurationMs, unixMillis } from './domain/time.ts';
import { largeBodyOf } from './messages.ts';
import type { ToMainThread, ToPartitionThread } from './messages.ts';
import { PartitionHost } from './partition-host.ts';
import type { PartitionStore } from './ports.ts';
import { ThreadChannel } from './thread-channel.ts';

/** What every partition thread of a server is given. Plain data. */
export interface PartitionThreadSettings {
  readonly transports: TransportSettings;
  /** Headers of every request to a deployment. */
  readonly commonHeaders: ReadonlyArray<readonly [name: string, value: string]>;
  readonly partitionsCount: number;
  /** One LMDB environment per path; partition p lives in environment p modulo their number. */
  readonly environmentPaths: readonly string[];
  readonly defaults: HandlerDefaults;
  readonly scopeFeatures: ScopeFeatures;
  readonly identity: IdentitySettings | undefined;
  /** Attempts connected to one deployment from one thread at once. */
  readonly attemptsPerDeploymentMax: number;
  readonly eagerStateBytesMax: number;
  readonly cleanupIntervalMs: DurationMs;
  readonly protocol: ServiceProtocolSettings;
  /** Messages of a deployment from this size on are reported. Unit: bytes, inclusive. */
  readonly messageBytesWarning: number;
  readonly logOptions: Omit<LoggerOptions, 'sinks'>;
}

export interface PartitionThreadTask {
  readonly port: MessagePort;
  /** Names the thread's logs. */
  readonly thread: number;
  readonly partitions: readonly PartitionNumber[];
  readonly settings: PartitionThreadSettings;
}

/** Serves the partitions until the main thread asks to close. Ends the thread when a flush fails. */
export default async function runPartitionThread(task: PartitionThreadTask): Promise<void> {
  const { port, thread, settings, partitions } = task;
  const log = createLogger(settings.logOptions).of('reprise::partition');
  const backends = await openBackends(settings.environmentPaths, `${thread}`);
  let schema: Schema = EMPTY_SCHEMA;
  let host: PartitionHost | undefined;
  const [schemaGiven, giveSchema] = signal();
  const [closeAsked, askToClose] = signal();

  const channel = new ThreadChannel<ToPartitionThread, ToMainThread>({
    port,
    largeBodyOf,
    onMessage: (message) => {
      switch (message.kind) {
        case 'schema': {
          const { ruleBook } = schema;
          schema = message.schema;
          giveSchema();
          if (schema.ruleBook.version !== ruleBook.version) host?.scopeRulesChanged();
          return;
        }
        case 'close':
          askToClose();
          return;
        case 'crash':
          // Ends this thread, not the process.
          return process.exit(1);
        case 'command':
        case 'deliver':
        case 'ackDelivery':
        case 'resendOutbox':
          host?.receive(message);
      }
    },
  });

  const stores = openStores(backends, settings.partitionsCount, partitions);
  const transport = openDeploymentTransport(settings.transports);
  host = new PartitionHost({
    partitionsCount: settings.partitionsCount,
    stores,
    attempts: {
      transport,
      schema: { current: () => schema },
      observer: attemptObserver(log.of('reprise::attempt')),
      ...attemptSettings(settings),
    },
    attemptsPerDeploymentMax: settings.attemptsPerDeploymentMax,
    eagerStateBytesMax: settings.eagerStateBytesMax,
    cleanupIntervalMs: settings.cleanupIntervalMs,
    toMain: (message) => channel.post(message),
    onFlushFailed: (error) => {
      log.error('a batch could not be made durable; the partition thread ends', { error });
      process.exit(1);
    },
  });
  // Under no rules at all, what waits for a slot would start.
  await schemaGiven;
  host.recover();
  channel.post({ kind: 'ready' });

  await closeAsked;
  await transport.close();
  await host.close();
  for (const backend of backends) await backend.close();
  channel.close();
}

function attemptSettings(settings: PartitionThreadSettings) {
  return {
    protocol: createServiceProtocol(settings.protocol),
    defaults: settings.defaults,
    scopeFeatures: settings.scopeFeatures,
    identity: openRequestIdentity(settings.identity),
    messageBytesWarning: settings.messageBytesWarning,
    commonHeaders: settings.commonHeaders,
    now: () => unixMillis(Date.now()),
    randomBytes: createRandomBytes(),
  };
}

function signal(): readonly [given: Promise<void>, give: () => void] {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return [given, () => give()];
}

function openBackends(paths: readonly string[], name: string): Promise<KeyValueBackend[]> {
  return Promise.all(
    paths.map((path) => openLoggedBackend({ tables: openTables(path), path, name })),
  );
}

function openStores(
  backends: readonly KeyValueBackend[],
  partitionsCount: number,
  partitions: readonly PartitionNumber[],
): Map<PartitionNumber, PartitionStore> {
  const stores = new Map<PartitionNumber, PartitionStore>();
  for (const partition of partitions) {
    const backend = must(backends[partition % backends.length], 'there is an environment');
    stores.set(partition, openPartitionStore({ backend, partition, partitionsCount }));
  }
  return stores;
}

/** Random bytes for ids, drawn from the system in blocks because a draw costs more than the bytes. */
function createRandomBytes(): () => Uint8Array {
  const block = Buffer.alloc(ID_RANDOM_BYTES * 256);
  let position = block.length;
  return () => {
    if (position === block.length) {
      randomFillSync(block);
      position = 0;
    }
    position += ID_RANDOM_BYTES;
    return block.subarray(position - ID_RANDOM_BYTES, position);
  };
}
