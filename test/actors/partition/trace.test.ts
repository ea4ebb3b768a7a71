// What a partition tells the tracer, and the trace that it keeps with an invocation.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import {
  originOfCallee,
  ownTraceIdOf,
  restartSpanIdOf,
  startSpanIdOf,
  type TraceOrigin,
  traceIdOf,
} from '../../../src/actors/domain/trace.ts';
import type { PartitionEffect, TracedEvent } from '../../../src/actors/partition/effect.ts';
import { idOf, T0 } from './describe.ts';
import { call } from './entries.ts';
import { add, Machine, signalId, success } from './machine.ts';

const PARENT: TraceOrigin = {
  relation: 'parent',
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  traceState: 'x=y',
};
const LINK: TraceOrigin = { relation: 'link', traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) };

/** A machine with the invocation `a`, submitted under `trace`. */
function traced(trace: TraceOrigin | undefined, delayMs?: number) {
  const machine = new Machine();
  const submission = machine.submission('a', { target: add(), delayMs });
  const effects = machine.effects({
    kind: 'submit',
    nowMs: unixMillis(machine.nowMs),
    requestId: 'r-a',
    awaitOutcome: false,
    submission: { ...submission, source: { ...submission.source, trace } },
  });
  return { machine, effects };
}

function eventsOf(effects: readonly PartitionEffect[]): TracedEvent[] {
  return effects.flatMap((effect) => (effect.kind === 'trace' ? [effect.event] : []));
}

describe('a traced invocation', () => {
  const common = { invocationId: idOf('a'), target: add(), trace: PARENT };

  test('starts once, with its attempt, and ends once', () => {
    const { machine, effects } = traced(PARENT);
    assert.deepEqual(eventsOf(effects), [{ kind: 'started', ...common, createdAtMs: T0 }]);
    const attempt = effects.find((effect) => effect.kind === 'startAttempt');
    assert.deepEqual(attempt?.input.trace, PARENT);
    assert.deepEqual(machine.suspend('a', [signalId(17)]), ['release a#1']);
    assert.deepEqual(machine.signal('a', signalId(17)), ['start a#2 with 2', 's: signalAccepted']);
    assert.deepEqual(machine.begin('a')?.trace, PARENT);
    assert.deepEqual(
      machine.succeed('a', 'done').filter((line) => line.startsWith('trace')),
      ['trace ended a'],
    );
  });

  test('that waits for its time starts when it is invoked', () => {
    const { machine, effects } = traced(PARENT, 1000);
    assert.deepEqual(eventsOf(effects), []);
    assert.deepEqual(machine.advance(1000), ['trace started a', 'start a#1 with 1']);
  });

  test('keeps its trace over a restart of the process, and does not start again', async () => {
    const { machine } = traced(PARENT);
    assert.deepEqual(await machine.restart(), ['due a#1']);
    assert.deepEqual(machine.begin('a')?.trace, PARENT);
  });

  test('that is ended before it starts only ends', () => {
    const { machine } = traced(PARENT, 1000);
    assert.deepEqual(
      machine.operate('a', { kind: 'kill' }).filter((line) => line.startsWith('trace')),
      ['trace ended a'],
    );
  });

  test('hands what its attempt decided to its callee', () => {
    const { machine } = traced(PARENT);
    machine.propose('a', { ...call('b', 1), trace: LINK });
    assert.deepEqual(machine.invocation('b')?.source, {
      kind: 'invocation',
      id: idOf('a'),
      target: add(),
      trace: LINK,
    });
  });

  test('that is restarted as a new one begins a trace below the restart', () => {
    const { machine } = traced(PARENT);
    machine.succeed('a', 'done');
    const newInvocationId = idOf('b');
    const effects = machine.effects({
      kind: 'operate',
      nowMs: unixMillis(machine.nowMs),
      requestId: 'op',
      invocationId: idOf('a'),
      operation: { kind: 'restartAsNew', newInvocationId, from: 0, deployment: 'latest' },
    });
    const trace: TraceOrigin = {
      relation: 'parent',
      traceId: ownTraceIdOf(newInvocationId),
      spanId: restartSpanIdOf(newInvocationId),
    };
    const restarted = { invocationId: newInvocationId, target: add(), trace };
    const original = { invocationId: idOf('a'), trace: PARENT };
    assert.deepEqual(eventsOf(effects), [
      { kind: 'restarted', ...restarted, original },
      { kind: 'started', ...restarted, createdAtMs: T0 },
    ]);
    assert.deepEqual(machine.invocation('b')?.source.trace, trace);
  });
});

test('an invocation that is not traced tells the tracer nothing', () => {
  const { machine, effects } = traced(undefined);
  assert.deepEqual(eventsOf(effects), []);
  machine.propose('a', call('b', 1));
  assert.deepEqual(machine.invocation('b')?.source, {
    kind: 'invocation',
    id: idOf('a'),
    target: add(),
  });
  const ended = machine.end('a', { kind: 'ended', outcome: success('done') });
  assert.deepEqual(
    ended.filter((line) => line.startsWith('trace')),
    [],
  );
});

describe('ids of spans', () => {
  const id = idOf('0123456789abcdef');
  const uuid = Buffer.from('0123456789abcdef').toString('hex');

  test('follow from the id of the invocation', () => {
    assert.equal(ownTraceIdOf(id), uuid);
    assert.equal(startSpanIdOf(id), uuid.slice(16));
    assert.equal(restartSpanIdOf(id), uuid.slice(0, 16));
  });

  test('are in the trace of a parent, and in a trace of their own with a link', () => {
    assert.equal(traceIdOf(id, PARENT), PARENT.traceId);
    assert.equal(traceIdOf(id, LINK), uuid);
  });

  test('of a callee are those of its caller’s attempt', () => {
    const caller = { invocationId: id, trace: PARENT };
    const spanId = 'e'.repeat(16);
    assert.deepEqual(originOfCallee(caller, spanId, 'call'), { ...PARENT, spanId });
    assert.deepEqual(originOfCallee(caller, spanId, 'oneWayCall'), {
      relation: 'link',
      traceId: PARENT.traceId,
      spanId,
    });
    const linked = { invocationId: id, trace: LINK };
    assert.equal(originOfCallee(linked, spanId, 'call').traceId, uuid);
  });
});
