import { PostgresError } from './postgres-error.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text in the only encoding that this server speaks. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new PostgresError('wrongEncoding', 'invalid byte sequence for encoding "UTF8"');
  }
}

/** Reads the fields of one message. Throws `PostgresError` where the body ends too early or too late. */
export class BodyReader {
  readonly #body: Buffer;
  #position = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  byte(): number {
    return this.#body.readUInt8(this.#take(1));
  }

  int16(): number {
    return this.#body.readInt16BE(this.#take(2));
  }

  /** For counts, which are unsigned on the wire. */
  count(): number {
    return this.#body.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#body.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#body.readUInt32BE(this.#take(4));
  }

  /** Text up to a zero byte. */
  text(): string {
    const end = this.#body.indexOf(0, this.#position);
    if (end < 0) throw malformed('invalid string in message');
    const bytes = this.#body.subarray(this.#position, end);
    this.#position = end + 1;
    return decodeText(bytes);
  }

  bytes(bytesCount: number): Buffer {
    const start = this.#take(bytesCount);
    return this.#body.subarray(start, this.#position);
  }

  rest(): Buffer {
    return this.bytes(this.#body.length - this.#position);
  }

  hasMore(): boolean {
    return this.#position < this.#body.length;
  }

  end(): void {
    if (this.hasMore()) throw malformed('invalid message format');
  }

  #take(bytesCount: number): number {
    const start = this.#position;
    if (start + bytesCount > this.#body.length) {
      throw malformed('insufficient data left in message');
    }
    this.#position = start + bytesCount;
    return start;
  }
}

function malformed(message: string): PostgresError {
  return new PostgresError('protocolViolation', message);
}
