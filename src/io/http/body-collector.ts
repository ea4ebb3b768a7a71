import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';

/** Gathers the chunks of one body up to a limit. */
export class BodyCollector {
  readonly #bytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  #bytesCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** `false` once the body is longer than the limit. The chunk belongs to the collector. */
  add(chunk: Uint8Array): boolean {
    this.#bytesCount += chunk.byteLength;
    if (this.#bytesCount > this.#bytesMax) {
      this.#chunks.length = 0;
      return false;
    }
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
    return true;
  }

  /** The whole body, without a copy when it came in one chunk. */
  join(): Uint8Array {
    const [first] = this.#chunks;
    if (first === undefined) return EMPTY_BYTES;
    return this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytesCount);
  }
}
