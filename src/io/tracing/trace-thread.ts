// Entry of the thread that exports traces. It takes batches of spans from the ports that it is given,
// and says on the same port what became of each. Nothing else of the server is in this thread,
// so that whatever OpenTelemetry's libraries do happens to traces alone.
import { parentPort, type MessagePort, workerData } from 'node:worker_threads';
import { must } from '../../actors/domain/assert.ts';
import { openExporter } from './exporter.ts';
import type { TracingSettings } from './settings.ts';
import type { SpanFacts } from './span-facts.ts';
import type { BatchReport } from './span-port.ts';

const exporting = openExporter(workerData as TracingSettings);

must(parentPort, 'this file is the entry of a thread').on('message', (port: MessagePort) => {
  port.on('message', (batch: readonly SpanFacts[]) => {
    void exportBatch(batch).then((report) => port.postMessage(report));
  });
});

async function exportBatch(batch: readonly SpanFacts[]): Promise<BatchReport> {
  try {
    const exportSpans = await exporting;
    await exportSpans(batch);
    return { error: undefined };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
