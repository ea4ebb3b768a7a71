// The door to tracing. While it is off, nothing behind it is loaded.
import type { MessagePort } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import type { TracingSettings } from './settings.ts';
import type { TraceExport } from './trace-export.ts';
import type { Tracing } from './tracing.ts';

/** Without settings nothing is exported. */
export async function openTraceExport(
  settings: TracingSettings | undefined,
  log: Logger,
): Promise<TraceExport | undefined> {
  if (settings === undefined) return undefined;
  const { TraceExport } = await import('./trace-export.ts');
  return new TraceExport(settings, log);
}

/** Without a port to the thread that exports traces there is no tracing. */
export async function openTracing(
  port: MessagePort | undefined,
  log: Logger,
): Promise<Tracing | undefined> {
  if (port === undefined) return undefined;
  const { startTracing } = await import('./tracing.ts');
  return startTracing(port, log);
}
