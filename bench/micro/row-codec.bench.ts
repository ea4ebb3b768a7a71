// Question: what do keys and values of stored rows cost?
// Measured: keys of the tables an invocation touches; rows to bytes and back.
// Not measured: LMDB, the overlay.
import { formatInvocationId, type PartitionNumber } from '../../src/actors/domain/ids.ts';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import type { JournalEntry } from '../../src/actors/domain/journal.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import { KeyWriter, Table } from '../../src/storage/key-codec.ts';
import {
  decodeInvocation,
  encodeInvocation,
  peekStatus,
  type StatusPeek,
} from '../../src/storage/tables/invocation-row.ts';
import { journalRows } from '../../src/storage/tables/journal.ts';
import { timed, type MicroBench } from './micro-bench.ts';

const ROWS = { small: 2_000, full: 500_000 } as const;
const PARTITION = 3 as PartitionNumber;
const T0 = unixMillis(1_700_000_000_000);
const ID = formatInvocationId(0x1234_5678_9abc_def0n, (1n << 120n) + 77n);

const INVOCATION: Invocation = {
  id: ID,
  number: 1_234_567,
  target: {
    kind: 'virtualObject',
    ...{ service: 'Counter', key: 'user-12345', handler: 'add', mode: 'exclusive' },
  },
  source: { kind: 'ingress', requestId: 'aBcDeFgH-1234567' },
  idempotencyKey: '01JZ3N5Y8S9Q4T7W1X2V3R6M0K',
  createdAtMs: T0,
  modifiedAtMs: T0,
  completionRetentionMs: durationMs(86_400_000),
  journalRetentionMs: durationMs(86_400_000),
  status: { kind: 'invoked' },
  epoch: 1,
  journalLength: 4,
  commandCount: 3,
  waiters: [],
};

const ENTRY: JournalEntry = {
  kind: 'command',
  ...{ type: 0x040d, appendedAtMs: T0, payload: Buffer.alloc(200, 'p'), child: ID },
};

const NOTIFICATION: JournalEntry = {
  kind: 'notification',
  ...{ type: 0x800d, appendedAtMs: T0, id: { kind: 'completion', completionId: 8 } },
  result: { kind: 'success', value: Buffer.alloc(100, 'v') },
};

function keys(table: Table, count: number, write: (writer: KeyWriter) => KeyWriter): number {
  const writer = new KeyWriter(PARTITION, table);
  let checksum = 0;
  for (let written = 0; written < count; written++) {
    checksum += write(writer.start()).finish().length;
  }
  return checksum;
}

/** The packer hands out views of one buffer after the other, so nothing else has to be kept. */
function encodings(count: number, encode: () => Uint8Array): number {
  let checksum = 0;
  for (let written = 0; written < count; written++) checksum += encode().length;
  return checksum;
}

function decodings(count: number, decode: () => { readonly type: number } | Invocation): number {
  let checksum = 0;
  for (let read = 0; read < count; read++) {
    const row = decode();
    checksum += 'type' in row ? row.type : row.journalLength;
  }
  return checksum;
}

function peeks(count: number, peek: () => StatusPeek): number {
  let checksum = 0;
  for (let read = 0; read < count; read++) checksum += peek().isAtRest ? 1 : 2;
  return checksum;
}

export const ROW_CODEC: MicroBench = {
  name: 'row-codec',
  question: 'what do the keys and values of stored rows cost?',
  decides: 'whether rows stay msgpack arrays; above 2 µs per row a fixed layout would pay',
  run(size) {
    const count = ROWS[size];
    const invocationBytes = Buffer.from(encodeInvocation(INVOCATION));
    const entryBytes = Buffer.from(journalRows.encode(ENTRY));
    const notificationBytes = Buffer.from(journalRows.encode(NOTIFICATION));
    return [
      timed('key of a journal entry', count, () =>
        keys(Table.history, count, (writer) => writer.u48(1_234_567).u8(1).u32(17)),
      ),
      timed('key of an invocation id', count, () =>
        keys(Table.invocationId, count, (writer) => writer.invocationId(ID)),
      ),
      timed('key of user state', count, () =>
        keys(Table.userState, count, (writer) =>
          writer.owner({ service: 'Counter', key: 'user-12345' }).text('count'),
        ),
      ),
      timed('encode invocation', count, () => encodings(count, () => encodeInvocation(INVOCATION))),
      timed('decode invocation', count, () =>
        decodings(count, () => decodeInvocation(1_234_567, invocationBytes)),
      ),
      timed('look at the status of an invocation', count, () =>
        peeks(count, () => peekStatus(invocationBytes)),
      ),
      timed('encode command entry', count, () => encodings(count, () => journalRows.encode(ENTRY))),
      timed('decode command entry', count, () =>
        decodings(count, () => journalRows.decode(entryBytes)),
      ),
      timed('decode notification', count, () =>
        decodings(count, () => journalRows.decode(notificationBytes)),
      ),
    ];
  },
};
