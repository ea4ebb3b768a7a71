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
  const groups = new Map<string, CompletedGroup>();
  for (const block of wantedBlocks(source.snapshot, filter)) {
    const isWhole = isWithin(block, filter);
    const singles = { ...block, hasCompleted: block.hasCompleted && !isWhole };
    for (const { view } of reader.readBlock(singles, filter)) {
      if (isWanted(view, filter)) yield singleRow(view, options);
    }
    if (block.hasCompleted && isWhole) addCompleted(groups, block, filter);
    yield undefined;
  }
  for (const group of groups.values()) {
    const row = sharedRow(group);
    yield options.namesOldest ? { ...row, ...oldestOf(reader, group) } : row;
  }
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
  readonly blocks: WantedBlock[];
}

function addCompleted(
  groups: Map<string, CompletedGroup>,
  block: WantedBlock,
  filter: InvocationFilter,
): void {
  for (const handler of wantedHandlers(block.block, filter)) {
    for (const status of ['succeeded', 'failed'] as const) {
      const index = COUNTED_STATUSES.indexOf(status);
      const count = handler.counts[index] ?? 0;
      if (count === 0 || !wantsStatus(filter, index)) continue;
      const name = `${handler.service}/${handler.handler}/${status}`;
      const group = groups.get(name) ?? { handler, status, count: 0, blocks: [] };
      groups.set(name, group);
      group.count += count;
      group.blocks.push(block);
    }
  }
}

function sharedRow({ handler, status, count, blocks }: CompletedGroup): OverviewRow {
  return {
    kind: handler.kind,
    service: handler.service,
    handler: handler.handler,
    status: 'completed',
    result: status === 'succeeded' ? 'success' : 'failure',
    // Any time of a block that is wanted as a whole is a wanted one.
    createdAtMs: blocks[0]?.block.createdMinMs ?? 0,
    weight: count,
  };
}

/** Reads the blocks with the earliest invocations until no other can hold an earlier one. */
function oldestOf(
  reader: InvocationReader,
  { handler, status, blocks }: CompletedGroup,
): Partial<OverviewRow> {
  const only = {
    services: new Set([handler.service]),
    handlers: new Set([handler.handler]),
    statuses: new Set([status]),
  };
  let oldest: { readonly id: string; readonly createdAtMs: number } | undefined;
  const byAge = [...blocks].sort((a, b) => a.block.createdMinMs - b.block.createdMinMs);
  for (const block of byAge) {
    if (oldest !== undefined && block.block.createdMinMs >= oldest.createdAtMs) break;
    for (const { view } of reader.readBlock({ ...block, hasOpen: false }, only)) {
      if (!isWanted(view, only)) continue;
      const { createdAtMs } = view;
      if (oldest === undefined || createdAtMs < oldest.createdAtMs) {
        oldest = { id: view.id, createdAtMs };
      }
    }
  }
  return oldest ?? {};
}

/** The filter wants all of the block that it wants anything of. */
function isWithin({ block }: WantedBlock, { created, keys, ids }: InvocationFilter): boolean {
  if (keys !== undefined || ids !== undefined) return false;
  return (
    created === undefined ||
    (block.createdMinMs > created.minMs && block.createdMaxMs < created.maxMs)
  );
}
