// What SQL shows of the traces that invocations are in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { field, stringField } from '../support/json.ts';
import { operate } from '../support/operate.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { Rig } from '../support/rig.ts';
import { askSql, type Row } from '../support/sql-rig.ts';
import { spansOf, traceparent, uuidOf } from '../support/traces.ts';
import { waitFor } from '../support/wait.ts';

const NO_SPAN_CONTEXT = {
  span_context: {
    trace_id: Array.from({ length: 16 }, () => 0),
    span_id: Array.from({ length: 8 }, () => 0),
    trace_flags: 0,
    is_remote: false,
    trace_state: '',
  },
  cause: null,
};

let rig: Rig;

async function startRig(environment: Readonly<Record<string, string>>): Promise<void> {
  rig = await Rig.start({ modules: ['traced'], server: { environment } });
}

/** Calls or sends, and gives the invocation's id. */
async function invoke(path: string, body: unknown, headers = {}): Promise<string> {
  const reply = await rig.ingress.post(path, body, headers);
  assert.ok(reply.status < 300, reply.text());
  return String(reply.headers['x-restate-id']);
}

async function restart(id: string): Promise<string> {
  const reply = await waitFor(`a restart of ${id}`, async () => {
    const answer = await operate(rig, id, 'restart-as-new');
    return answer.status < 300 ? answer : undefined;
  });
  return stringField(reply.json(), 'new_invocation_id');
}

async function waitForStatus(id: string, status: string): Promise<void> {
  await waitFor(`${id} to be ${status}`, async () => {
    const [row] = await select('status', `sys_invocation WHERE id = '${id}'`);
    return row?.['status'] === status ? true : undefined;
  });
}

/** The reference answers nothing until its partitions are up again after a crash. */
async function select(columns: string, from: string): Promise<readonly Row[]> {
  return waitFor(`an answer from ${from}`, async () => {
    const { rows, message } = await askSql(rig, `SELECT ${columns} FROM ${from}`);
    return message === undefined ? rows : undefined;
  });
}

async function traceIdOf(id: string): Promise<unknown> {
  const [row, ...others] = await select('trace_id', `sys_invocation WHERE id = '${id}'`);
  assert.ok(row && others.length === 0);
  assert.deepEqual(await select('trace_id', `sys_invocation_status WHERE id = '${id}'`), [row]);
  return row['trace_id'];
}

interface Callee {
  readonly id: string;
  readonly traceId: unknown;
  /** As the caller's journal has it. */
  readonly spanContext: unknown;
}

/** The callee that a `work` of `TracedObject` calls, and the one that it sends to. */
async function calleesOf(callerId: string): Promise<readonly [called: Callee, sent: Callee]> {
  const [called, sent] = await Promise.all(
    ['Call', 'OneWayCall'].map(async (command) => {
      const [row] = await select(
        'entry_json',
        `sys_journal WHERE id = '${callerId}' AND entry_type = 'Command: ${command}'`,
      );
      const entry: unknown = JSON.parse(String(row?.['entry_json']));
      const request = field(field(field(entry, 'Command'), command), 'request');
      const id = stringField(request, 'invocation_id');
      await waitForStatus(id, 'completed');
      return { id, traceId: await traceIdOf(id), spanContext: field(request, 'span_context') };
    }),
  );
  assert.ok(called && sent);
  return [called, sent];
}

function bytesOf(digits: string): number[] {
  return [...Buffer.from(digits, 'hex')];
}

/** Of the first span of a callee. */
function spanContext(traceId: string, calleeId: string, traceState: string) {
  return {
    trace_id: bytesOf(traceId),
    span_id: bytesOf(uuidOf(calleeId).slice(16)),
    trace_flags: 1,
    is_remote: false,
    trace_state: traceState,
  };
}

function sharedTests(): void {
  test('an invocation is in the trace of its client from its start on', async () => {
    const running = await invoke(
      '/TracedQueue/q/gated/send',
      { tag: 'first' },
      { traceparent: traceparent('a') },
    );
    await rig.effects.waitForCount('first at gate');
    const pending = await invoke(
      '/TracedQueue/q/gated/send',
      { tag: 'second' },
      { traceparent: traceparent('b') },
    );
    await waitForStatus(pending, 'pending');
    assert.equal(await traceIdOf(running), 'a'.repeat(32));
    assert.equal(await traceIdOf(pending), undefined);
    rig.openGate('first');
    rig.openGate('second');
    await waitForStatus(pending, 'completed');
    assert.equal(await traceIdOf(running), 'a'.repeat(32));
    assert.equal(await traceIdOf(pending), 'b'.repeat(32));
  });

  test('an invocation that waits for its time is in no trace yet', async () => {
    const headers = { traceparent: traceparent('c') };
    const id = await invoke('/Traced/empty/send?delay=1h', { tag: 'scheduled' }, headers);
    await waitForStatus(id, 'scheduled');
    assert.equal(await traceIdOf(id), undefined);
  });

  test('what the client does not sample is in no trace, nor is what it calls', async () => {
    const headers = { traceparent: traceparent('d', '00') };
    const id = await invoke('/TracedObject/unsampled/work', { tag: 'unsampled' }, headers);
    assert.equal(await traceIdOf(id), undefined);
    for (const { traceId, spanContext: context } of await calleesOf(id)) {
      assert.equal(traceId, undefined);
      assert.deepEqual(context, NO_SPAN_CONTEXT);
    }
  });

  test('a crash leaves invocations in their traces', async () => {
    const headers = { traceparent: traceparent('e') };
    const id = await invoke('/Traced/gated/send', { tag: 'crash' }, headers);
    await rig.effects.waitForCount('crash at gate');
    await rig.crash();
    await waitForStatus(id, 'running');
    assert.equal(await traceIdOf(id), 'e'.repeat(32));
    rig.openGate('crash');
    await waitForStatus(id, 'completed');
    assert.equal(await traceIdOf(id), 'e'.repeat(32));
  });
}

describe('with tracing', () => {
  let receiver: OtlpReceiver;

  before(async () => {
    receiver = await OtlpReceiver.start('http');
    const environment = {
      RESTATE_TRACING_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    await startRig(environment);
  });
  after(async () => {
    await rig.dispose();
    receiver.close();
  });

  sharedTests();

  test('an invocation without a client’s trace begins one', async () => {
    const id = await invoke('/Traced/empty', { tag: 'root' });
    const [ingress] = await spansOf(receiver, id, { ingress: 1 });
    assert.equal(await traceIdOf(id), ingress?.traceId);
  });

  test('callees show the span that they begin with, and what it follows from', async () => {
    const headers = { traceparent: traceparent('1'), tracestate: 'x=y' };
    const id = await invoke('/TracedObject/sampled/work', { tag: 'sampled' }, headers);
    const [attempt] = await spansOf(receiver, id, { 'invocation-attempt': 1 });
    assert.ok(attempt);
    const [called, sent] = await calleesOf(id);
    assert.equal(called.traceId, '1'.repeat(32));
    assert.deepEqual(called.spanContext, {
      span_context: spanContext('1'.repeat(32), called.id, 'x=y'),
      cause: { Parent: bytesOf(attempt.spanId) },
    });
    assert.equal(sent.traceId, uuidOf(sent.id));
    assert.deepEqual(sent.spanContext, {
      span_context: spanContext(uuidOf(sent.id), sent.id, ''),
      cause: { Linked: [bytesOf(attempt.traceId), bytesOf(attempt.spanId)] },
    });
  });

  test('a restart as new is in the trace that it begins', async () => {
    const headers = { traceparent: traceparent('2'), 'idempotency-key': 'restarted' };
    const original = await invoke('/Traced/empty', { tag: 'restart' }, headers);
    const id = await restart(original);
    const [span] = await spansOf(receiver, id, { 'restart-as-new': 1, 'invocation-end': 1 });
    assert.equal(await traceIdOf(original), '2'.repeat(32));
    assert.equal(await traceIdOf(id), span?.traceId);
    assert.notEqual(span?.traceId, '2'.repeat(32));
  });
});

describe('without tracing', () => {
  before(() => startRig({}));
  after(() => rig.dispose());

  sharedTests();

  test('an invocation without a client’s trace is in none', async () => {
    const id = await invoke('/Traced/empty', { tag: 'root' });
    assert.equal(await traceIdOf(id), undefined);
  });

  test('callees and restarts are in no trace', async () => {
    const headers = { traceparent: traceparent('1'), 'idempotency-key': 'plain' };
    const id = await invoke('/TracedObject/sampled/work', { tag: 'sampled' }, headers);
    assert.equal(await traceIdOf(id), '1'.repeat(32));
    for (const { traceId, spanContext: context } of await calleesOf(id)) {
      assert.equal(traceId, undefined);
      assert.deepEqual(context, NO_SPAN_CONTEXT);
    }
    const restarted = await restart(id);
    await waitForStatus(restarted, 'completed');
    assert.equal(await traceIdOf(restarted), undefined);
  });
});
