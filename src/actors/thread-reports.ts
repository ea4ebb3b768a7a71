// Asks partition threads what they have counted, and does not wait long for those that do not say.
// Thread: main.
import type { ThreadReport } from './ports.ts';

/** How long a thread may take to answer. Unit: milliseconds. */
const REPORT_TIMEOUT_MS = 2000;

interface Asked {
  readonly thread: number;
  readonly resolve: (report: ThreadReport | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

export class ThreadReports {
  readonly #ask: (thread: number, requestId: number) => void;
  readonly #asked = new Map<number, Asked>();
  #requestsCount = 0;

  constructor(ask: (thread: number, requestId: number) => void) {
    this.#ask = ask;
  }

  /** `undefined` when the thread does not answer in time. */
  request(thread: number): Promise<ThreadReport | undefined> {
    this.#requestsCount += 1;
    const requestId = this.#requestsCount;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(requestId, undefined), REPORT_TIMEOUT_MS);
      this.#asked.set(requestId, { thread, resolve, timer });
      this.#ask(thread, requestId);
    });
  }

  receive(requestId: number, report: ThreadReport): void {
    this.#settle(requestId, report);
  }

  /** The thread is gone. */
  threadLost(thread: number): void {
    for (const [requestId, asked] of this.#asked) {
      if (asked.thread === thread) this.#settle(requestId, undefined);
    }
  }

  #settle(requestId: number, report: ThreadReport | undefined): void {
    const asked = this.#asked.get(requestId);
    if (asked === undefined) return;
    this.#asked.delete(requestId);
    clearTimeout(asked.timer);
    asked.resolve(report);
  }
}
