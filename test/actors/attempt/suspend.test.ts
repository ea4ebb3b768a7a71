// Which suspensions an attempt accepts, and what it leaves to wait for.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NotificationType, MessageType } from '../../../src/actors/attempt/service-message.ts';
import type { AttemptState } from '../../../src/actors/attempt/state.ts';
import { checkSuspension } from '../../../src/actors/attempt/suspend.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { AwaitedFuture } from '../../../src/actors/domain/awaited-future.ts';
import type {
  CommandEntry,
  JournalEntry,
  NotificationId,
} from '../../../src/actors/domain/journal.ts';
import type { NotificationResult } from '../../../src/actors/domain/outcome.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import {
  allCompleted,
  allSucceeded,
  firstCompleted,
  flatten,
  unknown,
} from '../../support/awaited-trees.ts';
import type { AwaitedTree } from '../../support/awaited-trees.ts';

const VOID: NotificationResult = { kind: 'void' };
const FAILED: NotificationResult = { kind: 'failure', failure: { code: 500, message: '' } };
const appendedAtMs = unixMillis(0);

/** In these tests the payload of a command entry is its completion ids. */
const completionIdsOf = ({ payload }: CommandEntry): readonly number[] => [...payload];

function command(type: number, ...ids: readonly number[]): CommandEntry {
  return { kind: 'command', type, appendedAtMs, payload: Uint8Array.from(ids) };
}

function run(id: number): CommandEntry {
  return command(MessageType.run, id);
}

function answer(id: NotificationId, result = VOID): JournalEntry {
  const type = id.kind === 'completion' ? NotificationType.run : NotificationType.signal;
  return { kind: 'notification', type, appendedAtMs, id, result };
}

function completion(completionId: number): NotificationId {
  return { kind: 'completion', completionId };
}

function signal(index: number): NotificationId {
  return { kind: 'signal', index };
}

function attempt(
  replayed: readonly JournalEntry[],
  runs: AttemptState['runs'] = new Map(),
): AttemptState {
  return {
    phase: 'streaming',
    protocolVersion: 7,
    contentType: '',
    replayed,
    completionIdsOf,
    runs,
    awaitingOn: undefined,
    outcome: undefined,
    proposedEntry: false,
  };
}

function restOf(state: AttemptState, awaiting: AwaitedFuture): AwaitedFuture {
  const result = checkSuspension(state, awaiting);
  assert.ok(result.kind === 'suspended', 'the suspension is accepted');
  return result.awaiting;
}

function refusalOf(state: AttemptState, awaiting: AwaitedFuture): string {
  const result = checkSuspension(state, awaiting);
  assert.ok(result.kind === 'failed', 'the suspension is refused');
  assert.equal(result.failure.documentationCode, 'RT0012');
  return result.failure.message;
}

describe('a suspension on a tree', () => {
  const rows: ReadonlyArray<
    readonly [name: string, replayed: readonly JournalEntry[], tree: AwaitedTree, rest: AwaitedTree]
  > = [
    ['of nothing that was replayed', [answer(signal(17))], allSucceeded(18), allSucceeded(18)],
    ['of which a part was replayed', [answer(signal(17))], allSucceeded(17, 18), allSucceeded(18)],
    [
      'of which one lost to another',
      [answer(signal(18)), answer(signal(17), FAILED)],
      allSucceeded(19, firstCompleted(17, 18)),
      allSucceeded(19),
    ],
    ['of one more cancellation', [answer(signal(1))], firstCompleted(1), firstCompleted(1)],
    [
      'of one more signal of a name',
      [answer({ kind: 'namedSignal', name: 'go' })],
      allSucceeded({ kind: 'namedSignal', name: 'go' }, 17),
      allSucceeded({ kind: 'namedSignal', name: 'go' }, 17),
    ],
  ];
  for (const [name, replayed, tree, rest] of rows)
    test(`${name} waits for what is left`, () => {
      assert.deepEqual(restOf(attempt(replayed), flatten(tree)), flatten(rest));
    });

  test('that the replayed answers resolve is refused', () => {
    const state = attempt([answer(signal(17)), answer(signal(18), FAILED)]);
    const tree = flatten(allSucceeded(19, allCompleted(17), allSucceeded(18)));
    assert.match(refusalOf(state, tree), /suspended on signal 17, which is already in the journal/);
    const inner = flatten(firstCompleted(1, allSucceeded(19, unknown(17))));
    assert.match(refusalOf(state, inner), /signal 17, which is already in the journal/);
  });
});

describe('a suspension on a run', () => {
  const awaited = awaitAny([signal(1), completion(3)]);
  const refused = /^suspended on run 3, whose result only the handler itself can give$/;

  test('that was replayed without its result is refused', () => {
    assert.match(refusalOf(attempt([run(3)]), awaited), refused);
  });

  test('that the attempt began is refused', () => {
    assert.match(refusalOf(attempt([], new Map([[3, 'open']])), awaited), refused);
  });

  test('whose result was lost among others that were proposed is refused', () => {
    const state = attempt([run(2), run(3), answer(completion(2))], new Map([[4, 'proposed']]));
    const tree = flatten(firstCompleted(1, allSucceeded(completion(3), completion(4), 17)));
    assert.match(refusalOf(state, tree), refused);
  });

  for (const phase of ['proposed', 'ackDue'] as const)
    test(`whose result is ${phase} waits for it`, () => {
      for (const replayed of [[], [run(3)]]) {
        assert.deepEqual(restOf(attempt(replayed, new Map([[3, phase]])), awaited), awaited);
      }
    });

  test('that has its result waits for the rest', () => {
    const state = attempt([run(3), answer(completion(3))]);
    const tree = flatten(allSucceeded(completion(3), 17));
    assert.deepEqual(restOf(state, tree), flatten(allSucceeded(17)));
  });

  test('that is open but not awaited waits', () => {
    const sleep = awaitAny([completion(4)]);
    const replayed = [run(3), command(MessageType.sleep, 4)];
    assert.deepEqual(restOf(attempt(replayed), sleep), sleep);
  });

  test('and on what others complete waits for others', () => {
    const call = command(MessageType.call, 3, 4);
    assert.deepEqual(restOf(attempt([call]), awaited), awaited);
  });
});

test('a suspension takes time linear in the journal and in what is awaited', () => {
  const count = 100_000;
  const numbers = Array.from({ length: count }, (_, index) => index + 100);
  const replayed = numbers.flatMap((id) => [run(id % 256), answer(signal(id))]);
  const awaiting = awaitAny(numbers.map((id) => signal(id + count)));
  const beginMs = performance.now();
  assert.equal(restOf(attempt(replayed), awaiting), awaiting);
  // Comparing each with each would take a minute.
  assert.ok(performance.now() - beginMs < 5000);
});
