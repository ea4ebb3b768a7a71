// The thread that exports traces, as the main thread sees it.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import type { TracingSettings } from './settings.ts';

export class TraceExport {
  readonly #worker: Worker;

  constructor(settings: TracingSettings, log: Logger) {
    this.#worker = new Worker(new URL('./trace-thread.js', import.meta.url), {
      workerData: settings,
    });
    this.#worker.on('error', (error) =>
      log.error('the thread that exports traces died; there are none until the next start', {
        error,
      }),
    );
  }

  /** A way for the spans of one thread. */
  openPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage(port1, [port1]);
    return port2;
  }

  /** To be called when every thread has sent what it had. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
