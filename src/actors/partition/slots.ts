// Slots: the rules of a scope say how many of its invocations run at once.
//   L1. An invocation in a scope has a slot of each of its levels exactly while it is `invoked` and its
//       status names no missing slot.
//   L2. Who does not get one lines up. A line is blocked by one level that has no free slot; it is served
//       when that level gets one: within the command that frees it, or by `serveSlots`.
//   L3. Lines blocked by the same level take turns.
import { must } from '../domain/assert.ts';
import type { Invocation } from '../domain/invocation.ts';
import { isExclusive, targetKey } from '../domain/invocation.ts';
import { levelsOf } from '../domain/scope.ts';
import type { ApplyContext } from './context.ts';
import { becomeInvoked } from './lifecycle/become-invoked.ts';
import type { SlotLine } from './state.ts';

/** Waiting invocations started by one command, so that a deleted rule does not block the partition. */
const STARTS_PER_COMMAND_MAX = 128;

/** Takes a slot for the invocation, or lines it up. Outside of scopes every invocation has one. */
export function takeSlotOrLineUp(context: ApplyContext, invocation: Invocation): boolean {
  const { scope } = invocation.target;
  if (scope === undefined || hasSlot(invocation)) return true;
  const line = lineOf(invocation, scope);
  const blockedBy = context.state.slots.blockedBy.get(nameOf(line));
  const level = blockedBy ?? findFullLevel(context, line);
  if (level === undefined) {
    countSlots(context, line, 1);
    return true;
  }
  lineUp(context, invocation, line);
  if (blockedBy === undefined) block(context, line, level);
  return false;
}

/** Gives back the slot, or the place in line, that `invocation` had before its status changed. */
export function leaveSlots(context: ApplyContext, invocation: Invocation): void {
  const { scope } = invocation.target;
  if (scope === undefined) return;
  const line = lineOf(invocation, scope);
  if (hasSlot(invocation)) {
    countSlots(context, line, -1);
    const budget = newBudget();
    // The narrowest first, as on the reference.
    for (const level of levelsIn(line).toReversed()) serveLevel(context, level, budget);
    return;
  }
  const sequence = sequenceOf(invocation);
  if (sequence === undefined) return;
  context.state.removeSlotWaiter(line, hasStarted(invocation), sequence);
  if (context.state.firstSlotWaiter(line) === undefined) unblock(context, line);
}

/** Starts whoever may start now. */
export function serveSlots(context: ApplyContext): void {
  const budget = newBudget();
  for (const level of [...context.state.slots.blocked.keys()]) serveLevel(context, level, budget);
}

/** Enters a stored invocation into the ledger of a partition that recovers. */
export function recoverSlot(context: ApplyContext, invocation: Invocation): void {
  const { scope } = invocation.target;
  if (scope === undefined) return;
  const line = lineOf(invocation, scope);
  if (hasSlot(invocation)) return countSlots(context, line, 1);
  const isKnown = context.state.slots.blockedBy.has(nameOf(line));
  // The level that blocks the line is found when the widest one is served.
  if (sequenceOf(invocation) !== undefined && !isKnown) block(context, line, scope);
}

/** What one command may start; the rest is asked for once. */
interface Budget {
  startsLeft: number;
  hasAskedForMore: boolean;
}

function newBudget(): Budget {
  return { startsLeft: STARTS_PER_COMMAND_MAX, hasAskedForMore: false };
}

/** Keeps L2 and L3. */
function serveLevel(context: ApplyContext, level: string, budget: Budget): void {
  while (!isFull(context, level)) {
    const line = firstBlockedBy(context, level);
    if (line === undefined) return;
    if (budget.startsLeft === 0) return askForMore(context, budget);
    serveLine(context, line, level, budget);
  }
}

function askForMore({ effects }: ApplyContext, budget: Budget): void {
  if (!budget.hasAskedForMore) effects.push({ kind: 'serveMoreSlots' });
  budget.hasAskedForMore = true;
}

/** Starts the first of a line that `level` no longer blocks, unless another level does. */
function serveLine(context: ApplyContext, line: SlotLine, level: string, budget: Budget): void {
  const { state } = context;
  unblock(context, line);
  const fullLevel = findFullLevel(context, line);
  if (fullLevel !== undefined) return block(context, line, fullLevel);

  budget.startsLeft -= 1;
  const waiter = must(state.firstSlotWaiter(line), 'a blocked line has a waiter');
  state.removeSlotWaiter(line, waiter.hasStarted, waiter.sequence);
  countSlots(context, line, 1);
  // Before the start, so that whatever that does finds the line in order.
  if (state.firstSlotWaiter(line) !== undefined) {
    block(context, line, findFullLevel(context, line) ?? level);
  }
  const invocation = state.getInvocation(waiter.invocationId);
  becomeInvoked(context, must(invocation, 'an invocation in line exists'));
}

function lineUp({ state }: ApplyContext, invocation: Invocation, line: SlotLine): void {
  const isStarted = hasStarted(invocation);
  const sequence = state.pushSlotWaiter(line, isStarted, invocation.id);
  state.putInvocation({
    ...invocation,
    status: isStarted
      ? { kind: 'invoked', slot: { kind: 'queued', sequence } }
      : { kind: 'inboxed', inboxSequence: sequence, isForSlot: true },
  });
}

/** The place in line, if the invocation has one. */
function sequenceOf({ status }: Invocation): number | undefined {
  if (status.kind === 'inboxed') {
    return status.isForSlot === true ? status.inboxSequence : undefined;
  }
  return status.kind === 'invoked' && status.slot?.kind === 'queued'
    ? status.slot.sequence
    : undefined;
}

/** Keeps L1. A new invocation is `invoked` before it is anything else, and has no slot then. */
function hasSlot(invocation: Invocation): boolean {
  const { status } = invocation;
  return status.kind === 'invoked' && status.slot === undefined && hasStarted(invocation);
}

function hasStarted({ epoch }: Invocation): boolean {
  return epoch > 0;
}

function block({ state }: ApplyContext, line: SlotLine, level: string): void {
  const { blocked, blockedBy } = state.slots;
  const name = nameOf(line);
  blockedBy.set(name, level);
  const lines = blocked.get(level);
  if (lines === undefined) blocked.set(level, new Map([[name, line]]));
  else lines.set(name, line);
}

function firstBlockedBy({ state }: ApplyContext, level: string): SlotLine | undefined {
  return state.slots.blocked.get(level)?.values().next().value;
}

function unblock({ state }: ApplyContext, line: SlotLine): void {
  const { blocked, blockedBy } = state.slots;
  const name = nameOf(line);
  const level = must(blockedBy.get(name), 'a line that is not empty is blocked');
  blockedBy.delete(name);
  const lines = must(blocked.get(level), 'a level that blocks is known');
  lines.delete(name);
  if (lines.size === 0) blocked.delete(level);
}

function findFullLevel(context: ApplyContext, line: SlotLine): string | undefined {
  return levelsIn(line).find((level) => isFull(context, level));
}

function isFull({ state, rules }: ApplyContext, level: string): boolean {
  return (state.slots.taken.get(level) ?? 0) >= rules.concurrencyLimitOf(level);
}

function countSlots({ state }: ApplyContext, line: SlotLine, change: 1 | -1): void {
  const { taken } = state.slots;
  for (const level of levelsIn(line)) {
    const count = (taken.get(level) ?? 0) + change;
    if (count > 0) taken.set(level, count);
    else taken.delete(level);
  }
}

function levelsIn({ scope, limitKey }: SlotLine): readonly string[] {
  return levelsOf(scope, limitKey);
}

function lineOf({ target, limitKey }: Invocation, scope: string): SlotLine {
  const { service } = target;
  return isExclusive(target)
    ? { scope, limitKey, service, key: targetKey(target) }
    : { scope, limitKey, service };
}

/** Differs for different lines: neither scopes nor limit keys have spaces, nor have names of services. */
function nameOf({ scope, limitKey = '', service, key }: SlotLine): string {
  return key === undefined
    ? `${scope} ${limitKey} ${service}`
    : `${scope} ${limitKey} ${service} ${key}`;
}
