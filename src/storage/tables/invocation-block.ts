// How many invocations of which handler are in which status, by blocks of consecutive invocation
// numbers. The counts answer overviews without reading an invocation; queries that do read them skip
// the blocks that hold nothing they want. A batch writes one row per block that it touched, mostly one.
import { must, unreachable } from '../../actors/domain/assert.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import type { Invocation, InvocationTarget } from '../../actors/domain/invocation.ts';
import { RecentMap } from '../../actors/domain/recent-map.ts';
import { KeyWriter, Table } from '../key-codec.ts';
import type { KeyValueBackend, Write } from '../key-value-backend.ts';
import { Overlay } from '../overlay.ts';
import { packRow, type RowCodec, unpackRow } from '../value-codec.ts';
import type { WriteSet } from '../write-set.ts';

export const INVOCATION_BLOCK_VERSION = 1;

/** Invocation numbers in a block. */
export const BLOCK_NUMBERS = 512;

/** Blocks kept decoded: those of the invocations that are under way. */
const RECENT_BLOCKS_MAX = 64;

/** What is counted, in the order of the stored counts. */
export const COUNTED_STATUSES = [
  'scheduled',
  'inboxed',
  'invoked',
  'suspended',
  'paused',
  'succeeded',
  'failed',
] as const;
export type CountedStatus = (typeof COUNTED_STATUSES)[number];

export interface CountedHandler {
  readonly kind: InvocationTarget['kind'];
  readonly service: string;
  readonly handler: string;
  /** One number per counted status. */
  readonly counts: number[];
}

export interface InvocationBlock {
  /** Of every invocation that was ever in the block. */
  createdMinMs: number;
  createdMaxMs: number;
  /** An invocation of the block is or was in a scope. */
  hasScoped: boolean;
  readonly handlers: Map<string, CountedHandler>;
}

interface KnownBlock {
  readonly key: Buffer;
  readonly block: InvocationBlock;
}

type PackedHandler = readonly [kind: number, service: string, handler: string, ...counts: number[]];

type PackedBlock = readonly [
  version: typeof INVOCATION_BLOCK_VERSION,
  createdMinMs: number,
  createdMaxMs: number,
  handlers: readonly PackedHandler[],
  hasScoped: boolean,
];

/** Key: `block u48`, the invocation numbers divided by `BLOCK_NUMBERS`. */
export class InvocationBlockTable {
  readonly #overlay: Overlay<InvocationBlock>;
  readonly #keys: KeyWriter;
  readonly #recent = new RecentMap<number, KnownBlock>(RECENT_BLOCKS_MAX);

  constructor(backend: KeyValueBackend, writeSet: WriteSet, partition: PartitionNumber) {
    this.#overlay = new Overlay(backend, writeSet, invocationBlockRows);
    this.#keys = new KeyWriter(partition, Table.invocationBlock);
  }

  /** Counts an invocation as `after` in place of `before`. */
  recount(before: Invocation | undefined, after: Invocation | undefined): void {
    const statusBefore = before && countedStatus(before);
    const statusAfter = after && countedStatus(after);
    const number = (after ?? before)?.number;
    if (number === undefined || statusBefore === statusAfter) return;
    const blockNumber = blockOf(number);
    const { key, block } = this.#recent.get(blockNumber) ?? this.#read(blockNumber);
    if (before !== undefined) count(block, before, -1);
    if (after !== undefined) add(block, after);
    const isEmpty = block.handlers.size === 0;
    this.#overlay.write(0, blockNumber, key, isEmpty ? undefined : block);
  }

  #read(blockNumber: number): KnownBlock {
    const key = this.#keys.start().u48(blockNumber).finish();
    const unflushed = this.#overlay.unflushed(0, blockNumber);
    const row = unflushed === undefined ? this.#overlay.flushed(key) : unflushed.row;
    const known = { key, block: row ?? emptyBlock() };
    this.#recent.set(blockNumber, known);
    return known;
  }
}

/** The rows that count all of a partition's invocations. */
export function countInBlocks(
  partition: PartitionNumber,
  invocations: Iterable<Invocation>,
): readonly Write[] {
  const blocks = new Map<number, InvocationBlock>();
  for (const invocation of invocations) {
    const blockNumber = blockOf(invocation.number);
    const block = blocks.get(blockNumber) ?? emptyBlock();
    add(block, invocation);
    blocks.set(blockNumber, block);
  }
  const keys = new KeyWriter(partition, Table.invocationBlock);
  return [...blocks].map(([blockNumber, block]) => ({
    key: keys.start().u48(blockNumber).finish(),
    value: invocationBlockRows.encode(block),
  }));
}

function blockOf(invocationNumber: number): number {
  return Math.floor(invocationNumber / BLOCK_NUMBERS);
}

/** Where `counts` has the number for this status. */
export function countIndex(status: CountedStatus): number {
  return COUNTED_STATUSES.indexOf(status);
}

export const invocationBlockRows: RowCodec<InvocationBlock> = {
  encode: ({ createdMinMs, createdMaxMs, handlers, hasScoped }) => {
    const packed: PackedHandler[] = [];
    for (const { kind, service, handler, counts } of handlers.values()) {
      packed.push([KINDS.indexOf(kind), service, handler, ...counts]);
    }
    const row: PackedBlock = [
      INVOCATION_BLOCK_VERSION,
      createdMinMs,
      createdMaxMs,
      packed,
      hasScoped,
    ];
    return packRow(row);
  },
  decode: (bytes) => {
    const [, createdMinMs, createdMaxMs, packed, hasScoped] = unpackRow<PackedBlock>(
      bytes,
      INVOCATION_BLOCK_VERSION,
    );
    const handlers = new Map<string, CountedHandler>();
    for (const [kindIndex, service, handler, ...counts] of packed) {
      const kind = must(KINDS[kindIndex], 'a counted handler has a kind');
      handlers.set(handlerName(service, handler), { kind, service, handler, counts });
    }
    return { createdMinMs, createdMaxMs, hasScoped, handlers };
  },
};

const KINDS: ReadonlyArray<InvocationTarget['kind']> = ['service', 'virtualObject', 'workflow'];

function emptyBlock(): InvocationBlock {
  const handlers = new Map();
  return { createdMinMs: Number.POSITIVE_INFINITY, createdMaxMs: 0, hasScoped: false, handlers };
}

function add(block: InvocationBlock, invocation: Invocation): void {
  count(block, invocation, 1);
  block.createdMinMs = Math.min(block.createdMinMs, invocation.createdAtMs);
  block.createdMaxMs = Math.max(block.createdMaxMs, invocation.createdAtMs);
  block.hasScoped ||= invocation.target.scope !== undefined;
}

function count(block: InvocationBlock, invocation: Invocation, change: 1 | -1): void {
  const { kind, service, handler } = invocation.target;
  const name = handlerName(service, handler);
  let counted = block.handlers.get(name);
  if (counted === undefined) {
    counted = { kind, service, handler, counts: COUNTED_STATUSES.map(() => 0) };
    block.handlers.set(name, counted);
  }
  const { counts } = counted;
  const index = countIndex(countedStatus(invocation));
  counts[index] = (counts[index] ?? 0) + change;
  if (change < 0 && counts.every((each) => each === 0)) block.handlers.delete(name);
}

/** Service names have no slash. */
function handlerName(service: string, handler: string): string {
  return `${service}/${handler}`;
}

function countedStatus({ status }: Invocation): CountedStatus {
  switch (status.kind) {
    case 'scheduled':
    case 'inboxed':
    case 'invoked':
    case 'suspended':
    case 'paused':
      return status.kind;
    case 'completed':
      return status.outcome.kind === 'success' ? 'succeeded' : 'failed';
    default:
      return unreachable(status);
  }
}
