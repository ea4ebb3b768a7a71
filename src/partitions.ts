// Wiring of what the main thread has of the partitions: the router to them, the supervisor of their
// threads, snapshots of them, and where their traces go.
import { randomBytes } from 'node:crypto';
import { PartitionPool } from './actors/partition-pool.ts';
import { Router } from './actors/router.ts';
import type { SchemaActor } from './actors/schema-actor.ts';
import { SnapshotActor } from './actors/snapshot-actor.ts';
import { Supervisor } from './actors/supervisor.ts';
import { tracingSettingsOf } from './io/config/tracing-settings.ts';
import { partitionThreadLog, PAUSED } from './io/partition-thread-log.ts';
import { openTraceExport, openTracing } from './io/tracing/open-tracing.ts';
import type { TraceExport } from './io/tracing/trace-export.ts';
import { now, type Opened, type Parts } from './parts.ts';
import { threadSettings } from './settings.ts';
import type { PinnableSchemaStore } from './storage/schema-store.ts';
import { createSnapshotWriter } from './storage/snapshot/snapshot-writer.ts';

/** To be opened before whatever makes spans: it is closed behind that. */
export async function startTracing({ closers }: Opened, { config, log: serverLog }: Parts) {
  const log = serverLog.of('reprise::tracing');
  const traceExport = await openTraceExport(tracingSettingsOf(config), log);
  const tracing = await openTracing(traceExport?.openPort(), log);
  closers.push(async () => {
    await tracing?.close();
    await traceExport?.close();
  });
  return { traceExport, tracing };
}

interface PartitionParts {
  readonly schema: SchemaActor;
  readonly traceExport: TraceExport | undefined;
}

/** The threads run from `startThreads` on. */
export function openPartitions(
  { directory, closers }: Opened,
  parts: Parts,
  { schema, traceExport }: PartitionParts,
) {
  const { config, log, onFatal } = parts;
  const { partitionsCount } = directory.marker;
  const threadsCount = Math.min(config.partitionThreads, partitionsCount);
  const router = new Router({
    partitionsCount,
    threadsCount,
    now,
    bootId: `${randomBytes(6).toString('base64url')}-`,
    schema: () => schema.current(),
  });
  schema.subscribe((changed) => router.publishSchema(changed));
  const settings = threadSettings(parts, {
    partitionsCount,
    environmentPaths: directory.partitionPaths,
    threadsCount,
  });
  const pool = parts.pool ?? new PartitionPool(threadsCount);
  closers.push(() => pool.close());
  const supervisor = new Supervisor({
    pool,
    threadsCount,
    router,
    settings,
    openTracePort: () => traceExport?.openPort(),
    isPaused: config.paused,
    silenceMsMax: config.hungThreadTimeoutMs,
    onFatal,
    ...partitionThreadLog(log),
  });
  return { router, supervisor, settings };
}

export function startThreads(
  { closers }: Opened,
  { config, log }: Parts,
  supervisor: Supervisor,
): void {
  supervisor.start();
  closers.push(() => supervisor.close());
  if (config.paused) log.warn(PAUSED);
}

interface SnapshotParts {
  readonly router: Router;
  readonly supervisor: Supervisor;
  readonly schema: SchemaActor;
  readonly store: PinnableSchemaStore;
}

export function openSnapshots(
  { directory }: Opened,
  { config }: Parts,
  { router, supervisor, schema, store }: SnapshotParts,
): SnapshotActor {
  const snapshots = new SnapshotActor({
    writer: createSnapshotWriter(directory, config.nodeName),
    threadsCount: supervisor.threads().length,
    environmentsCount: directory.marker.environmentsCount,
    isReady: () => router.isReady(),
    post: (thread, message) => supervisor.post(thread, message),
    holdSchema: (use) => schema.hold(use),
    pinSchema: () => store.pin(),
  });
  supervisor.watchSnapshots(snapshots);
  return snapshots;
}
