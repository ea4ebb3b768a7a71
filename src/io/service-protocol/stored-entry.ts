// Reads from journaled entries what only an operator wants to see: the server itself needs neither the
// Input entry nor what the deployment answered itself from the state map.
import type { Header } from '../../actors/attempt/service-message.ts';
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { readHeader, readValue } from './value-decoder.ts';

export interface StoredInput {
  readonly headers: readonly Header[];
  readonly value: Uint8Array;
  readonly name: string;
}

export function readStoredInput(payload: Uint8Array): StoredInput {
  const reader = new ProtobufReader(payload);
  const headers: Header[] = [];
  let value = EMPTY_BYTES;
  let name = '';
  while (reader.nextField()) {
    if (reader.field === 1) headers.push(readHeader(reader));
    else if (reader.field === 12) name = reader.string();
    else if (reader.field === 14) value = readValue(reader);
    else reader.skip();
  }
  return { headers, value, name };
}

/** The value of a GetEagerState entry; `undefined` when there was none. */
export function readEagerStateResult(payload: Uint8Array): Uint8Array | undefined {
  const reader = new ProtobufReader(payload);
  while (reader.nextField()) {
    if (reader.field === 14) return readValue(reader);
    reader.skip();
  }
  return undefined;
}

/** The keys of a GetEagerStateKeys entry. */
export function readEagerStateKeys(payload: Uint8Array): readonly Uint8Array[] {
  const reader = new ProtobufReader(payload);
  const keys: Uint8Array[] = [];
  while (reader.nextField()) {
    if (reader.field === 14) readKeys(reader, keys);
    else reader.skip();
  }
  return keys;
}

function readKeys(reader: ProtobufReader, keys: Uint8Array[]): void {
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    if (reader.field === 1) keys.push(reader.bytes());
    else reader.skip();
  }
  reader.leaveMessage(outerEnd);
}
