// The way of spans to the thread that exports them.
import type { MessagePort } from 'node:worker_threads';
import type { SpanFacts } from './span-facts.ts';

/** What became of a batch. */
export interface BatchReport {
  /** Why it was not exported. */
  readonly error: string | undefined;
}

interface PendingBatch {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends one batch after the other. */
export class SpanPort {
  readonly #port: MessagePort;
  #pending: PendingBatch | undefined;
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', ({ error }: BatchReport) => this.#settle(error));
    port.on('close', () => this.#end('the thread that exports traces has ended'));
    // A thread does not go on for the sake of its traces.
    port.unref();
  }

  /** Rejects when the batch was not exported. */
  send(batch: readonly SpanFacts[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      if (this.#isClosed) return this.#settle('no traces are exported any more');
      this.#port.postMessage(batch);
    });
  }

  /** Gives up a batch that is being exported. */
  close(): void {
    this.#end('not before the end');
    this.#port.close();
  }

  #end(reason: string): void {
    this.#isClosed = true;
    this.#settle(reason);
  }

  #settle(error: string | undefined): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (error === undefined) pending?.resolve();
    else pending?.reject(new Error(error));
  }
}
