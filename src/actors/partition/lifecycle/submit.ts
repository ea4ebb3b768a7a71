import type { Invocation, InvocationStatus, Waiter } from '../../domain/invocation.ts';
import { isWorkflowRun } from '../../domain/invocation.ts';
import { failure } from '../../domain/outcome.ts';
import { unixMillis } from '../../domain/time.ts';
import { MessageType } from '../../attempt/service-message.ts';
import type { PartitionCommand, Submission } from '../command.ts';
import type { ApplyContext } from '../context.ts';
import type { RequestReply } from '../effect.ts';
import { attachWaiter, awaitOutcome } from './attach.ts';
import { tellWaiter } from './complete.ts';
import { startInvocation } from './start.ts';

/** Source: seen on the reference server, in the answer to a second run of a workflow. */
const WORKFLOW_ALREADY_INVOKED = failure(409, 'the workflow method was already invoked');

/** A submission from the ingress. Answered again, not executed again, when it was stored before. */
export function submit(
  context: ApplyContext,
  { requestId, submission, awaitOutcome: wantsOutcome }: PartitionCommand & { kind: 'submit' },
): void {
  const { state, effects } = context;
  const existing =
    submission.hasNewId === true ? undefined : state.getInvocation(submission.invocationId);
  const isNew = existing === undefined || isSentAgain(existing, requestId);
  if (existing === undefined) createInvocation(context, submission, []);

  if (!wantsOutcome) {
    const status = existing?.status ?? scheduleOf(context, submission);
    effects.push({ kind: 'reply', requestId, reply: accepted(isNew, status) });
  } else if (!isNew && isWorkflowRun(submission.target)) {
    effects.push({ kind: 'reply', requestId, reply: { kind: 'workflowAlreadyInvoked' } });
  } else if (existing === undefined) {
    const { invocationId } = submission;
    effects.push({ kind: 'replyWhenCompleted', requestId, invocationId });
  } else {
    awaitOutcome(context, existing, requestId);
  }
}

/** A submission from another invocation; `waiter` is told the outcome. */
export function invoke(
  context: ApplyContext,
  submission: Submission,
  waiter: Waiter | undefined,
): void {
  const existing = context.state.getInvocation(submission.invocationId);
  if (existing === undefined) {
    createInvocation(context, submission, waiter === undefined ? [] : [waiter]);
  } else if (waiter !== undefined) {
    if (isWorkflowRun(submission.target)) tellWaiter(context, waiter, WORKFLOW_ALREADY_INVOKED);
    else attachWaiter(context, existing.id, waiter);
  }
}

function createInvocation(
  context: ApplyContext,
  submission: Submission,
  waiters: readonly Waiter[],
): void {
  const { state, effects, nowMs } = context;
  const number = state.nextInvocationNumber();
  const status = scheduleOf(context, submission);
  const invocation: Invocation = {
    id: submission.invocationId,
    number,
    target: submission.target,
    source: submission.source,
    idempotencyKey: submission.idempotencyKey,
    limitKey: submission.limitKey,
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    scheduled: undefined,
    inboxedAtMs: undefined,
    runningAtMs: undefined,
    completionRetentionMs: submission.completionRetentionMs,
    journalRetentionMs: submission.journalRetentionMs,
    status,
    epoch: 0,
    journalLength: 1,
    commandCount: 1,
    eventsCount: undefined,
    pin: undefined,
    waiters,
  };
  state.appendJournal(number, 0, {
    kind: 'command',
    type: MessageType.input,
    appendedAtMs: nowMs,
    payload: submission.input,
  });
  if (status.kind !== 'scheduled') return startInvocation(context, invocation);

  const dueMs = status.fireAtMs;
  state.putInvocation({ ...invocation, scheduled: { atMs: nowMs, startAtMs: dueMs } });
  state.putTimer({ dueMs, invocationNumber: number, completionId: 0, invocationId: invocation.id });
  effects.push({ kind: 'armTimer', dueMs });
}

function scheduleOf({ nowMs }: ApplyContext, { executeAtMs }: Submission): InvocationStatus {
  if (executeAtMs === undefined) return { kind: 'invoked' };
  // A delay of zero still passes through `scheduled`, as on the reference.
  return { kind: 'scheduled', fireAtMs: unixMillis(Math.max(executeAtMs, nowMs)) };
}

function isSentAgain({ source }: Invocation, requestId: string): boolean {
  return source.kind === 'ingress' && source.requestId === requestId;
}

function accepted(isNew: boolean, status: InvocationStatus): RequestReply {
  const executeAtMs = status.kind === 'scheduled' ? status.fireAtMs : undefined;
  return { kind: 'accepted', isNew, executeAtMs };
}
