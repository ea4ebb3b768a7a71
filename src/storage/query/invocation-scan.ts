// Finds the stored invocations that a query may want: by id, or block by block. Blocks come newest
// first, so that a query with a LIMIT sees the latest invocations.
import { must } from '../../actors/domain/assert.ts';
import {
  parseInvocationId,
  partitionOf,
  partitionOfKey,
  type InvocationId,
  type PartitionNumber,
} from '../../actors/domain/ids.ts';
import { targetKey, type InvocationTarget } from '../../actors/domain/invocation.ts';
import { keyedPartitionKey } from '../../actors/domain/make-invocation-id.ts';
import { KeyWriter, lastU48, Table } from '../key-codec.ts';
import type { KeyRange } from '../key-value-backend.ts';
import { INVOCATION_ID_VERSION, type PackedNumber } from '../tables/invocation.ts';
import { HistoryRow } from '../tables/journal.ts';
import {
  BLOCK_NUMBERS,
  COUNTED_STATUSES,
  invocationBlockRows,
  type CountedHandler,
  type CountedStatus,
  type InvocationBlock,
} from '../tables/invocation-block.ts';
import { unpackRow } from '../value-codec.ts';
import { InvocationView } from './invocation-view.ts';
import { KeyReader } from './key-reader.ts';
import { admits, InvalidFilterError, type ScanFilter, type TimeRange } from './scan-filter.ts';
import type { Snapshot } from './snapshot.ts';
import type { QuerySource } from './source.ts';

/** What is wanted of the invocations; absent members want everything. */
export interface InvocationFilter {
  readonly ids?: ReadonlySet<string> | undefined;
  readonly services?: ReadonlySet<string> | undefined;
  readonly handlers?: ReadonlySet<string> | undefined;
  readonly keys?: ReadonlySet<string> | undefined;
  readonly statuses?: ReadonlySet<CountedStatus> | undefined;
  readonly created?: TimeRange | undefined;
  /** Instead of all blocks that are wanted. */
  readonly blocks?: readonly WantedBlock[] | undefined;
}

/** Where an invocation was found. Reused for the next one. */
export interface FoundInvocation {
  readonly view: InvocationView;
  partition: PartitionNumber;
  number: number;
}

/** The filter for columns named as those of `sys_invocation_status`. `ids` may be named otherwise. */
export function invocationFilter(
  { values, times, blocks }: ScanFilter,
  statuses?: ReadonlySet<CountedStatus>,
): InvocationFilter {
  return {
    ids: values.get('id'),
    services: values.get('target_service_name'),
    handlers: values.get('target_handler_name'),
    keys: values.get('target_service_key'),
    created: times.get('created_at'),
    statuses,
    blocks,
  };
}

/** Yields `undefined` behind each block. */
export function* scanInvocations(
  source: QuerySource,
  filter: InvocationFilter,
): Generator<FoundInvocation | undefined> {
  const reader = new InvocationReader(source);
  if (filter.ids !== undefined) {
    for (const id of filter.ids) {
      const found = reader.findId(parseWantedId(id));
      if (found !== undefined) yield found;
    }
    return;
  }
  for (const block of filter.blocks ?? wantedBlocks(source.snapshot, filter)) {
    for (const each of reader.readBlock(block, filter)) if (isWanted(each.view, filter)) yield each;
    yield undefined;
  }
}

/** The newest (or the oldest) of the wanted blocks, with so many wanted invocations at least. */
export function chooseBlocks(
  source: QuerySource,
  filter: InvocationFilter,
  { order, rowsMin }: BlockChoice,
): ChosenBlocks {
  const blocks = wantedBlocks(source.snapshot, filter);
  if (order === 'oldest') blocks.sort((a, b) => a.block.createdMinMs - b.block.createdMinMs);
  let rowsCount = 0;
  let chosenCount = 0;
  for (const block of blocks) {
    if (rowsCount >= rowsMin) break;
    rowsCount += countWanted(block, filter);
    chosenCount += 1;
  }
  const next = blocks[chosenCount]?.block;
  const boundMs = order === 'oldest' ? next?.createdMinMs : next?.createdMaxMs;
  return { blocks: blocks.slice(0, chosenCount), boundMs };
}

function countWanted({ block }: WantedBlock, filter: InvocationFilter): number {
  let sum = 0;
  for (const { counts } of wantedHandlers(block, filter)) {
    for (const [index, count] of counts.entries()) if (wantsStatus(filter, index)) sum += count;
  }
  return sum;
}

function parseWantedId(text: string): InvocationId {
  const parsed = parseInvocationId(text);
  if (parsed.ok) return parsed.value;
  throw new InvalidFilterError(`non valid invocation id '${text}': ${parsed.reason}`);
}

export function isWanted(
  { target }: InvocationView,
  { services, handlers, keys }: InvocationFilter,
) {
  return (
    admits(services, target.service) &&
    admits(handlers, target.handler) &&
    (keys === undefined || admits(keys, targetKey(target)))
  );
}

export interface BlockChoice {
  readonly order: 'newest' | 'oldest';
  readonly rowsMin: number;
}

export interface ChosenBlocks {
  readonly blocks: readonly WantedBlock[];
  /** No invocation of another block was created later (`oldest`: earlier); absent when there is none. */
  readonly boundMs: number | undefined;
}

/** A block with something wanted in it. */
export interface WantedBlock {
  readonly partition: PartitionNumber;
  /** The first invocation number of the block. */
  readonly firstNumber: number;
  readonly block: InvocationBlock;
  readonly hasOpen: boolean;
  readonly hasCompleted: boolean;
}

const OPEN_COUNTS = COUNTED_STATUSES.indexOf('succeeded');

/** The blocks that may hold wanted invocations, the newest first. */
export function wantedBlocks(snapshot: Snapshot, filter: InvocationFilter): WantedBlock[] {
  const wanted: WantedBlock[] = [];
  const holders = partitionsOfKeys(snapshot, filter);
  for (const partition of snapshot.partitions()) {
    const range = new KeyWriter(partition, Table.invocationBlock).start().finishRange();
    for (const [key, value] of snapshot.range(partition, range)) {
      const block = invocationBlockRows.decode(value);
      if (!overlaps(block, filter.created)) continue;
      if (holders?.has(partition) === false && !block.hasScoped) continue;
      let hasOpen = false;
      let hasCompleted = false;
      for (const { counts } of wantedHandlers(block, filter)) {
        for (const [index, count] of counts.entries()) {
          if (count === 0 || !wantsStatus(filter, index)) continue;
          if (index < OPEN_COUNTS) hasOpen = true;
          else hasCompleted = true;
        }
      }
      const firstNumber = lastU48(key) * BLOCK_NUMBERS;
      if (hasOpen || hasCompleted) {
        wanted.push({ partition, firstNumber, block, hasOpen, hasCompleted });
      }
    }
  }
  return wanted.sort((a, b) => b.block.createdMaxMs - a.block.createdMaxMs);
}

/** A key has its partition, unless it is in a scope. Invocations of Services have none. */
function partitionsOfKeys(
  { partitionsCount }: Snapshot,
  { keys }: InvocationFilter,
): ReadonlySet<PartitionNumber> | undefined {
  return (
    keys && new Set([...keys].map((key) => partitionOfKey(keyedPartitionKey(key), partitionsCount)))
  );
}

export function* wantedHandlers(
  { handlers }: InvocationBlock,
  { services, handlers: names }: InvocationFilter,
): Generator<CountedHandler> {
  for (const counted of handlers.values()) {
    if (admits(services, counted.service) && admits(names, counted.handler)) yield counted;
  }
}

export function wantsStatus({ statuses }: InvocationFilter, countIndex: number): boolean {
  return statuses === undefined || statuses.has(must(COUNTED_STATUSES[countIndex], 'a status'));
}

function overlaps({ createdMinMs, createdMaxMs }: InvocationBlock, created?: TimeRange): boolean {
  return created === undefined || (createdMinMs <= created.maxMs && createdMaxMs >= created.minMs);
}

/** Reads rows into one view, which shows the last of them. */
export class InvocationReader {
  readonly #snapshot: Snapshot;
  readonly #found: FoundInvocation;

  constructor({ snapshot, attempts }: QuerySource) {
    this.#snapshot = snapshot;
    const view = new InvocationView(attempts);
    this.#found = { view, partition: 0 as PartitionNumber, number: 0 };
  }

  findId(id: InvocationId): FoundInvocation | undefined {
    const partition = partitionOf(id, this.#snapshot.partitionsCount);
    const key = new KeyWriter(partition, Table.invocationId).start().invocationId(id).finish();
    const packed = this.#snapshot.peek(partition, key);
    if (packed === undefined) return undefined;
    const number = unpackRow<PackedNumber>(packed, INVOCATION_ID_VERSION)[1];
    const row =
      this.#snapshot.get(partition, openKey(partition, number)) ??
      this.#snapshot.get(partition, completedKey(partition, number));
    if (row === undefined) return undefined;
    this.#show(partition, number, row);
    return this.#found;
  }

  /** The invocations of a block, those that are not completed first. */
  *readBlock(block: WantedBlock, filter: InvocationFilter): Generator<FoundInvocation> {
    const { partition, firstNumber, hasOpen, hasCompleted } = block;
    if (hasOpen) {
      for (const [key, row] of this.#snapshot.range(partition, openRange(partition, firstNumber))) {
        this.#show(partition, lastU48(key), row);
        if (this.#hasWantedStatus(filter)) yield this.#found;
      }
    }
    if (!hasCompleted) return;
    const keys = new KeyWriter(partition, Table.history);
    // Blocks may be far from full.
    let left = countCompleted(block.block);
    for (let number = this.#lastCompleted(block); number >= firstNumber && left > 0; number -= 1) {
      const key = keys.start().u48(number).u8(HistoryRow.completed).finish();
      const row = this.#snapshot.peek(partition, key);
      if (row === undefined) continue;
      left -= 1;
      this.#show(partition, number, row);
      if (this.#hasWantedStatus(filter)) yield this.#found;
    }
  }

  /** No later number of the block has been completed. */
  #lastCompleted({ partition, firstNumber }: WantedBlock): number {
    const keys = new KeyWriter(partition, Table.history);
    const start = keys.start().u48(firstNumber).finish();
    const end = keys
      .start()
      .u48(firstNumber + BLOCK_NUMBERS)
      .finish();
    const key = this.#snapshot.lastKey(partition, { start, end });
    return key === undefined ? -1 : new KeyReader(key).u48();
  }

  #show(partition: PartitionNumber, number: number, row: Buffer): void {
    this.#found.partition = partition;
    this.#found.number = number;
    this.#found.view.load(row);
  }

  #hasWantedStatus({ statuses }: InvocationFilter): boolean {
    if (statuses === undefined) return true;
    const { status } = this.#found.view;
    if (status.kind !== 'completed') return statuses.has(status.kind);
    return statuses.has(status.outcome.kind === 'success' ? 'succeeded' : 'failed');
  }
}

function countCompleted({ handlers }: InvocationBlock): number {
  let sum = 0;
  for (const { counts } of handlers.values()) {
    for (const count of counts.slice(OPEN_COUNTS)) sum += count;
  }
  return sum;
}

function openKey(partition: PartitionNumber, number: number): Buffer {
  return new KeyWriter(partition, Table.openInvocation).start().u48(number).finish();
}

function completedKey(partition: PartitionNumber, number: number): Buffer {
  const keys = new KeyWriter(partition, Table.history);
  return keys.start().u48(number).u8(HistoryRow.completed).finish();
}

function openRange(partition: PartitionNumber, firstNumber: number): KeyRange {
  return {
    start: openKey(partition, firstNumber),
    end: openKey(partition, firstNumber + BLOCK_NUMBERS),
  };
}

/** `Service/handler` or `Service/key/handler`. */
export function targetName(target: InvocationTarget): string {
  const { service, handler } = target;
  return target.kind === 'service'
    ? `${service}/${handler}`
    : `${service}/${target.key}/${handler}`;
}

/** Invocations in all partitions, by the counts. */
export function countInvocations(snapshot: Snapshot): number {
  let sum = 0;
  for (const block of wantedBlocks(snapshot, {})) sum += countWanted(block, {});
  return sum;
}
