// Traces of invocations, as a collector and as the services see them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stringField } from '../support/json.ts';
import { OtlpReceiver, type OtlpTransport } from '../support/otlp-receiver.ts';
import type { ReceivedSpan } from '../support/otlp-spans.ts';
import { Rig } from '../support/rig.ts';
import { serverUnderTest, skippedOnReference } from '../support/servers.ts';
import {
  durationMs,
  eventTexts,
  recordedTraces,
  spansOf,
  spansOfKind,
  traceparent,
  uuidOf,
} from '../support/traces.ts';

const UNSET = { code: 0, message: '' };
const OK = { code: 1, message: '' };

let receiver: OtlpReceiver;
let rig: Rig;

function tracedRig(environment: Readonly<Record<string, string>>): Promise<Rig> {
  const common = { OTEL_BSP_SCHEDULE_DELAY: '100' };
  return Rig.start({
    modules: ['traced'],
    server: { environment: { ...common, ...environment } },
  });
}

/** The tests of a suite share a receiver and a server that sends everything to it. */
function traceAll(): void {
  before(async () => {
    receiver = await OtlpReceiver.start('http');
    rig = await tracedRig({ RESTATE_TRACING_ENDPOINT: receiver.url });
  });
  after(async () => {
    await rig.dispose();
    receiver.close();
  });
}

/** Calls or sends, and gives the invocation's id. */
async function invoke(path: string, body: unknown, headers = {}): Promise<string> {
  const reply = await rig.ingress.post(path, body, headers);
  assert.ok(reply.status < 300 || reply.headers['x-restate-id'], reply.text());
  return String(reply.headers['x-restate-id']);
}

async function operate(id: string, operation: string): Promise<unknown> {
  const path = `/invocations/${id}/${operation}`;
  const reply = await rig.admin.request({ method: 'PATCH', path });
  assert.ok(reply.status < 300, reply.text());
  return reply.body.length === 0 ? undefined : reply.json();
}

/** The only invocation of a callee with this name in the trace. */
async function findStart(name: string, matches: (span: ReceivedSpan) => boolean) {
  return receiver.find(name, (span) => span.name === `invocation-start ${name}` && matches(span));
}

function traceHeadersOf(span: ReceivedSpan, tracestate = '') {
  return { traceparent: `00-${span.traceId}-${span.spanId}-01`, tracestate };
}

describe('traces', () => {
  traceAll();

  test('an invocation is one span where it comes in, where it starts, for each attempt, and where it ends', async () => {
    const tracestate = 'vendor=1,other=b';
    const headers = { traceparent: traceparent('a'), tracestate };
    const id = await invoke('/TracedObject/k%201/work', { tag: 'tree' }, headers);
    const [ingress, start, attempt, end] = await spansOf(receiver, id, {
      ingress: 1,
      'invocation-start': 1,
      'invocation-attempt': 1,
      'invocation-end': 1,
    });
    assert.ok(ingress && start && attempt && end);
    for (const span of [ingress, start, attempt, end]) {
      assert.equal(span.traceId, 'a'.repeat(32));
      assert.equal(span.traceState, tracestate);
      assert.equal(span.kind, 1);
      assert.equal(span.scope, 'services');
      assert.ok(span.name.endsWith(' TracedObject/{key}/work'), span.name);
      assert.equal(span.attributes['rpc.service'], 'TracedObject');
      assert.equal(span.attributes['rpc.method'], 'work');
      assert.equal(span.attributes['restate.invocation.target'], 'TracedObject/k 1/work');
    }
    assert.equal(ingress.parentSpanId, 'a'.repeat(16));
    assert.equal(ingress.flags, 0x301);
    assert.equal(ingress.attributes['client.socket.address'], '127.0.0.1');
    assert.deepEqual(ingress.status, UNSET);
    assert.equal(start.parentSpanId, ingress.spanId);
    assert.equal(start.spanId, uuidOf(id).slice(16));
    assert.equal(start.flags, 0x101);
    assert.equal(attempt.parentSpanId, start.spanId);
    assert.equal(end.parentSpanId, start.spanId);
    assert.ok(attempt.startNs >= start.startNs && attempt.endNs >= attempt.startNs);
    assert.ok(end.startNs >= attempt.startNs);

    const { attributes } = attempt;
    assert.equal(attributes['rpc.system'], 'restate');
    assert.match(String(attributes['restate.deployment.id']), /^dp_1/);
    assert.match(String(attributes['restate.deployment.address']), /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assert.ok(Number(attributes['restate.deployment.service_protocol_version']) >= 5);
    assert.deepEqual(attempt.status, OK);
    assert.deepEqual(eventTexts(attempt), [
      'new_command Command/GetEagerState',
      'new_command Command/SetState',
      'new_command Command/Run step',
      'run_ended CompletionId: 2',
      'new_command Command/Sleep nap',
      'new_command Command/Call',
      'new_command Command/OneWayCall',
      'new_command Command/ClearState',
      'new_command Command/Output',
    ]);
    assert.equal(end.attributes['restate.invocation.result'], 'success');
    assert.deepEqual(end.status, OK);

    const [seen] = recordedTraces(rig.effects.lines(), 'tree object');
    assert.deepEqual(seen, traceHeadersOf(attempt, tracestate));
  });

  test('a callee is part of the trace, below the attempt that calls it', async () => {
    const headers = { traceparent: traceparent('b'), tracestate: 'x=y' };
    const id = await invoke('/TracedObject/k2/work', { tag: 'call' }, headers);
    const [attempt] = await spansOf(receiver, id, { 'invocation-attempt': 1 });
    assert.ok(attempt);
    const start = await findStart('TracedCallee/greet', (span) => span.traceId === attempt.traceId);
    assert.equal(start.parentSpanId, attempt.spanId);
    assert.equal(start.traceState, 'x=y');
    const calleeId = String(start.attributes['restate.invocation.id']);
    const [calleeAttempt] = await spansOf(receiver, calleeId, { 'invocation-attempt': 1 });
    assert.ok(calleeAttempt);
    assert.equal(calleeAttempt.parentSpanId, start.spanId);
    const [seen] = recordedTraces(rig.effects.lines(), 'call called callee');
    assert.deepEqual(seen, traceHeadersOf(calleeAttempt, 'x=y'));
  });

  test('a one-way call begins a trace, which is linked to the attempt that sends it', async () => {
    const headers = { traceparent: traceparent('c'), tracestate: 'x=y' };
    const id = await invoke('/TracedObject/k3/work', { tag: 'send' }, headers);
    const [attempt] = await spansOf(receiver, id, { 'invocation-attempt': 1 });
    assert.ok(attempt);
    const start = await findStart('TracedCallee/greet', (span) =>
      span.links.some(({ traceId }) => traceId === attempt.traceId),
    );
    const calleeId = String(start.attributes['restate.invocation.id']);
    assert.equal(start.traceId, uuidOf(calleeId));
    assert.equal(start.spanId, start.traceId.slice(16));
    assert.equal(start.parentSpanId, '');
    assert.equal(start.traceState, '');
    const { traceId, spanId } = attempt;
    assert.deepEqual(start.links, [{ traceId, spanId, attributes: { 'restate.runtime': true } }]);
    const [calleeAttempt] = await spansOf(receiver, calleeId, { 'invocation-attempt': 1 });
    assert.ok(calleeAttempt);
    assert.equal(calleeAttempt.traceId, start.traceId);
    assert.equal(calleeAttempt.parentSpanId, start.spanId);
    const [seen] = recordedTraces(rig.effects.lines(), 'send sent callee');
    assert.deepEqual(seen, traceHeadersOf(calleeAttempt));
  });

  test('a failed attempt is a span of its own, and so is the next one', async () => {
    const id = await invoke('/Traced/flaky', { tag: 'flaky' });
    const [start, ...attempts] = await spansOf(receiver, id, {
      'invocation-start': 1,
      'invocation-attempt': 3,
    });
    assert.ok(start);
    const transient = { code: 2, message: 'transient failure' };
    assert.deepEqual(
      attempts.map(({ status }) => status),
      [transient, transient, OK],
    );
    for (const { traceId, parentSpanId } of attempts) {
      assert.deepEqual([traceId, parentSpanId], [start.traceId, start.spanId]);
    }
    assert.equal(new Set(attempts.map(({ spanId }) => spanId)).size, 3);
    assert.deepEqual(
      recordedTraces(rig.effects.lines(), 'flaky flaky'),
      attempts.map((attempt) => traceHeadersOf(attempt)),
    );
  });

  const ends: ReadonlyArray<readonly [path: string, body: unknown, code: string, message: string]> =
    [
      ['/Traced/fail', { errorCode: 418 }, '418', 'refused'],
      ['/Traced/fail', { errorCode: 409 }, '409 Aborted', 'refused'],
      ['/Traced/break', {}, '500 Internal', 'broken'],
    ];
  for (const [path, body, code, message] of ends) {
    test(`a failure with code ${code} is in the last span`, async () => {
      const [end] = await spansOf(receiver, await invoke(path, body), { 'invocation-end': 1 });
      assert.deepEqual(end?.status, { code: 2, message });
      assert.equal(end?.attributes['restate.invocation.result'], 'failure');
      assert.equal(end?.attributes['error.message'], message);
      assert.equal(end?.attributes['restate.invocation.error.code'], code);
    });
  }

  test('an attempt that suspends has neither failed nor succeeded', async () => {
    const id = await invoke('/Traced/suspend', { tag: 'suspend', ms: 300 });
    const [suspended, woken] = await spansOf(receiver, id, { 'invocation-attempt': 2 });
    assert.ok(suspended && woken);
    assert.deepEqual(suspended.status, UNSET);
    assert.deepEqual(eventTexts(suspended), ['new_command Command/Sleep', 'suspended']);
    assert.deepEqual(woken.status, OK);
    assert.deepEqual(eventTexts(woken), ['new_command Command/Output']);
  });

  test('an invocation that waits is in its first span until it starts', async () => {
    const delayed = await invoke('/Traced/empty/send?delay=500ms', { tag: 'delayed' });
    const first = await invoke('/TracedQueue/q/gated/send', { tag: 'first' });
    await rig.effects.waitForCount('first at gate');
    const second = await invoke('/TracedQueue/q/gated/send', { tag: 'second' });
    const [start] = await spansOf(receiver, delayed, { 'invocation-start': 1 });
    assert.ok(start && durationMs(start) >= 490 && durationMs(start) < 5000);
    assert.equal(spansOfKind(receiver, second, 'invocation-start').length, 0);
    rig.openGate('first');
    rig.openGate('second');
    const [firstEnd] = await spansOf(receiver, first, { 'invocation-end': 1 });
    const [secondStart] = await spansOf(receiver, second, { 'invocation-start': 1 });
    assert.ok(firstEnd && secondStart);
    // The first one's end and the second one's start are one step.
    assert.ok(Number(secondStart.endNs - firstEnd.startNs) > -10e6);
    assert.ok(durationMs(secondStart) >= 300);
  });

  test('a request that joins an invocation has a span, and the invocation none for it', async () => {
    const key = { 'idempotency-key': 'one' };
    const id = await invoke('/Traced/empty', { tag: 'one' }, key);
    assert.equal(await invoke('/Traced/empty', { tag: 'one' }, key), id);
    await spansOf(receiver, id, { ingress: 2, 'invocation-end': 1 });
    assert.equal(spansOfKind(receiver, id, 'invocation-start').length, 1);
  });

  test('an operator ends an attempt and its invocation', async () => {
    const id = await invoke('/Traced/gated/send', { tag: 'killed' });
    await rig.effects.waitForCount('killed at gate');
    await operate(id, 'kill');
    const [attempt, end] = await spansOf(receiver, id, {
      'invocation-attempt': 1,
      'invocation-end': 1,
    });
    assert.deepEqual(attempt?.status, UNSET);
    assert.deepEqual(end?.status, { code: 2, message: 'killed' });
    assert.equal(end?.attributes['restate.invocation.error.code'], '409 Aborted');
  });

  test('a restart as new begins a trace, which is linked to the original', async () => {
    const headers = { traceparent: traceparent('d'), 'idempotency-key': 'restarted' };
    const original = await invoke('/Traced/empty', { tag: 'restart' }, headers);
    const [originalStart] = await spansOf(receiver, original, {
      'invocation-start': 1,
      'invocation-end': 1,
    });
    assert.ok(originalStart);
    const id = stringField(await operate(original, 'restart-as-new'), 'new_invocation_id');
    const [restart, start] = await spansOf(receiver, id, {
      'restart-as-new': 1,
      'invocation-start': 1,
      'invocation-end': 1,
    });
    assert.ok(restart && start);
    assert.equal(restart.parentSpanId, '');
    assert.notEqual(restart.traceId, originalStart.traceId);
    const { traceId, spanId } = originalStart;
    assert.deepEqual(restart.links, [{ traceId, spanId, attributes: { 'restate.runtime': true } }]);
    const name = 'restate.invocation.restart_as_new.original_invocation_id';
    assert.equal(restart.attributes[name], original);
    assert.equal(start.traceId, restart.traceId);
    assert.equal(start.parentSpanId, restart.spanId);
  });

  const malformed: ReadonlyArray<readonly [what: string, header: string | undefined]> = [
    ['no traceparent', undefined],
    ['a trace id that is no number', '00-zz-11-01'],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${'e'.repeat(16)}-01`],
    ['a span id of zeros', `00-${'e'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['upper-case digits', traceparent('E')],
    ['more behind the flags', `${traceparent('e')}-more`],
    ['version ff', `ff${traceparent('e').slice(2)}`],
  ];
  for (const [what, header] of malformed) {
    test(`a request with ${what} is the root of a trace`, async () => {
      const headers = { tracestate: 'a=1', ...(header !== undefined && { traceparent: header }) };
      const id = await invoke('/Traced/empty', { tag: what }, headers);
      const [ingress, start] = await spansOf(receiver, id, { ingress: 1, 'invocation-start': 1 });
      assert.ok(ingress && start);
      assert.equal(ingress.parentSpanId, '');
      assert.equal(ingress.traceState, '');
      assert.equal(ingress.flags, 0x101);
      assert.match(ingress.traceId, /^(?!0+$|e+$)[0-9a-f]{32}$/);
      assert.equal(start.traceId, ingress.traceId);
      assert.equal(start.parentSpanId, ingress.spanId);
    });
  }

  test('a later version of traceparent is read as the known one', async () => {
    const header = `01${traceparent('f').slice(2)}-more`;
    const id = await invoke('/Traced/empty', { tag: 'later' }, { traceparent: header });
    const [ingress] = await spansOf(receiver, id, { ingress: 1 });
    assert.equal(ingress?.traceId, 'f'.repeat(32));
    assert.equal(ingress?.parentSpanId, 'f'.repeat(16));
  });

  test('a malformed tracestate is left out', async () => {
    const headers = { traceparent: traceparent('1'), tracestate: 'bad!! ;;;=' };
    const id = await invoke('/Traced/empty', { tag: 'state' }, headers);
    const [attempt] = await spansOf(receiver, id, { 'invocation-attempt': 1 });
    assert.equal(attempt?.traceId, '1'.repeat(32));
    assert.equal(attempt?.traceState, '');
    const [seen] = recordedTraces(rig.effects.lines(), 'state empty');
    assert.equal(seen?.tracestate, '');
  });

  test(
    'a trace whose id is random, as a newer flag says, goes on',
    { skip: skippedOnReference('takes the flag for malformed') },
    async () => {
      const id = await invoke(
        '/Traced/empty',
        { tag: 'flag' },
        { traceparent: traceparent('2', '03') },
      );
      const [ingress] = await spansOf(receiver, id, { ingress: 1 });
      assert.equal(ingress?.traceId, '2'.repeat(32));
    },
  );

  test('what a client does not sample is not traced, nor is what it calls', async () => {
    const headers = { traceparent: traceparent('3', '00'), tracestate: 'a=1' };
    const id = await invoke('/TracedObject/k4/work', { tag: 'unsampled' }, headers);
    // The queues keep their order: with a later invocation's spans everything before has arrived.
    const later = await invoke('/Traced/empty', { tag: 'sampled' });
    await spansOf(receiver, later, { ingress: 1, 'invocation-end': 1 });
    const seen = ['object', 'called callee', 'sent callee'].flatMap((name) =>
      recordedTraces(rig.effects.lines(), `unsampled ${name}`),
    );
    assert.deepEqual(seen, [{}, {}, {}]);
    const spans = receiver.spans.filter(({ traceId, attributes }) => {
      return attributes['restate.invocation.id'] === id || traceId === '3'.repeat(32);
    });
    // The reference exports a start without ids.
    assert.deepEqual(
      spans.filter(({ traceId }) => serverUnderTest !== 'reference' || !/^0+$/.test(traceId)),
      [],
    );
  });

  test('the resource names the server', () => {
    const { resource } = receiver.spans[0] ?? assert.fail('there are spans');
    assert.equal(resource['service.name'], 'Restate');
    assert.equal(resource['service.namespace'], 'Restate');
    assert.equal(resource['service.instance.id'], 'localcluster/node-1');
    assert.match(String(resource['service.version']), /^\d+\.\d+\.\d+/);
  });
});

describe('a crash', () => {
  traceAll();

  test('leaves invocations in their traces', async () => {
    const headers = { traceparent: traceparent('9'), tracestate: 'a=b' };
    const id = await invoke('/Traced/gated/send', { tag: 'crash' }, headers);
    await rig.effects.waitForCount('crash at gate');
    const [start] = await spansOf(receiver, id, { 'invocation-start': 1 });
    assert.ok(start);
    await rig.crash();
    rig.openGate('crash');
    const [attempt, end] = await spansOf(receiver, id, {
      'invocation-attempt': 1,
      'invocation-end': 1,
    });
    assert.ok(attempt && end);
    for (const span of [attempt, end]) {
      assert.equal(span.traceId, '9'.repeat(32));
      assert.equal(span.traceState, 'a=b');
      assert.equal(span.parentSpanId, start.spanId);
    }
    assert.deepEqual(eventTexts(attempt), [
      'new_command Command/Run second',
      'run_ended CompletionId: 2',
      'new_command Command/Output',
    ]);
    const [before, later] = recordedTraces(rig.effects.lines(), 'crash gated');
    assert.match(String(before?.traceparent), /^00-9{32}-[0-9a-f]{16}-01$/);
    assert.deepEqual(later, traceHeadersOf(attempt, 'a=b'));
  });

  test('makes no second span of a wait that it interrupts', async () => {
    const headers = { traceparent: traceparent('8') };
    const beforeMs = Date.now();
    const id = await invoke('/Traced/empty/send?delay=1500ms', { tag: 'wait' }, headers);
    const [ingress] = await spansOf(receiver, id, { ingress: 1 });
    await rig.crash();
    const [start] = await spansOf(receiver, id, { 'invocation-start': 1, 'invocation-end': 1 });
    assert.ok(ingress && start);
    assert.equal(start.parentSpanId, ingress.spanId);
    const startMs = Number(start.startNs) / 1e6;
    assert.ok(startMs >= beforeMs - 100 && startMs < beforeMs + 1000, `${startMs - beforeMs} ms`);
    assert.ok(durationMs(start) >= 1490);
    assert.equal(spansOfKind(receiver, id, 'invocation-start').length, 1);
  });
});

describe('the options of tracing', () => {
  /** Starts a server, calls an empty handler on it, and gives what the handler saw. */
  async function callOnce(environment: Readonly<Record<string, string>>): Promise<string> {
    rig = await tracedRig(environment);
    return invoke('/Traced/empty', { tag: 'once' }, { traceparent: traceparent('7') });
  }

  for (const transport of ['http', 'grpc'] satisfies readonly OtlpTransport[]) {
    test(`the scheme of tracing-endpoint asks for OTLP over ${transport}`, async () => {
      receiver = await OtlpReceiver.start(transport);
      try {
        const id = await callOnce({
          RESTATE_TRACING_ENDPOINT: receiver.url,
          RESTATE_TRACING_HEADERS__AUTHORIZATION: 'Bearer secret',
          // uWebSockets.js does not tell the client's port.
          RESTATE_LISTENER: 'node',
          OTEL_RESOURCE_ATTRIBUTES: 'team=payments,service.namespace=shop',
          OTEL_SERVICE_NAME: 'durable',
        });
        const [ingress, end] = await spansOf(receiver, id, { ingress: 1, 'invocation-end': 1 });
        assert.ok(Number(ingress?.attributes['client.socket.port']) > 0);
        const [exported = {}] = receiver.exports;
        assert.equal(exported['authorization'], 'Bearer secret');
        if (transport === 'http') assert.equal(exported[':path'], '/v1/traces');
        assert.equal(end?.resource['service.name'], 'durable');
        assert.equal(end?.resource['service.namespace'], 'shop');
        assert.equal(end?.resource['team'], 'payments');
      } finally {
        await rig.dispose();
        receiver.close();
      }
    });
  }

  test('tracing-services-endpoint takes the place of tracing-endpoint', async () => {
    receiver = await OtlpReceiver.start('http');
    const other = await OtlpReceiver.start('http');
    try {
      const id = await callOnce({
        RESTATE_TRACING_ENDPOINT: other.url,
        RESTATE_TRACING_SERVICES_ENDPOINT: receiver.url,
      });
      await spansOf(receiver, id, { ingress: 1, 'invocation-end': 1 });
      assert.deepEqual(other.spans, []);
    } finally {
      await rig.dispose();
      receiver.close();
      other.close();
    }
  });

  test('a sampler may take nothing', async () => {
    receiver = await OtlpReceiver.start('http');
    try {
      const environment = { RESTATE_TRACING_ENDPOINT: receiver.url };
      await callOnce({ ...environment, OTEL_TRACES_SAMPLER: 'always_off' });
      await rig.server.stop();
      assert.deepEqual(recordedTraces(rig.effects.lines(), 'once empty'), [{}]);
      assert.deepEqual(receiver.spans, []);
    } finally {
      await rig.dispose();
      receiver.close();
    }
  });

  test('without an endpoint a service is told of no trace', async () => {
    try {
      await callOnce({});
      assert.deepEqual(recordedTraces(rig.effects.lines(), 'once empty'), [{}]);
    } finally {
      await rig.dispose();
    }
  });
});
