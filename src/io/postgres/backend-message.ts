// What this server says. Source: PostgreSQL 18, "Message Formats".
import type { QueryColumn } from '../../actors/ports.ts';
import type { BackendWriter } from './backend-writer.ts';
import { formatOf } from './format.ts';
import type { ValueFormat } from './frontend-message.ts';
import { wireTypeOf } from './wire-type.ts';

/** Messages without a body, by the letter of their type. */
const BARE = {
  parseComplete: '1',
  bindComplete: '2',
  closeComplete: '3',
  noData: 'n',
  portalSuspended: 's',
  emptyQuery: 'I',
} as const;

export function writeBare(out: BackendWriter, message: keyof typeof BARE): void {
  out.begin(BARE[message]);
  out.end();
}

export function writeAuthenticationOk(out: BackendWriter): void {
  out.begin('R');
  out.int32(0);
  out.end();
}

/** Asks for the password as it is. */
export function writePasswordRequest(out: BackendWriter): void {
  out.begin('R');
  out.int32(3);
  out.end();
}

export function writeNegotiation(
  out: BackendWriter,
  {
    version,
    unknownOptions,
  }: { readonly version: number; readonly unknownOptions: readonly string[] },
): void {
  out.begin('v');
  out.int32(version);
  out.int32(unknownOptions.length);
  for (const option of unknownOptions) out.text(option);
  out.end();
}

export function writeParameterStatus(out: BackendWriter, name: string, value: string): void {
  out.begin('S');
  out.text(name);
  out.text(value);
  out.end();
}

export function writeBackendKey(out: BackendWriter, processId: number, key: Uint8Array): void {
  out.begin('K');
  out.int32(processId);
  out.bytes(key);
  out.end();
}

export type TransactionStatus = 'idle' | 'open' | 'failed';

const STATUS_LETTERS: Readonly<Record<TransactionStatus, string>> = {
  idle: 'I',
  open: 'T',
  failed: 'E',
};

export function writeReadyForQuery(out: BackendWriter, status: TransactionStatus): void {
  out.begin('Z');
  out.byte(STATUS_LETTERS[status].charCodeAt(0));
  out.end();
}

export function writeCommandComplete(out: BackendWriter, tag: string): void {
  out.begin('C');
  out.text(tag);
  out.end();
}

export function writeParameterDescription(out: BackendWriter, oids: readonly number[]): void {
  out.begin('t');
  out.count(oids.length);
  for (const oid of oids) out.uint32(oid);
  out.end();
}

const NO_TABLE = 0;
const NO_MODIFIER = -1;

export function writeRowDescription(
  out: BackendWriter,
  columns: readonly QueryColumn[],
  formats: readonly ValueFormat[],
): void {
  out.begin('T');
  out.count(columns.length);
  for (const [index, { name, type }] of columns.entries()) {
    const { oid, size } = wireTypeOf(type);
    out.text(name);
    out.uint32(NO_TABLE);
    out.int16(NO_TABLE);
    out.uint32(oid);
    out.int16(size);
    out.int32(NO_MODIFIER);
    out.int16(formatOf(formats, index));
  }
  out.end();
}

export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'WARNING';
  readonly sqlState: string;
  readonly message: string;
}

/** An error, or a warning as a notice. */
export function writeReport(out: BackendWriter, { severity, sqlState, message }: Report): void {
  out.begin(severity === 'WARNING' ? 'N' : 'E');
  const fields = [
    ['S', severity],
    ['V', severity],
    ['C', sqlState],
    ['M', message],
  ] as const;
  for (const [letter, text] of fields) {
    out.byte(letter.charCodeAt(0));
    out.text(text);
  }
  out.byte(0);
  out.end();
}
