// sys_user_limits: how far the limits of scopes and limit keys are used up.
import { isExclusive, targetKey } from '../../actors/domain/invocation.ts';
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { ruleOf, type LimitRule } from '../../actors/domain/rule-book.ts';
import { levelsOf } from '../../actors/domain/scope.ts';
import { text, u32, u64 } from './column.ts';
import { InvocationReader, wantedBlocks, type InvocationFilter } from './invocation-scan.ts';
import type { InvocationView } from './invocation-view.ts';
import { queryTable } from './query-table.ts';
import type { QuerySource } from './source.ts';

interface UsedLevel {
  readonly partition: PartitionNumber;
  readonly partitionsCount: number;
  /** The scope, and the components of the limit key. */
  readonly path: readonly string[];
  readonly rule: LimitRule;
  readonly limit: number;
  usage: number;
  /** Lines that the level blocks. */
  linesCount: number;
}

const LEVELS = ['Scope', 'Level1', 'Level2'];

/** Levels without a limit do not show, nor do those that nobody uses or waits for. */
export const USER_LIMITS_TABLE = queryTable<UsedLevel>(
  'sys_user_limits',
  [
    // The first key of the partition, as on the reference.
    u64('partition_key', ({ partition, partitionsCount }) =>
      firstKeyOf(partition, partitionsCount),
    ),
    text('scope', ({ path }) => path[0]),
    text('l1', ({ path }) => path[1]),
    text('l2', ({ path }) => path[2]),
    text('level', ({ path }) => LEVELS[path.length - 1]),
    u32('usage', ({ usage }) => usage),
    u32('concurrency_limit', ({ limit }) => limit),
    text('rule_pattern', ({ rule }) => rule.pattern),
    u32('available', ({ limit, usage }) => Math.max(0, limit - usage)),
    u64('num_waiters', ({ linesCount }) => linesCount),
  ],
  function* (source) {
    if (source.schema.ruleBook.rules.size === 0) return;
    const levels = new UsedLevels(source);
    for (const block of wantedBlocks(source.snapshot, NOT_COMPLETED)) {
      if (!block.block.hasScoped) continue;
      const reader = new InvocationReader(source);
      for (const { view } of reader.readBlock(block, NOT_COMPLETED))
        levels.add(block.partition, view);
      yield undefined;
    }
    yield* levels.used();
  },
);

/** Those that may have a slot, or wait for one. */
const NOT_COMPLETED: InvocationFilter = { statuses: new Set(['inboxed', 'invoked']) };

function firstKeyOf(partition: number, partitionsCount: number): bigint {
  const count = BigInt(partitionsCount);
  return ((BigInt(partition) << 64n) + count - 1n) / count;
}

class UsedLevels {
  readonly #source: QuerySource;
  readonly #levels = new Map<string, UsedLevel>();
  /** The levels of each line that somebody waits in, the widest first. */
  readonly #lines = new Map<string, readonly UsedLevel[]>();

  constructor(source: QuerySource) {
    this.#source = source;
  }

  add(partition: PartitionNumber, { target, limitKey, status }: InvocationView): void {
    const { scope } = target;
    if (scope === undefined) return;
    const limited = () =>
      levelsOf(scope, limitKey).flatMap((level) => this.#level(partition, level) ?? []);
    if (status.kind === 'invoked' && status.slot === undefined) {
      for (const level of limited()) level.usage += 1;
    } else if (isInLine(status)) {
      const key = isExclusive(target) ? targetKey(target) : undefined;
      this.#lines.set(JSON.stringify([scope, limitKey, target.service, key]), limited());
    }
  }

  used(): readonly UsedLevel[] {
    for (const levels of this.#lines.values()) {
      const full = levels.findLast(({ usage, limit }) => usage >= limit);
      if (full !== undefined) full.linesCount += 1;
    }
    return [...this.#levels.values()].filter(({ usage, linesCount }) => usage + linesCount > 0);
  }

  #level(partition: PartitionNumber, name: string): UsedLevel | undefined {
    const known = this.#levels.get(name);
    if (known !== undefined) return known;
    const { schema, snapshot } = this.#source;
    const rule = ruleOf(schema.ruleBook, name);
    if (rule?.concurrency === undefined) return undefined;
    const { partitionsCount } = snapshot;
    const path = name.split('/');
    const limit = rule.concurrency;
    const level = { partition, partitionsCount, path, rule, limit, usage: 0, linesCount: 0 };
    this.#levels.set(name, level);
    return level;
  }
}

function isInLine(status: InvocationView['status']): boolean {
  return status.kind === 'inboxed'
    ? status.isForSlot === true
    : status.kind === 'invoked' && status.slot?.kind === 'queued';
}
