// State × operation → status, body and effect, of every operation the admin API has for invocations.
// Source: reference contract, "Invocation operations".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

const OPERATIONS = ['cancel', 'kill', 'pause', 'resume', 'purge', 'purge-journal'] as const;
type State = keyof typeof STATUSES;

const STATUSES = {
  scheduled: [200, 200, 409, 425, 409, 409],
  pending: [200, 200, 409, 425, 409, 409],
  running: [202, 200, 202, 200, 409, 409],
  backingOff: [202, 200, 202, 200, 409, 409],
  suspended: [202, 200, 200, 200, 409, 409],
  paused: [202, 200, 200, 200, 409, 409],
  completed: [409, 409, 409, 409, 200, 200],
  unknown: [404, 404, 404, 404, 404, 404],
} as const;

const MESSAGES: Readonly<Record<string, RegExp>> = {
  'completed cancel': /was already completed\.$/,
  'completed kill': /was already completed\.$/,
  'completed pause': /is not running, cannot be paused\.$/,
  'completed resume': /is completed, cannot be resumed\.$/,
  'scheduled pause': /is not running, cannot be paused\.$/,
  'scheduled resume': /is either inboxed or scheduled, cannot be resumed\.$/,
  'running purge': /is not yet completed\.$/,
  'unknown kill': /^The requested invocation 'inv_\w+' does not exist$/,
};

const UNKNOWN_ID = 'inv_1fW4EYdl43NJ6LH8hfHBlQ3jSeVmjC7SQy';

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['operable'] });
});
after(() => rig.dispose());

function operate(id: string, operation: string): Promise<HttpReply> {
  return rig.admin.request({ method: 'PATCH', path: `/invocations/${id}/${operation}` });
}

async function send(path: string, body: string): Promise<string> {
  const reply = await rig.ingress.post(path, body);
  assert.equal(reply.status, 202, reply.text());
  return stringField(reply.json(), 'invocationId');
}

/** Brings a fresh invocation into the state. */
async function bring(state: State, name: string): Promise<string> {
  switch (state) {
    case 'scheduled':
      return send('/Operable/run/send?delay=1h', name);
    case 'pending':
      await send(`/OperableObject/${name}/hold/send`, `${name}-holder`);
      await rig.effects.waitForCount(`holding ${name}-holder`);
      return send(`/OperableObject/${name}/hold/send`, name);
    case 'running': {
      const id = await send('/Operable/run/send', name);
      await rig.effects.waitForCount(`running ${name}`);
      return id;
    }
    case 'backingOff': {
      const id = await send('/Operable/fail/send', name);
      await rig.effects.waitForCount(`failing ${name}`);
      return id;
    }
    case 'suspended': {
      const id = await send('/Operable/suspend/send', name);
      await rig.effects.waitForCount(`left ${name}`);
      return id;
    }
    case 'paused': {
      const id = await send('/Pausing/fail/send', name);
      // A running invocation answers 202, a paused one 200.
      await waitFor('the pause', async () =>
        (await operate(id, 'pause')).status === 200 ? true : undefined,
      );
      return id;
    }
    case 'completed': {
      rig.openGate(name);
      const id = await send('/Operable/run/send', name);
      const reply = await rig.ingress.get(`/restate/attach/${id}`);
      assert.equal(reply.json(), name);
      return id;
    }
    case 'unknown':
      return UNKNOWN_ID;
  }
}

describe('an operation', () => {
  for (const [state, statuses] of Object.entries(STATUSES) as Array<[State, readonly number[]]>) {
    for (const [index, operation] of OPERATIONS.entries()) {
      const expected = statuses[index] ?? 0;
      test(`${operation} of an invocation that is ${state} is answered with ${expected}`, async () => {
        const id = await bring(state, `${state}-${operation}`);
        const reply = await operate(id, operation);
        assert.equal(reply.status, expected, reply.text());
        if (expected < 300) return assert.equal(reply.body.length, 0);
        const { message, restate_code: code } = Object(reply.json()) as Record<string, unknown>;
        assert.equal(code, null);
        assert.match(String(message), MESSAGES[`${state} ${operation}`] ?? /./);
      });
    }
  }

  test('on an id that is none is refused', async () => {
    const reply = await operate('inv_1aGs', 'kill');
    assert.equal(reply.status, 400);
    assert.match(
      stringField(reply.json(), 'message'),
      /^The request field 'invocation_id' is invalid\. Reason: /,
    );
  });

  test('may be asked for in the old way, which accepts anything', async () => {
    for (const [id, mode] of [
      [UNKNOWN_ID, ''],
      [await bring('completed', 'old-purge'), '?mode=Purge'],
      [await bring('running', 'old-kill'), '?mode=kill'],
    ]) {
      const path = `/invocations/${id}${mode}`;
      assert.equal((await rig.admin.request({ method: 'DELETE', path })).status, 202);
    }
  });
});

describe('the effect', () => {
  function outcome(id: string): Promise<HttpReply> {
    return rig.ingress.get(`/restate/attach/${id}`);
  }

  async function assertFailed(id: string, message: string): Promise<void> {
    const reply = await outcome(id);
    assert.equal(reply.status, 409, reply.text());
    assert.equal(stringField(reply.json(), 'message'), message);
  }

  test('of killing a running invocation is a failure', async () => {
    const id = await bring('running', 'effect-kill');
    await operate(id, 'kill');
    await assertFailed(id, 'killed');
  });

  test('of killing a parent is the end of its children, one-way ones too', async () => {
    const id = await send('/Operable/parent/send', 'family');
    const called = await rig.effects.waitForSuffix('awakeable family-called ');
    const sent = await rig.effects.waitForSuffix('awakeable family-sent ');
    assert.ok(called !== sent);
    await rig.effects.waitForCount('left family-called');
    await operate(id, 'kill');
    await assertFailed(id, 'killed');
    await rig.ingress.post(`/restate/a/${sent}/resolve`, '1');
    assert.equal(rig.effects.count('entered family-sent'), 1);
  });

  for (const state of ['suspended', 'paused'] as const) {
    test(`of cancelling a ${state} invocation is that it goes on`, async () => {
      const id = await bring(state, `effect-cancel-${state}`);
      const attempts = () =>
        rig.effects.count(`entered effect-cancel-${state}`) +
        rig.effects.count(`attempt effect-cancel-${state}`);
      const before = attempts();
      await operate(id, 'cancel');
      await waitFor('another attempt', () => (attempts() > before ? true : undefined));
      if (state === 'suspended') await assertFailed(id, 'Cancelled');
      else await operate(id, 'kill');
    });
  }

  test('of resuming a paused invocation is another attempt', async () => {
    const id = await bring('paused', 'effect-resume');
    assert.equal(rig.effects.count('attempt effect-resume'), 1);
    await operate(id, 'resume');
    await rig.effects.waitForCount('attempt effect-resume', 2);
  });

  test('of pausing is that answers are kept and used after the resumption', async () => {
    const id = await send('/Operable/suspend/send', 'effect-pause');
    const awakeable = await rig.effects.waitForSuffix('awakeable effect-pause ');
    await operate(id, 'pause');
    await waitFor('the pause', async () =>
      (await operate(id, 'pause')).status === 200 ? true : undefined,
    );
    const resolved = await rig.ingress.post(`/restate/a/${awakeable}/resolve`, 'later');
    assert.equal(resolved.status, 202);
    await operate(id, 'resume');
    assert.equal((await outcome(id)).json(), 'later');
  });

  test('of purging is that the outcome is gone', async () => {
    const id = await bring('completed', 'effect-purge');
    await operate(id, 'purge-journal');
    assert.equal((await outcome(id)).json(), 'effect-purge');
    await operate(id, 'purge');
    assert.equal((await rig.ingress.get(`/restate/output/${id}`)).status, 404);
    assert.equal((await operate(id, 'purge')).status, 404);
  });

  test('of killing a waiting invocation is that its key serves the next', async () => {
    const id = await bring('pending', 'effect-queue');
    await operate(id, 'kill');
    assert.equal((await rig.ingress.get(`/restate/output/${id}`)).status, 404);
    rig.openGate('effect-queue-holder');
    rig.openGate('effect-queue-next');
    const next = await rig.ingress.post('/OperableObject/effect-queue/hold', 'effect-queue-next');
    assert.equal(next.json(), 'effect-queue-next');
  });
});
