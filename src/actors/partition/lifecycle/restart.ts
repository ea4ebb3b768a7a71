// Restarting a completed invocation as a new one, with the first entries of its journal.
import type { InvocationId } from '../../domain/ids.ts';
import { type Invocation, type Pin, underTrace } from '../../domain/invocation.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { ownTraceIdOf, restartSpanIdOf, type TraceOrigin } from '../../domain/trace.ts';
import type { DeploymentChoice, InvocationOperation } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { OperationOutcome } from '../effect.ts';
import { startInvocation } from './start.ts';

type Restart = InvocationOperation & { readonly kind: 'restartAsNew' };

/** The original and its outcome stay as they are. */
export function restartInvocation(
  context: ApplyContext,
  invocationId: InvocationId,
  { newInvocationId, from, deployment }: Restart,
): OperationOutcome {
  const { state } = context;
  const restarted: OperationOutcome = { kind: 'restarted', newInvocationId };
  // The request was sent again because its thread was replaced.
  if (state.getInvocation(newInvocationId) !== undefined) return restarted;

  const original = state.getInvocation(invocationId);
  if (original === undefined) return { kind: 'notFound' };
  const refusal = refuseRestart(original);
  if (refusal !== undefined) return { kind: refusal };
  const choice = choosePin(context, original, deployment, from > 0);
  if (choice.kind === 'refused') return choice.outcome;
  const journal = copyPrefix(context, original, from);
  if (journal === undefined) return { kind: 'prefixIncomplete' };
  start(context, original, { id: newInvocationId, journal, pin: choice.pin });
  return restarted;
}

/** In the order in which the reference looks. */
function refuseRestart({ status, target, journalLength }: Invocation) {
  if (status.kind === 'scheduled' || status.kind === 'inboxed') return 'notStarted';
  if (status.kind !== 'completed') return 'stillRunning';
  if (journalLength === 0) return 'journalGone';
  return target.kind === 'workflow' ? 'restartUnsupported' : undefined;
}

/** Entries up to `last` and the completions that their commands are answered with further on. */
function copyPrefix(
  { state, rules }: ApplyContext,
  { number, journalLength }: Invocation,
  last: number,
): readonly JournalEntry[] | undefined {
  if (last >= journalLength) return undefined;
  const prefix = state.readJournal(number, 0, last + 1);
  const open = new Set<number>();
  for (const entry of prefix) {
    if (entry.kind === 'command') for (const id of rules.completionIdsOf(entry)) open.add(id);
  }
  for (const entry of prefix) answer(open, entry);
  if (open.size === 0) return prefix;
  const rest = state.readJournal(number, last + 1, journalLength);
  const completions = rest.filter((entry) => answer(open, entry));
  return open.size === 0 ? [...prefix, ...completions] : undefined;
}

function answer(open: Set<number>, entry: JournalEntry): boolean {
  return (
    entry.kind === 'notification' &&
    entry.id.kind === 'completion' &&
    open.delete(entry.id.completionId)
  );
}

type PinChoice =
  | { readonly kind: 'chosen'; readonly pin: Pin | undefined }
  | { readonly kind: 'refused'; readonly outcome: OperationOutcome };

/** Copied entries tie the new invocation to the protocol version that they were written in. */
function choosePin(
  { rules }: ApplyContext,
  { target, pin }: Invocation,
  deployment: DeploymentChoice,
  copiesEntries: boolean,
): PinChoice {
  if (deployment === 'keep' && pin === undefined) return { kind: 'chosen', pin };
  if (deployment === 'latest' && (!copiesEntries || pin === undefined)) {
    return { kind: 'chosen', pin: undefined };
  }
  const choice = deployment === 'keep' ? (pin?.deploymentId ?? 'latest') : deployment;
  const offer = rules.findDeployment(target, choice);
  if (offer === undefined) return refused({ kind: 'unknownDeployment' });
  const { deploymentId, minProtocolVersion, maxProtocolVersion, negotiatedVersion } = offer;
  const wanted = copiesEntries || deployment === 'keep' ? pin?.protocolVersion : undefined;
  const protocolVersion = wanted ?? negotiatedVersion ?? maxProtocolVersion;
  if (protocolVersion < minProtocolVersion || protocolVersion > maxProtocolVersion) {
    return refused({ kind: 'protocolUnsupported', protocolVersion, ...offer });
  }
  return { kind: 'chosen', pin: { deploymentId, protocolVersion } };
}

function refused(outcome: OperationOutcome): PinChoice {
  return { kind: 'refused', outcome };
}

function start(
  context: ApplyContext,
  original: Invocation,
  {
    id,
    journal,
    pin,
  }: {
    readonly id: InvocationId;
    readonly journal: readonly JournalEntry[];
    readonly pin: Pin | undefined;
  },
): void {
  const { state, nowMs } = context;
  const number = state.nextInvocationNumber();
  for (const [index, entry] of journal.entries()) state.appendJournal(number, index, entry);
  startInvocation(context, {
    id,
    number,
    target: original.target,
    limitKey: original.limitKey,
    source: underTrace({ kind: 'restart', id: original.id }, traceRestart(context, original, id)),
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    completionRetentionMs: original.completionRetentionMs,
    journalRetentionMs: original.journalRetentionMs,
    status: { kind: 'invoked' },
    epoch: 0,
    journalLength: journal.length,
    commandCount: journal.filter(({ kind }) => kind === 'command').length,
    pin,
    waiters: [],
  });
}

/** The restart of a traced invocation begins a trace, which is linked to the one of the original. */
function traceRestart(
  { effects, rules }: ApplyContext,
  { id: originalId, target, source: { trace: originalTrace } }: Invocation,
  invocationId: InvocationId,
): TraceOrigin | undefined {
  if (originalTrace === undefined || !rules.isTracing) return undefined;
  const trace: TraceOrigin = {
    relation: 'parent',
    traceId: ownTraceIdOf(invocationId),
    spanId: restartSpanIdOf(invocationId),
  };
  const original = { invocationId: originalId, trace: originalTrace };
  const event = { kind: 'restarted', invocationId, target, trace, original } as const;
  effects.push({ kind: 'trace', event });
  return trace;
}
