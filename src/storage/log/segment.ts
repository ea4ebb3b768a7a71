import { closeSync, fdatasync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const flushFile = promisify(fdatasync);

/** Zeros written ahead, so that a flush has no new size of the file to write. Unit: bytes. */
const ALLOCATION_BYTES = 1024 * 1024;

/** Written one page at a time: Linux keeps what is written together as one unit, and flushes it as one. */
const PAGE_OF_ZEROS = Buffer.alloc(4096);

/** One file of a log. It is written from the start again when what it holds is no longer needed. */
export class Segment {
  readonly #path: string;
  readonly #file: number;
  #allocated = 0;
  #position = 0;
  #lastSequence = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'w');
  }

  get position(): number {
    return this.#position;
  }

  /** Of its records; 0 when it has none. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  restart(): void {
    this.#position = 0;
  }

  append(record: Buffer, sequence: number): void {
    const end = this.#position + record.length;
    if (end > this.#allocated) this.#allocate(end + ALLOCATION_BYTES);
    this.#write(record, this.#position);
    this.#position = end;
    this.#lastSequence = sequence;
  }

  flush(): Promise<void> {
    return flushFile(this.#file);
  }

  /** Blocks the thread. */
  flushNow(): void {
    fdatasyncSync(this.#file);
  }

  remove(): void {
    closeSync(this.#file);
    rmSync(this.#path);
  }

  #allocate(end: number): void {
    for (; this.#allocated < end; this.#allocated += PAGE_OF_ZEROS.length) {
      this.#write(PAGE_OF_ZEROS, this.#allocated);
    }
  }

  #write(bytes: Buffer, position: number): void {
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, position + written);
    }
  }
}
