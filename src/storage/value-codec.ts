// Stored values: msgpack arrays whose first element is the version of the table's row. Parts that
// several tables share are packed here; unions start with a small tag. Absent members are null.
import { Packr } from 'msgpackr';
import { assert, unreachable } from '../actors/domain/assert.ts';
import type { InvocationId } from '../actors/domain/ids.ts';
import { inScope, type InvocationTarget } from '../actors/domain/invocation.ts';
import type { NotificationId } from '../actors/domain/journal.ts';
import type { Failure, NotificationResult, Outcome } from '../actors/domain/outcome.ts';

/** Rows are packed one after the other into buffers of this size. Unit: bytes. */
const PACK_BUFFER_BYTES = 64 * 1024;

const packr = new Packr({ useRecords: false });
packr.useBuffer(Buffer.allocUnsafeSlow(PACK_BUFFER_BYTES));

/** A row as it is packed: its version, then its fields. */
export type PackedRow = readonly [version: number, ...fields: unknown[]];

export function packRow(row: PackedRow): Uint8Array {
  const bytes = packr.pack(row);
  // The packer keeps a buffer that grew for a large row and would pin it with every small row.
  if (bytes.length > PACK_BUFFER_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(PACK_BUFFER_BYTES));
  return bytes;
}

/** The row in `bytes`, which become part of it. `Row` is what the table of this version packs. */
export function unpackRow<Row extends PackedRow>(bytes: Uint8Array, version: Row[0]): Row {
  const row = packr.unpack(bytes) as Row;
  assert(row[0] === version, `a stored row has version ${version}, not ${String(row[0])}`);
  return row;
}

/** `unpackRow` for tables that kept rows of earlier versions. */
export function unpackRowOfAny<Row extends PackedRow>(
  bytes: Uint8Array,
  versions: ReadonlyArray<Row[0]>,
): Row {
  const row = packr.unpack(bytes) as Row;
  const expected = versions.join(' or ');
  assert(versions.includes(row[0]), `a stored row has version ${expected}, not ${String(row[0])}`);
  return row;
}

/** How the rows of one table are stored. */
export interface RowCodec<Row> {
  encode(row: Row): Uint8Array;
  /** `bytes` become part of the row. */
  decode(bytes: Uint8Array): Row;
}

/** For tables that hold their rows packed in memory, too. */
export function packedRows<Row extends PackedRow>(version: Row[0]): RowCodec<Row> {
  return { encode: packRow, decode: (bytes) => unpackRow<Row>(bytes, version) };
}

export type PackedFailure = readonly [
  code: number,
  message: string,
  metadata: ReadonlyArray<readonly [key: string, value: string]> | null,
  stacktrace: string | null,
];

export type PackedOutcome =
  readonly [tag: 1, value: Uint8Array] | readonly [tag: 2, failure: PackedFailure];

export type PackedResult =
  | readonly [tag: 0]
  | PackedOutcome
  | readonly [tag: 3, invocationId: string]
  | readonly [tag: 4, keys: readonly Uint8Array[]];

export type PackedNotificationId =
  | readonly [tag: 0, completionId: number]
  | readonly [tag: 1, index: number]
  | readonly [tag: 2, name: string];

/** A scope is appended if there is one; a Service has a `null` before it then. */
export type PackedTarget =
  | readonly [tag: 0, service: string, handler: string]
  | readonly [tag: 0, service: string, handler: string, key: null, scope: string]
  | readonly [tag: 1 | 2 | 3 | 4, service: string, handler: string, key: string, scope?: string];

export function packFailure(failure: Failure): PackedFailure {
  return [failure.code, failure.message, failure.metadata ?? null, failure.stacktrace ?? null];
}

export function unpackFailure([code, message, metadata, stacktrace]: PackedFailure): Failure {
  return { code, message, metadata: metadata ?? undefined, stacktrace: stacktrace ?? undefined };
}

export function packOutcome(outcome: Outcome): PackedOutcome {
  return outcome.kind === 'success' ? [1, outcome.value] : [2, packFailure(outcome.failure)];
}

export function unpackOutcome(packed: PackedOutcome): Outcome {
  return packed[0] === 1
    ? { kind: 'success', value: packed[1] }
    : { kind: 'failure', failure: unpackFailure(packed[1]) };
}

export function packResult(result: NotificationResult): PackedResult {
  switch (result.kind) {
    case 'void':
      return [0];
    case 'success':
    case 'failure':
      return packOutcome(result);
    case 'invocationId':
      return [3, result.invocationId];
    case 'stateKeys':
      return [4, result.keys];
    default:
      return unreachable(result);
  }
}

export function unpackResult(packed: PackedResult): NotificationResult {
  switch (packed[0]) {
    case 0:
      return { kind: 'void' };
    case 1:
    case 2:
      return unpackOutcome(packed);
    case 3:
      return { kind: 'invocationId', invocationId: packed[1] };
    case 4:
      return { kind: 'stateKeys', keys: packed[1] };
    default:
      return unreachable(packed);
  }
}

export function packNotificationId(id: NotificationId): PackedNotificationId {
  switch (id.kind) {
    case 'completion':
      return [0, id.completionId];
    case 'signal':
      return [1, id.index];
    case 'namedSignal':
      return [2, id.name];
    default:
      return unreachable(id);
  }
}

export function unpackNotificationId(packed: PackedNotificationId): NotificationId {
  switch (packed[0]) {
    case 0:
      return { kind: 'completion', completionId: packed[1] };
    case 1:
      return { kind: 'signal', index: packed[1] };
    case 2:
      return { kind: 'namedSignal', name: packed[1] };
    default:
      return unreachable(packed);
  }
}

export function packTarget(target: InvocationTarget): PackedTarget {
  const { service, handler, scope } = target;
  switch (target.kind) {
    case 'service':
      return scope === undefined ? [0, service, handler] : [0, service, handler, null, scope];
    case 'virtualObject':
      return packKeyed(target.mode === 'exclusive' ? 1 : 2, target);
    case 'workflow':
      return packKeyed(target.mode === 'run' ? 3 : 4, target);
    default:
      return unreachable(target);
  }
}

function packKeyed(
  tag: 1 | 2 | 3 | 4,
  { service, handler, key, scope }: InvocationTarget & { readonly key: string },
): PackedTarget {
  return scope === undefined ? [tag, service, handler, key] : [tag, service, handler, key, scope];
}

export function unpackTarget(packed: PackedTarget): InvocationTarget {
  return inScope(unpackUnscoped(packed), packed[4]);
}

function unpackUnscoped(packed: PackedTarget): InvocationTarget {
  if (packed[0] === 0) return { kind: 'service', service: packed[1], handler: packed[2] };
  const [tag, service, handler, key] = packed;
  switch (tag) {
    case 1:
      return { kind: 'virtualObject', service, key, handler, mode: 'exclusive' };
    case 2:
      return { kind: 'virtualObject', service, key, handler, mode: 'shared' };
    case 3:
      return { kind: 'workflow', service, key, handler, mode: 'run' };
    case 4:
      return { kind: 'workflow', service, key, handler, mode: 'shared' };
    default:
      return unreachable(tag);
  }
}

/** A stored id: only parsed ids are ever stored. */
export function storedInvocationId(text: string): InvocationId {
  return text as InvocationId;
}
