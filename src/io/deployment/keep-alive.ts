export interface KeepAliveOptions {
  /** 0 switches the pings off. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Interval varies by this share, so that connections opened together do not ping together. */
  readonly jitterShare: number;
}

/** Pings a connection now and then and notices when nothing comes back, neither PONG nor data. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #ping: () => void;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #heardSincePing = false;

  constructor(options: KeepAliveOptions, ping: () => void, onSilence: () => void) {
    this.#options = options;
    this.#ping = ping;
    this.#onSilence = onSilence;
  }

  start(): void {
    const { intervalMs, jitterShare } = this.#options;
    if (intervalMs === 0) return;
    const jitter = 1 + jitterShare * (2 * Math.random() - 1);
    this.#timer = setTimeout(() => {
      this.#heardSincePing = false;
      this.#ping();
      this.#awaitAnswer();
    }, intervalMs * jitter).unref();
  }

  /** Anything arrived. */
  heard(): void {
    this.#heardSincePing = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #awaitAnswer(): void {
    this.#timer = setTimeout(() => {
      if (this.#heardSincePing) this.start();
      else this.#onSilence();
    }, this.#options.timeoutMs).unref();
  }
}
