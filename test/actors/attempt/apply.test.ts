import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyToAttempt } from '../../../src/actors/attempt/apply.ts';
import type { AttemptCommand } from '../../../src/actors/attempt/command.ts';
import type { AttemptEffect, AttemptResult } from '../../../src/actors/attempt/effect.ts';
import { attemptFailure, STREAM_BROKEN } from '../../../src/actors/attempt/failure.ts';
import type { AttemptFailure } from '../../../src/actors/attempt/failure.ts';
import { NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type {
  CommandMessage,
  ControlMessage,
  ErrorMessage,
} from '../../../src/actors/attempt/service-message.ts';
import type { AttemptState } from '../../../src/actors/attempt/state.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type {
  CommandEntry,
  NotificationEntry,
  NotificationId,
} from '../../../src/actors/domain/journal.ts';
import type { Outcome } from '../../../src/actors/domain/outcome.ts';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';

const CONTENT_TYPE = 'application/vnd.restate.invocation.v6';
const HEADERS = { 'content-type': CONTENT_TYPE };
/** In these tests the payload of a Run entry is its completion id. */
const runIds = ({ payload }: CommandEntry): readonly number[] => [...payload];
const cancel: NotificationId = { kind: 'signal', index: 1 };
const completion = (completionId: number): NotificationId => ({ kind: 'completion', completionId });

function attempt(fields: Partial<AttemptState> = {}): AttemptState {
  return {
    phase: 'streaming',
    protocolVersion: 6,
    contentType: CONTENT_TYPE,
    replayed: [],
    completionIdsOf: runIds,
    runs: new Map(),
    awaitingOn: undefined,
    outcome: undefined,
    proposedEntry: false,
    ...fields,
  };
}

function play(state: AttemptState, ...commands: readonly AttemptCommand[]): AttemptEffect[] {
  const effects: AttemptEffect[] = [];
  for (const command of commands) applyToAttempt(state, command, effects);
  return effects;
}

function received(message: CommandMessage): AttemptCommand & { kind: 'entryReceived' } {
  const entry = { message, payload: new Uint8Array(0), ackRequested: false };
  return { kind: 'entryReceived', entry };
}

function control(message: ControlMessage, ackRequested = false): AttemptCommand {
  return { kind: 'controlReceived', message, ackRequested };
}

function suspension(...ids: readonly NotificationId[]): AttemptCommand {
  return control({ kind: 'suspension', awaiting: awaitAny(ids) });
}

function answerTo(id: NotificationId): NotificationEntry {
  const result = { kind: 'void' } as const;
  return { kind: 'notification', type: 0x800c, appendedAtMs: unixMillis(0), id, result };
}

function errorOf(fields: Partial<ErrorMessage>): AttemptCommand {
  const defaults = { code: 500, message: 'broken', stacktrace: '', behavior: 'retry' } as const;
  return control({ kind: 'error', ...defaults, ...fields });
}

function success(value: string): Outcome {
  return { kind: 'success', value: new TextEncoder().encode(value) };
}

function output(value: string): AttemptCommand {
  return received({ kind: 'output', outcome: success(value), name: '' });
}

const END = control({ kind: 'end' });
const RUN = received({ kind: 'run', completionId: 1, name: 'step' });
const notification: NotificationEntry = {
  kind: 'notification',
  type: 0x800c,
  appendedAtMs: unixMillis(0),
  id: completion(1),
  result: { kind: 'void' },
};
const NOTIFIED: AttemptCommand = { kind: 'notified', entry: notification };

function resultOf(effects: readonly AttemptEffect[]): AttemptResult {
  const finishes = effects.filter((effect) => effect.kind === 'finish');
  assert.equal(finishes.length, 1, 'an attempt finishes once');
  const [finish] = finishes;
  assert.ok(finish?.kind === 'finish');
  return finish.result;
}

function kindsOf(effects: readonly AttemptEffect[]): string[] {
  return effects.map(({ kind }) => kind);
}

describe('an attempt', () => {
  test('ends with the last of several outputs', () => {
    const result = resultOf(play(attempt(), output('1'), output('2'), END));
    assert.deepEqual(result, { kind: 'ended', outcome: success('2') });
  });

  test('ends with a replayed output', () => {
    const result = resultOf(play(attempt({ outcome: success('replayed') }), END));
    assert.deepEqual(result, { kind: 'ended', outcome: success('replayed') });
  });

  test('half-closes and drains when it ends', () => {
    const effects = play(attempt(), output('1'), END);
    assert.deepEqual(kindsOf(effects), ['proposeEntry', 'endInput', 'finish', 'drain']);
  });

  test('proposes nothing after its end', () => {
    const state = attempt();
    play(state, output('1'), END);
    assert.deepEqual(play(state, RUN, NOTIFIED, END, { kind: 'responseEnded' }), []);
  });

  test('half-closes once, and not again at its end', () => {
    const effects = play(attempt(), { kind: 'inactive' }, { kind: 'inactive' }, output('1'), END);
    const expected = ['endInput', 'armAbortTimeout', 'proposeEntry', 'finish', 'drain'];
    assert.deepEqual(kindsOf(effects), expected);
  });

  test('pushes notifications and acks only while its input is open', () => {
    const state = attempt();
    const ack: AttemptCommand = { kind: 'commandAcked', commandIndex: 3 };
    assert.deepEqual(kindsOf(play(state, NOTIFIED, ack)), ['send', 'send']);
    play(state, { kind: 'inactive' });
    assert.deepEqual(play(state, NOTIFIED, ack), []);
  });

  test('that is abandoned resets its stream and is never heard of again', () => {
    const state = attempt();
    assert.deepEqual(play(state, { kind: 'abandoned' }), [{ kind: 'reset' }]);
    assert.deepEqual(play(state, output('1'), END), []);
  });

  test('remembers that it proposed an entry', () => {
    const state = attempt();
    play(state, control({ kind: 'proposeRunCompletion', completionId: 1, outcome: success('1') }));
    assert.equal(state.proposedEntry, false);
    play(state, RUN);
    assert.equal(state.proposedEntry, true);
  });

  test('may wait for one more signal of a name it was given before', () => {
    const approved: NotificationId = { kind: 'namedSignal', name: 'approved' };
    const state = attempt({ replayed: [answerTo(approved)] });
    const result = resultOf(play(state, suspension(approved)));
    assert.deepEqual(result, { kind: 'suspended', awaiting: awaitAny([approved]) });
  });

  test('may suspend on what it was pushed, which it may not have seen yet', () => {
    const result = resultOf(play(attempt(), NOTIFIED, suspension(completion(1))));
    assert.deepEqual(result, { kind: 'suspended', awaiting: awaitAny([completion(1)]) });
  });

  test('passes run completions on as they come, with or without a Run', () => {
    const outcome = success('1');
    const proposal = { kind: 'proposeRunCompletion', completionId: 7, outcome } as const;
    assert.deepEqual(play(attempt(), control(proposal), control(proposal)), [proposal, proposal]);
  });

  describe('that was sent the result of a run', () => {
    const result = success('1');
    const proposal = { kind: 'proposeRunCompletion', completionId: 7, outcome: result } as const;
    const entry: NotificationEntry = {
      kind: 'notification',
      type: NotificationType.run,
      appendedAtMs: unixMillis(0),
      id: completion(7),
      result,
    };
    const { type, id } = entry;
    const inFull = { kind: 'send', message: { kind: 'notification', type, id, result } } as const;
    const acked = {
      kind: 'send',
      message: { kind: 'proposeRunCompletionAck', completionId: 7 },
    } as const;
    const rows = [
      ['acknowledges it when that is asked for', 7, true, acked],
      ['sends it back when no acknowledgement is asked for', 7, false, inFull],
      ['sends it back in version 6, whatever is asked for', 6, true, inFull],
    ] as const;
    for (const [name, protocolVersion, ackRequested, effect] of rows)
      test(name, () => {
        const state = attempt({ protocolVersion });
        const effects = play(state, control(proposal, ackRequested), { kind: 'notified', entry });
        assert.deepEqual(effects, [proposal, effect]);
      });

    test('acknowledges it once and only this one', () => {
      const state = attempt({ protocolVersion: 7 });
      const notified = { kind: 'notified', entry } as const;
      const other = { ...entry, id: completion(8) };
      play(state, control(proposal, true));
      const effects = play(state, { kind: 'notified', entry: other }, notified, notified);
      const otherInFull = { ...inFull.message, id: completion(8) };
      assert.deepEqual(effects, [{ kind: 'send', message: otherInFull }, acked, inFull]);
    });

    test('sends nothing any more once its input is closed', () => {
      const state = attempt({ protocolVersion: 7 });
      play(state, control(proposal, true), { kind: 'inactive' });
      assert.deepEqual(play(state, { kind: 'notified', entry }), []);
    });
  });

  test('knows what its handler waits for until the deployment is told something', () => {
    const state = attempt({ protocolVersion: 7 });
    const awaiting = awaitAny([completion(1)]);
    assert.deepEqual(play(state, control({ kind: 'awaitingOn', awaiting })), []);
    assert.equal(state.awaitingOn, awaiting);
    play(state, NOTIFIED);
    assert.equal(state.awaitingOn, undefined);
  });

  test('refuses to suspend on a run that it began and did not finish', () => {
    const result = resultOf(play(attempt(), RUN, suspension(completion(1), cancel)));
    assert.ok(result.kind === 'failed');
    assert.match(result.failure.message, /only the handler itself can give/);
  });

  test('may suspend on a run whose result it has just proposed', () => {
    const proposal = {
      kind: 'proposeRunCompletion',
      completionId: 1,
      outcome: success('1'),
    } as const;
    const effects = play(attempt(), RUN, control(proposal), suspension(completion(1)));
    assert.equal(resultOf(effects).kind, 'suspended');
  });

  test('arms the abort timeout once its input is closed, not before', () => {
    const state = attempt();
    assert.deepEqual(play(state, { kind: 'responded', status: 200, headers: HEADERS }, RUN), [
      { kind: 'proposeEntry', entry: RUN.entry },
    ]);
    const effects = play(state, { kind: 'inactive' });
    assert.deepEqual(effects, [{ kind: 'endInput' }, { kind: 'armAbortTimeout' }]);
    assert.equal(state.phase, 'inputEnded');
  });

  test('half-closes a request that is refused', () => {
    const effects = play(attempt(), { kind: 'responded', status: 500, headers: {} });
    assert.deepEqual(kindsOf(effects), ['endInput', 'finish', 'drain']);
  });

  for (const [name, last] of [
    ['Suspension', suspension(completion(2))],
    ['Error', errorOf({})],
    ['the end of the response', { kind: 'responseEnded' }],
    ['a broken stream', { kind: 'broken', failure: STREAM_BROKEN }],
    ['an abandonment', { kind: 'abandoned' }],
  ] as const) {
    test(`hears nothing that comes after ${name}`, () => {
      const state = attempt();
      play(state, last);
      const after: readonly AttemptCommand[] = [
        RUN,
        output('late'),
        END,
        errorOf({}),
        NOTIFIED,
        { kind: 'commandAcked', commandIndex: 1 },
        { kind: 'inactive' },
        { kind: 'abortTimeoutFired', abortTimeout: '1s' },
        { kind: 'responded', status: 404, headers: {} },
        { kind: 'broken', failure: STREAM_BROKEN },
        { kind: 'responseEnded' },
        { kind: 'abandoned' },
      ];
      assert.deepEqual(play(state, ...after), []);
    });
  }

  test('suspends on what it has not been given, and on the cancel signal always', () => {
    const state = attempt({ replayed: [completion(1), cancel].map(answerTo) });
    const result = resultOf(play(state, suspension(completion(2), cancel)));
    assert.deepEqual(result, { kind: 'suspended', awaiting: awaitAny([completion(2), cancel]) });
  });

  const failures: ReadonlyArray<
    readonly [name: string, commands: readonly AttemptCommand[], code: string, text: RegExp]
  > = [
    ['End before any output', [END], 'RT0012', /before any Output/],
    ['a response that ends early', [RUN, { kind: 'responseEnded' }], 'RT0007', /^unknown$/],
    [
      'a suspension on what it was started with',
      [suspension(cancel, completion(1))],
      'RT0012',
      /completion 1, which is already in the journal/,
    ],
    [
      'a suspension on an awakeable it was started with',
      [suspension({ kind: 'signal', index: 17 })],
      'RT0012',
      /signal 17, which is already in the journal/,
    ],
    ['a run without output', [RUN, END], 'RT0012', /before any Output/],
    [
      'a message that is refused',
      [{ kind: 'broken', failure: attemptFailure('RT0017', 'refused') }],
      'RT0017',
      /^refused$/,
    ],
    [
      'the abort timeout',
      [{ kind: 'inactive' }, { kind: 'abortTimeoutFired', abortTimeout: '10m' }],
      'RT0001',
      /'abort timeout' \(10m\) fired/,
    ],
    [
      'another content type',
      [{ kind: 'responded', status: 200, headers: { 'content-type': 'text/plain' } }],
      'RT0012',
      /Some\("text\/plain"\)/,
    ],
    [
      'a redirect',
      [{ kind: 'responded', status: 302, headers: {} }],
      'RT0012',
      /unexpected http status code: 302 Found/,
    ],
  ];
  for (const [name, commands, code, text] of failures) {
    test(`fails with ${code} by ${name}`, () => {
      const replayed = [completion(1), { kind: 'signal', index: 17 } as const].map(answerTo);
      const state = attempt({ replayed });
      const result = resultOf(play(state, ...commands));
      assert.ok(result.kind === 'failed');
      assert.equal(result.failure.documentationCode, code);
      assert.match(result.failure.message, text);
    });
  }

  const errors: ReadonlyArray<
    readonly [name: string, error: Partial<ErrorMessage>, expected: Partial<AttemptFailure>]
  > = [
    [
      'its code and message',
      { code: 418, message: 'tea' },
      { code: 418, message: 'tea', documentationCode: 'RT0007' },
    ],
    ['a journal mismatch', { code: 570 }, { code: 570, documentationCode: 'RT0016' }],
    ['a protocol violation', { code: 571 }, { code: 571, documentationCode: 'RT0012' }],
    ['its stack trace', { stacktrace: 'at …' }, { stacktrace: 'at …' }],
    ['no stack trace when it is empty', { stacktrace: '' }, { stacktrace: undefined }],
    ['no delay of its own', {}, { retryAfterMs: undefined, behavior: undefined }],
    ['the delay before the next attempt', { nextRetryDelayMs: 0 }, { retryAfterMs: durationMs(0) }],
    ['the wish to pause', { behavior: 'pause' }, { behavior: 'pause' }],
    ['the wish to fail', { behavior: 'fail' }, { behavior: 'fail' }],
    [
      'the command that failed',
      { relatedCommandIndex: 2, relatedCommandName: 'step', relatedCommandType: 0x0411 },
      { relatedCommand: { index: 2, name: 'step', type: 0x0411 } },
    ],
  ];
  for (const [name, error, expected] of errors) {
    test(`takes from an Error ${name}`, () => {
      const result = resultOf(play(attempt(), errorOf(error)));
      assert.ok(result.kind === 'failed');
      assert.deepEqual({ ...result.failure, ...expected }, result.failure);
    });
  }
});
