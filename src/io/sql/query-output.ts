// Results in the form that a client wants, in pieces worth a message to another thread.
import type { QueryBatch } from '../../actors/ports.ts';
import { ARROW_END, encodeArrowBatch, encodeArrowSchema } from './arrow-stream.ts';
import { JSON_END, JSON_START, JsonRowWriter } from './json-encoding.ts';
import type { Rows } from './rows.ts';

/** Smallest piece of an encoded result, the last one apart. Unit: bytes. */
const PIECE_BYTES_MIN = 64 * 1024;

/** A part of a result: rows, or bytes of the encoded document. */
export interface Part<Piece = QueryBatch | Uint8Array> {
  /** None only at the end. */
  readonly piece: Piece | undefined;
  readonly isLast: boolean;
}

export async function* outputValues(rows: Rows): AsyncGenerator<Part<QueryBatch>> {
  for await (const piece of batchesOf(rows)) yield { piece, isLast: false };
  yield { piece: undefined, isLast: true };
}

export async function* outputJson(rows: Rows): AsyncGenerator<Part<Uint8Array>> {
  const writer = new JsonRowWriter(rows.columns.map(({ column }) => column));
  let text = JSON_START;
  for await (const batch of batchesOf(rows)) {
    text += writer.write(batch);
    if (text.length < PIECE_BYTES_MIN) continue;
    yield { piece: encodeText(text), isLast: false };
    text = '';
  }
  yield { piece: encodeText(text + JSON_END), isLast: true };
}

/** Readers expect a batch even when there are no rows. */
export async function* outputArrow(rows: Rows): AsyncGenerator<Part<Uint8Array>> {
  const columns = rows.columns.map(({ column }) => column);
  const parts: Buffer[] = [encodeArrowSchema(columns)];
  let rowsCount = 0;
  for await (const batch of batchesOf(rows)) {
    rowsCount += batch.rowsCount;
    parts.push(encodeArrowBatch(columns, batch));
    if (parts.reduce((sum, { length }) => sum + length, 0) < PIECE_BYTES_MIN) continue;
    yield { piece: ownBytes(Buffer.concat(parts.splice(0))), isLast: false };
  }
  if (rowsCount === 0) {
    const empty = { rowsCount: 0, columns: columns.map(() => []) };
    parts.push(encodeArrowBatch(columns, empty));
  }
  yield { piece: ownBytes(Buffer.concat([...parts, ARROW_END])), isLast: true };
}

async function* batchesOf(rows: Rows): AsyncGenerator<QueryBatch> {
  for (let batch = await rows.next(); batch !== undefined; batch = await rows.next()) yield batch;
}

function encodeText(text: string): Uint8Array {
  return ownBytes(Buffer.from(text, 'utf8'));
}

/** In a buffer of their own, so that they can be given away. */
function ownBytes(bytes: Buffer): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
