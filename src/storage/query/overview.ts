// Invocations in few rows, for queries that only group and count them. Whoever is not completed has a
// row of its own, with weight 1. The completed ones of a handler share a row per outcome, which weighs
// as much as there are; they are not read.
import type { CountedHandler } from '../tables/invocation-block.ts';
import { COUNTED_STATUSES } from '../tables/invocation-block.ts';
import { text, timestamp, u64, type Column } from './column.ts';
import { TARGET_TYPES } from './invocation-columns.ts';
import {
  InvocationReader,
  isWanted,
  wantedBlocks,
  wantedHandlers,
  wantsStatus,
  type InvocationFilter,
  type WantedBlock,
} from './invocation-scan.ts';
import type { InvocationView } from './invocation-view.ts';
import { queryTable, type QueryTable } from './query-table.ts';
import type { QuerySource } from './source.ts';

interface OverviewRow {
  readonly id?: string | undefined;
  readonly kind: keyof typeof TARGET_TYPES;
  readonly service: string;
  readonly handler: string;
  readonly status: string;
  readonly result?: string | undefined;
  readonly createdAtMs: number;
  readonly weight: number;
}

/** How many invocations a row stands for. */
export const WEIGHT_COLUMN = 'reprise_weight';

const COLUMNS: ReadonlyArray<Column<OverviewRow>> = [
  text('id', ({ id }) => id),
  text('target_service_name', ({ service }) => service),
  text('target_handler_name', ({ handler }) => handler),
  text('target_service_ty', ({ kind }) => TARGET_TYPES[kind]),
  text('status', ({ status }) => status),
  text('completion_result', ({ result }) => result),
  timestamp('created_at', ({ createdAtMs }) => createdAtMs),
  u64(WEIGHT_COLUMN, ({ weight }) => weight),
];

export interface OverviewOptions {
  readonly filterOf: (filter: Parameters<QueryTable['scan']>[1]['filter']) => InvocationFilter;
  readonly statusOf: (view: InvocationView) => string;
  /** The shared row has the id and the creation of the oldest invocation. */
  readonly namesOldest: boolean;
}

export function overviewTable(name: string, options: OverviewOptions): QueryTable {
  return queryTable<OverviewRow>(name, COLUMNS, (source, filter) =>
    readOverview(source, options.filterOf(filter), options),
  );
}

function* readOverview(
  source: QuerySource,
  filter: InvocationFilter,
  options: OverviewOptions,
): Generator<OverviewRow | undefined> {
  const reader = new InvocationReader(source);
  const groups: CompletedGroups = new Map();
  for (const block of wantedBlocks(source.snapshot, filter)) {
    const isWhole = isWithin(block, filter);
    const singles = { ...block, hasCompleted: block.hasCompleted && !isWhole };
    for (const { view } of reader.readBlock(singles, filter)) {
      if (isWanted(view, filter)) yield singleRow(view, options);
    }
    if (block.hasCompleted && isWhole) addCompleted(groups, block, filter);
    yield undefined;
  }
  if (options.namesOldest) findOldest(reader, groups);
  for (const group of groups.values()) yield sharedRow(group);
}

function singleRow(view: InvocationView, { statusOf }: OverviewOptions): OverviewRow {
  const { target, status } = view;
  return {
    id: view.id,
    kind: target.kind,
    service: target.service,
    handler: target.handler,
    status: statusOf(view),
    result: status.kind === 'completed' ? status.outcome.kind : undefined,
    createdAtMs: view.createdAtMs,
    weight: 1,
  };
}

/** Completed invocations of one handler with one outcome. */
interface CompletedGroup {
  readonly handler: CountedHandler;
  readonly status: 'succeeded' | 'failed';
  count: number;
  /** Any of its times will do until the oldest invocation is known. */
  createdAtMs: number;
  oldestId?: string | undefined;
  readonly blocks: Set<WantedBlock>;
}

type CompletedGroups = Map<string, CompletedGroup>;

function groupName(service: string, handler: string, status: CompletedGroup['status']): string {
  return `${service}/${handler}/${status}`;
}

function addCompleted(groups: CompletedGroups, block: WantedBlock, filter: InvocationFilter): void {
  for (const handler of wantedHandlers(block.block, filter)) {
    for (const status of ['succeeded', 'failed'] as const) {
      const index = COUNTED_STATUSES.indexOf(status);
      const count = handler.counts[index] ?? 0;
      if (count === 0 || !wantsStatus(filter, index)) continue;
      const name = groupName(handler.service, handler.handler, status);
      const createdAtMs = block.block.createdMinMs;
      const group = groups.get(name) ?? {
        ...{ handler, status, createdAtMs, count: 0 },
        blocks: new Set(),
      };
      groups.set(name, group);
      group.count += count;
      group.blocks.add(block);
    }
  }
}

function sharedRow({ handler, status, count, createdAtMs, oldestId }: CompletedGroup): OverviewRow {
  return {
    id: oldestId,
    kind: handler.kind,
    service: handler.service,
    handler: handler.handler,
    status: 'completed',
    result: status === 'succeeded' ? 'success' : 'failure',
    createdAtMs,
    weight: count,
  };
}

/** Reads the blocks with the earliest invocations until no other can hold an earlier one. */
function findOldest(reader: InvocationReader, groups: CompletedGroups): void {
  const blocks = new Set([...groups.values()].flatMap((group) => [...group.blocks]));
  const byAge = [...blocks].sort((a, b) => a.block.createdMinMs - b.block.createdMinMs);
  for (const block of byAge) {
    const mayHoldOlder = (group: CompletedGroup) =>
      group.blocks.has(block) &&
      (group.oldestId === undefined || block.block.createdMinMs < group.createdAtMs);
    if (![...groups.values()].some(mayHoldOlder)) continue;
    for (const { view } of reader.readBlock({ ...block, hasOpen: false }, {})) {
      const group = groups.get(nameOfGroup(view));
      if (group === undefined) continue;
      if (group.oldestId === undefined || view.createdAtMs < group.createdAtMs) {
        group.oldestId = view.id;
        group.createdAtMs = view.createdAtMs;
      }
    }
  }
}

function nameOfGroup({ target, status }: InvocationView): string {
  const isSuccess = status.kind === 'completed' && status.outcome.kind === 'success';
  return groupName(target.service, target.handler, isSuccess ? 'succeeded' : 'failed');
}

/** The filter wants all of the block that it wants anything of. */
function isWithin({ block }: WantedBlock, { created, keys, ids }: InvocationFilter): boolean {
  if (keys !== undefined || ids !== undefined) return false;
  return (
    created === undefined ||
    (block.createdMinMs > created.minMs && block.createdMaxMs < created.maxMs)
  );
}
