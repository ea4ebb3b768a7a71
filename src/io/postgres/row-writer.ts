import type { QueryBatch, QueryType, QueryValue } from '../../actors/ports.ts';
import type { BackendWriter } from './backend-writer.ts';
import { binaryWriterOf } from './binary-value.ts';
import { ValueFormat } from './frontend-message.ts';
import { readText } from './parameter-value.ts';
import { textWriterOf, type Present } from './text-value.ts';
import { wireTypeOf } from './wire-type.ts';

/** From a value to the bytes or the text of it. */
type ColumnWriter = (value: QueryValue) => string | Uint8Array | null;

/**
 * For a column that was described as `described`: with values in the places of its parameters a query
 * may have got another type.
 */
export function columnWriter(
  type: QueryType,
  described: QueryType,
  format: ValueFormat,
): ColumnWriter {
  const write = presentWriter(type, described, format);
  return (value) => (value === null ? null : write(value));
}

function presentWriter(
  type: QueryType,
  described: QueryType,
  format: ValueFormat,
): (value: Present) => string | Uint8Array {
  const writeText = textWriterOf(type);
  if (format === ValueFormat.text) return writeText;
  const { oid } = wireTypeOf(described);
  if (oid === wireTypeOf(type).oid) return binaryWriterOf(type);
  const writeBinary = binaryWriterOf(described);
  return (value) => writeBinary(readText(writeText(value), oid) ?? '');
}

export function writeRow(
  out: BackendWriter,
  writers: readonly ColumnWriter[],
  { columns }: QueryBatch,
  row: number,
): void {
  out.begin('D');
  out.count(writers.length);
  for (const [index, write] of writers.entries()) out.value(write(columns[index]?.[row] ?? null));
  out.end();
}
