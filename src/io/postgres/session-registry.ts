import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** Exclusive; process ids are positive numbers of 32 bits with sign. */
const PROCESS_ID_END = 2 ** 31;

export interface Registration {
  readonly processId: number;
  /** Who knows it may cancel the session's queries. */
  readonly key: Buffer;
  release(): void;
}

interface Entry {
  readonly key: Buffer;
  readonly cancel: () => void;
}

/** The sessions there are, by the number under which their queries can be cancelled. */
export class SessionRegistry {
  readonly #sessionsMax: number;
  readonly #entries = new Map<number, Entry>();

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  /** `undefined` when there are too many sessions. */
  register(keyBytes: number, cancel: () => void): Registration | undefined {
    if (this.#entries.size >= this.#sessionsMax) return undefined;
    const key = randomBytes(keyBytes);
    const processId = this.#freeProcessId();
    this.#entries.set(processId, { key, cancel });
    return { processId, key, release: () => void this.#entries.delete(processId) };
  }

  /** Does nothing unless the key is that of the session. */
  cancel(processId: number, key: Buffer): void {
    const entry = this.#entries.get(processId);
    if (entry === undefined || entry.key.length !== key.length) return;
    if (timingSafeEqual(entry.key, key)) entry.cancel();
  }

  #freeProcessId(): number {
    for (;;) {
      const processId = randomInt(1, PROCESS_ID_END);
      if (!this.#entries.has(processId)) return processId;
    }
  }
}
