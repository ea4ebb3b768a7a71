/** Compressed bytes of one header block. The decoded list is bounded to the same size. */
export const HEADER_LIST_BYTES_MAX = 65_536;
/** A legal block of that size needs four; more are only good for keeping us busy. */
const CONTINUATIONS_MAX = 16;

/** Collects a header block that one HEADERS frame did not hold. */
export class HeaderBlock {
  /** 0 when no block is open. */
  #streamId = 0;
  #endStream = false;
  #fragments: Buffer[] = [];
  #bytes = 0;

  /** Stream of the block whose CONTINUATION has to come next; 0 when none has. */
  get streamId(): number {
    return this.#streamId;
  }

  get endStream(): boolean {
    return this.#endStream;
  }

  open(streamId: number, endStream: boolean, fragment: Buffer): void {
    this.#streamId = streamId;
    this.#endStream = endStream;
    this.#fragments = [fragment];
    this.#bytes = fragment.length;
  }

  /** Returns false when the block grows beyond its bounds. */
  append(fragment: Buffer): boolean {
    this.#fragments.push(fragment);
    this.#bytes += fragment.length;
    return this.#bytes <= HEADER_LIST_BYTES_MAX && this.#fragments.length <= CONTINUATIONS_MAX + 1;
  }

  close(): Buffer {
    const block = Buffer.concat(this.#fragments, this.#bytes);
    this.#streamId = 0;
    this.#fragments = [];
    this.#bytes = 0;
    return block;
  }
}
