// What the tracers collect where invocations run, and that it stays small.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeploymentId } from '../../../src/actors/domain/ids.ts';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { failure } from '../../../src/actors/domain/outcome.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import type { TraceOrigin } from '../../../src/actors/domain/trace.ts';
import type { InvocationTracer } from '../../../src/actors/tracer.ts';
import { createInvocationTracer } from '../../../src/io/tracing/invocation-tracer.ts';
import { createRandomIds } from '../../../src/io/tracing/random-ids.ts';
import type { AttemptFacts, SpanFacts } from '../../../src/io/tracing/span-facts.ts';
import { idOf, T0 } from '../../actors/partition/describe.ts';
import { add } from '../../actors/partition/machine.ts';

const TRACE: TraceOrigin = { relation: 'parent', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const LONG = 'x'.repeat(100_000);

function createTracer(): { readonly tracer: InvocationTracer; readonly facts: SpanFacts[] } {
  const facts: SpanFacts[] = [];
  const tracer = createInvocationTracer({
    now: () => T0,
    randomId: createRandomIds(),
    finished: (fact) => facts.push(fact),
  });
  return { tracer, facts };
}

function startAttempt(tracer: InvocationTracer, trace: TraceOrigin | undefined) {
  return tracer.attemptStarted({
    input: {
      invocationId: idOf('a'),
      epoch: 1,
      target: add(),
      journal: [],
      state: [],
      partialState: false,
      createdAtMs: unixMillis(T0),
      modifiedAtMs: unixMillis(T0),
      trace,
    },
    deployment: {
      id: 'dp_1test' as DeploymentId,
      endpoint: { kind: 'http', uri: 'http://host/', httpVersion: 'HTTP/2.0' },
      protocolMode: 'BidiStream',
      minProtocolVersion: 5,
      maxProtocolVersion: 7,
      additionalHeaders: {},
      metadata: {},
      services: new Map(),
      createdAtMs: unixMillis(T0),
    },
    pin: { deploymentId: 'dp_1test' as DeploymentId, protocolVersion: 6 },
  });
}

describe('the tracer of invocations', () => {
  test('makes no span of an attempt whose invocation is not traced', () => {
    assert.equal(startAttempt(createTracer().tracer, undefined), undefined);
  });

  test('keeps 128 events of an attempt and counts the others', () => {
    const { tracer, facts } = createTracer();
    const span = startAttempt(tracer, TRACE) ?? assert.fail('it is traced');
    for (let n = 0; n < 200; n += 1)
      span.commandProposed({ kind: 'run', completionId: n, name: '' });
    span.ended('suspended');
    const [attempt] = facts as AttemptFacts[];
    assert.equal(attempt?.events.length, 128);
    assert.equal(attempt?.droppedEventsCount, 73);
  });

  test('cuts long names, messages and keys', () => {
    const { tracer, facts } = createTracer();
    const span = startAttempt(tracer, TRACE) ?? assert.fail('it is traced');
    span.commandProposed({ kind: 'run', completionId: 1, name: LONG });
    span.ended('failed');
    const target: InvocationTarget = add(LONG);
    const common = { invocationId: idOf('a'), target, trace: TRACE };
    const outcome = failure(500, LONG);
    tracer.invocationEvent({ kind: 'ended', ...common, outcome });
    tracer.invocationEvent({ kind: 'started', ...common, createdAtMs: unixMillis(T0) });
    assert.equal(facts.length, 3);
    assert.ok(JSON.stringify(facts).length < 6000);
  });

  test('gives every attempt an id of its own, and headers with it', () => {
    const { tracer } = createTracer();
    const spans = [startAttempt(tracer, TRACE), startAttempt(tracer, TRACE)];
    assert.notEqual(spans[0]?.spanId, spans[1]?.spanId);
    for (const span of spans) {
      assert.match(String(span?.spanId), /^[0-9a-f]{16}$/);
      assert.deepEqual(span?.headers, [
        ['traceparent', `00-${TRACE.traceId}-${span?.spanId}-01`],
        ['tracestate', ''],
      ]);
    }
  });
});

test('random ids differ, across the blocks that they are drawn in', () => {
  const randomId = createRandomIds();
  const ids = Array.from({ length: 2000 }, (_, n) => randomId(n % 2 === 0 ? 8 : 16));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id, n) => id.length === (n % 2 === 0 ? 16 : 32)));
});
