// Notices partition threads whose event loop has stopped to turn. Thread: main.
//   W1. A thread hangs when it leaves a ping unanswered for `silenceTicksMax` ticks of this thread. Ticks
//       are counted, not time: when the whole process was stopped for a while, nobody hung.
//   W2. Nothing is done to a thread that hangs: ending it while it writes would abort the process.

export interface ThreadWatchOptions {
  readonly threadsCount: number;
  /** Silence after which a thread counts as hung. Unit: milliseconds. */
  readonly silenceMsMax: number;
  readonly ping: (thread: number) => void;
  readonly onHung: (thread: number, silentMs: number) => void;
  /** A thread that hung answers again. */
  readonly onAnswered: (thread: number, silentMs: number) => void;
}

/** How often threads are asked; more often when the longest silence is short. Unit: milliseconds. */
const TICK_MS = 1000;

/** A silence has at least so many ticks, or one late tick of this thread would make a difference. */
const TICKS_PER_SILENCE_MIN = 5;

interface Watched {
  /** Ticks since the ping that is not answered yet; `undefined` when there is none. */
  silentTicks: number | undefined;
  isHung: boolean;
}

export class ThreadWatch {
  readonly #options: ThreadWatchOptions;
  readonly #tickMs: number;
  readonly #silenceTicksMax: number;
  readonly #threads: Watched[];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ThreadWatchOptions) {
    this.#options = options;
    this.#tickMs = Math.max(1, Math.min(TICK_MS, options.silenceMsMax / TICKS_PER_SILENCE_MIN));
    this.#silenceTicksMax = Math.ceil(options.silenceMsMax / this.#tickMs);
    this.#threads = Array.from({ length: options.threadsCount }, unwatched);
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), this.#tickMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The thread is a new one. */
  reset(thread: number): void {
    this.#threads[thread] = unwatched();
  }

  answered(thread: number): void {
    const watched = this.#threads[thread];
    if (watched === undefined) return;
    const silentMs = this.silentMs(thread);
    this.reset(thread);
    if (watched.isHung) this.#options.onAnswered(thread, silentMs);
  }

  isHung(thread: number): boolean {
    return this.#threads[thread]?.isHung ?? false;
  }

  /** How long the thread has left a ping unanswered. Unit: milliseconds. */
  silentMs(thread: number): number {
    return (this.#threads[thread]?.silentTicks ?? 0) * this.#tickMs;
  }

  /** Asks whoever has answered, and looks who has not for too long. */
  tick(): void {
    for (const [thread, watched] of this.#threads.entries()) {
      if (watched.silentTicks === undefined) {
        watched.silentTicks = 0;
        this.#options.ping(thread);
        continue;
      }
      watched.silentTicks += 1;
      if (watched.isHung || watched.silentTicks < this.#silenceTicksMax) continue;
      watched.isHung = true;
      this.#options.onHung(thread, this.silentMs(thread));
    }
  }
}

function unwatched(): Watched {
  return { silentTicks: undefined, isHung: false };
}
