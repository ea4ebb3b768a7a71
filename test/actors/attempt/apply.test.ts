import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyToAttempt } from '../../../src/actors/attempt/apply.ts';
import type { AttemptCommand } from '../../../src/actors/attempt/command.ts';
import type { AttemptEffect, AttemptResult } from '../../../src/actors/attempt/effect.ts';
import type {
  CommandMessage,
  ControlMessage,
} from '../../../src/actors/attempt/service-message.ts';
import type { AttemptState } from '../../../src/actors/attempt/state.ts';
import type { NotificationEntry, NotificationId } from '../../../src/actors/domain/journal.ts';
import type { Outcome } from '../../../src/actors/domain/outcome.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';

const CONTENT_TYPE = 'application/vnd.restate.invocation.v6';
const cancel: NotificationId = { kind: 'signal', index: 1 };
const completion = (completionId: number): NotificationId => ({ kind: 'completion', completionId });

function attempt(fields: Partial<AttemptState> = {}): AttemptState {
  return {
    phase: 'streaming',
    responded: false,
    protocolVersion: 6,
    contentType: CONTENT_TYPE,
    replayedIds: [],
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

function received(message: CommandMessage): AttemptCommand {
  const entry = { message, payload: new Uint8Array(0), ackRequested: false };
  return { kind: 'entryReceived', entry };
}

function control(message: ControlMessage): AttemptCommand {
  return { kind: 'controlReceived', message };
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

  test('suspends on what it has not been given, and on the cancel signal always', () => {
    const awaiting = [completion(2), cancel];
    const state = attempt({ replayedIds: [completion(1), cancel] });
    const result = resultOf(play(state, control({ kind: 'suspension', awaiting })));
    assert.deepEqual(result, { kind: 'suspended', awaiting });
  });

  const failures: ReadonlyArray<
    readonly [name: string, commands: readonly AttemptCommand[], code: string, text: RegExp]
  > = [
    ['End before any output', [END], 'RT0012', /before any Output/],
    ['a response that ends early', [RUN, { kind: 'responseEnded' }], 'RT0007', /^unknown$/],
    [
      'a suspension on what it was started with',
      [control({ kind: 'suspension', awaiting: [cancel, completion(1)] })],
      'RT0012',
      /completion 1, which is already in the journal/,
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
      const state = attempt({ replayedIds: [completion(1)] });
      const result = resultOf(play(state, ...commands));
      assert.ok(result.kind === 'failed');
      assert.equal(result.failure.documentationCode, code);
      assert.match(result.failure.message, text);
    });
  }

  test('passes on what a deployment asks for in an error', () => {
    const error = { code: 570, message: 'mismatch', stacktrace: 'at …', nextRetryDelayMs: 0 };
    const result = resultOf(
      play(attempt(), control({ kind: 'error', ...error, behavior: 'pause' })),
    );
    assert.ok(result.kind === 'failed');
    const { code, documentationCode, retryAfterMs, behavior, stacktrace } = result.failure;
    assert.deepEqual(
      [code, documentationCode, retryAfterMs, behavior, stacktrace],
      [570, 'RT0016', 0, 'pause', 'at …'],
    );
  });
});
