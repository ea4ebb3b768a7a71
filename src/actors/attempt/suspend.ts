// Whether an attempt may suspend on what it says it waits for.
import { must } from '../domain/assert.ts';
import { awaitedIds, settle } from '../domain/awaited-future.ts';
import type { AwaitedFuture } from '../domain/awaited-future.ts';
import { mayComeAgain } from '../domain/journal.ts';
import type { JournalEntry, NotificationId } from '../domain/journal.ts';
import { JournaledAnswers } from '../domain/journaled-answers.ts';
import type { AttemptResult } from './effect.ts';
import { attemptFailure } from './failure.ts';
import { MessageType } from './service-message.ts';
import type { AttemptState } from './state.ts';

/** In time linear in the journal and in what is awaited, since a deployment chooses how long both are. */
export function checkSuspension(
  attempt: AttemptState,
  awaiting: AwaitedFuture,
): AttemptResult & { readonly kind: 'suspended' | 'failed' } {
  const answers = replayedAnswers(attempt.replayed);
  const rest = settle(awaiting, (id) => answers.get(id));
  if (rest === 'resolved') {
    // It was given the answer and asks for it again: a defect that waiting does not mend.
    const known = awaitedIds(awaiting).find((id) => answers.get(id) !== undefined);
    const text = describe(must(known, 'an answer resolves a future'));
    return refuse(`suspended on ${text}, which is already in the journal`);
  }
  const openRun = findOpenRun(attempt, rest);
  if (openRun === undefined) return { kind: 'suspended', awaiting: rest };
  // Nothing would ever wake it: the invocation would stay as it is and hold its key.
  return refuse(`suspended on run ${openRun}, whose result only the handler itself can give`);
}

function refuse(message: string): AttemptResult & { readonly kind: 'failed' } {
  return { kind: 'failed', failure: attemptFailure('RT0012', message) };
}

function replayedAnswers(replayed: readonly JournalEntry[]): JournaledAnswers {
  const answers = new JournaledAnswers();
  for (const [order, entry] of replayed.entries()) {
    if (entry.kind === 'notification' && !mayComeAgain(entry.id)) answers.add(entry, order);
  }
  return answers;
}

/** The completion id of an awaited run that has no result in the journal nor proposed one. */
function findOpenRun(
  { replayed, runs, completionIdsOf }: AttemptState,
  awaiting: AwaitedFuture,
): number | undefined {
  const replayedRuns = new Set<number>();
  for (const entry of replayed) {
    if (entry.kind !== 'command' || entry.type !== MessageType.run) continue;
    for (const id of completionIdsOf(entry)) replayedRuns.add(id);
  }
  for (const id of awaitedIds(awaiting)) {
    if (id.kind !== 'completion') continue;
    const { completionId } = id;
    const phase = runs.get(completionId) ?? (replayedRuns.has(completionId) ? 'open' : undefined);
    if (phase === 'open') return completionId;
  }
  return undefined;
}

function describe(id: NotificationId): string {
  switch (id.kind) {
    case 'completion':
      return `completion ${id.completionId}`;
    case 'signal':
      return `signal ${id.index}`;
    case 'namedSignal':
      return `signal '${id.name}'`;
  }
}
