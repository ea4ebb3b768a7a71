// State × operation → status, body and effect, of every operation that the admin API has for an
// invocation. Source: reference contract, "Invocation operations".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { stringField } from '../support/json.ts';
import { attachTo, operate, outputOf, send, UNKNOWN_ID, waitForPause } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['operable'] });
});
after(() => rig.dispose());

const STATES = [
  'scheduled',
  'pending',
  'running',
  'backingOff',
  'suspended',
  'paused',
  'completed',
  'unknown',
] as const;
type State = (typeof STATES)[number];

/** Brings a fresh invocation into the state. */
async function bring(state: State, tag: string): Promise<string> {
  switch (state) {
    case 'scheduled':
      return send(rig, '/Operable/wait/send?delay=1h', { tag });
    case 'pending':
      await send(rig, `/OperableObject/${tag}/wait/send`, { tag: `${tag}-holder` });
      await rig.effects.waitForCount(`${tag}-holder attempt`);
      return send(rig, `/OperableObject/${tag}/wait/send`, { tag });
    case 'running':
      return reach('/Operable/wait/send', tag, `${tag} attempt`);
    case 'backingOff':
      return reach('/Operable/backOff/send', tag, `${tag} attempt`);
    case 'suspended':
      return reach('/Operable/waitSuspended/send', tag, `${tag} left`);
    case 'paused': {
      const id = await send(rig, '/Operable/pause/send', { tag });
      await waitForPause(rig, id);
      return id;
    }
    case 'completed': {
      const id = await send(rig, '/Operable/complete/send', { tag });
      assert.equal((await attachTo(rig, id)).json(), 'done');
      return id;
    }
    case 'unknown':
      return UNKNOWN_ID;
  }
}

/** The attempt's end is seen by its deployment a moment before the server has taken it in. */
const TAKEN_IN_MS = 150;

async function reach(path: string, tag: string, effect: string): Promise<string> {
  const id = await send(rig, path, { tag });
  await rig.effects.waitForCount(effect);
  await new Promise((resolve) => setTimeout(resolve, TAKEN_IN_MS));
  return id;
}

/** What is true of the invocation afterwards. */
const EFFECTS = {
  gone: async (id: string) => assert.equal((await outputOf(rig, id)).status, 404),
  goesOn: async (id: string) => assert.equal((await outputOf(rig, id)).status, 470),
  keepsOutcome: async (id: string) => assert.equal((await outputOf(rig, id)).json(), 'done'),
  killed: (id: string) => assertFailed(id, 'killed'),
  cancelled: (id: string) => assertFailed(id, 'Cancelled'),
  /** The reference waits for the retry; here it comes at once. */
  cancelledWhenRetried: async (id: string) => {
    await operate(rig, id, 'resume');
    await assertFailed(id, 'Cancelled');
  },
  paused: async (id: string) => {
    await waitForPause(rig, id);
    await EFFECTS.goesOn(id);
  },
  triedAgain: async (_id: string, tag: string) => rig.effects.waitForCount(`${tag} attempt`, 2),
} as const;
type Effect = keyof typeof EFFECTS;

async function assertFailed(id: string, message: string): Promise<void> {
  const reply = await attachTo(rig, id);
  assert.equal(reply.status, 409, reply.text());
  assert.equal(stringField(reply.json(), 'message'), message);
}

type Cell = readonly [status: number, effectOrMessage: string];

const ALREADY_COMPLETED: Cell = [409, "The invocation '…' was already completed."];
const NOT_RUNNING: Cell = [409, "The invocation '…' is not running, cannot be paused."];
const NOT_STARTED: Cell = [
  425,
  "The invocation '…' is either inboxed or scheduled, cannot be resumed.",
];
const COMPLETED: Cell = [409, "The invocation '…' is completed, cannot be resumed."];
const NOT_COMPLETED: Cell = [409, "The invocation '…' is not yet completed."];
const TOO_EARLY: Cell = [
  425,
  "The invocation '…' cannot be restarted because it's not running yet.",
];
const STILL_RUNNING: Cell = [409, "The invocation '…' is still running."];
const UNKNOWN: Cell = [404, "The requested invocation '…' does not exist"];

function cell(status: number, effect: Effect): Cell {
  return [status, effect];
}

function purge(effect: Effect): readonly Cell[] {
  const refused = STATES.slice(0, 6).map(() => NOT_COMPLETED);
  return [...refused, cell(200, effect), UNKNOWN];
}

const TABLE: Readonly<Record<string, readonly Cell[]>> = {
  cancel: [
    cell(200, 'gone'),
    cell(200, 'gone'),
    cell(202, 'cancelled'),
    cell(202, 'cancelledWhenRetried'),
    cell(202, 'cancelled'),
    cell(202, 'cancelled'),
    ALREADY_COMPLETED,
    UNKNOWN,
  ],
  kill: [
    cell(200, 'gone'),
    cell(200, 'gone'),
    cell(200, 'killed'),
    cell(200, 'killed'),
    cell(200, 'killed'),
    cell(200, 'killed'),
    ALREADY_COMPLETED,
    UNKNOWN,
  ],
  pause: [
    NOT_RUNNING,
    NOT_RUNNING,
    cell(202, 'paused'),
    cell(202, 'paused'),
    cell(200, 'goesOn'),
    cell(200, 'paused'),
    NOT_RUNNING,
    UNKNOWN,
  ],
  resume: [
    NOT_STARTED,
    NOT_STARTED,
    cell(200, 'goesOn'),
    cell(200, 'triedAgain'),
    cell(200, 'triedAgain'),
    cell(200, 'triedAgain'),
    COMPLETED,
    UNKNOWN,
  ],
  purge: purge('gone'),
  'purge-journal': purge('keepsOutcome'),
  'restart-as-new': [
    TOO_EARLY,
    TOO_EARLY,
    STILL_RUNNING,
    STILL_RUNNING,
    STILL_RUNNING,
    STILL_RUNNING,
    cell(200, 'keepsOutcome'),
    UNKNOWN,
  ],
};

describe('an operation', () => {
  for (const [operation, cells] of Object.entries(TABLE)) {
    for (const [index, state] of STATES.entries()) {
      const [status, expected] = cells[index] ?? assert.fail('a cell for every state');
      test(`${operation} of an invocation that is ${state} is answered with ${status}`, async () => {
        const tag = `${state}-${operation}`;
        const id = await bring(state, tag);
        const reply = await operate(rig, id, operation);
        assert.equal(reply.status, status, reply.text());
        if (status >= 300) return assertRefusal(reply, expected.replace('…', id));
        if (operation === 'restart-as-new') await assertRestarted(reply, id);
        else assert.equal(reply.body.length, 0);
        await checkEffect(expected)(id, tag);
      });
    }
  }
});

function assertRefusal(reply: HttpReply, message: string): void {
  assert.deepEqual(reply.json(), { message, restate_code: null });
}

async function assertRestarted(reply: HttpReply, id: string): Promise<void> {
  const body = reply.json();
  const newId = stringField(body, 'new_invocation_id');
  assert.deepEqual(body, { new_invocation_id: newId });
  assert.equal(newId.slice(0, 16), id.slice(0, 16), 'the new one is in the same partition');
  assert.notEqual(newId, id);
  assert.equal((await attachTo(rig, newId)).json(), 'done');
}

function checkEffect(name: string): (typeof EFFECTS)[Effect] {
  const found = Object.entries(EFFECTS).find(([known]) => known === name);
  return found?.[1] ?? assert.fail(`no effect ${name}`);
}

describe('a request', () => {
  test('with an id that is none is refused', async () => {
    for (const [method, path] of [
      ['PATCH', '/invocations/bad/kill'],
      ['PATCH', '/invocations/bad/resume?deployment=bad'],
      ['DELETE', '/invocations/bad'],
    ] as const) {
      const reply = await rig.admin.request({ method, path });
      assert.equal(reply.status, 400);
      assertRefusal(reply, "The request field 'invocation_id' is invalid. Reason: bad format");
    }
  });

  test('with another method or verb finds nothing', async () => {
    const path = `/invocations/${UNKNOWN_ID}`;
    assert.equal((await rig.admin.request({ method: 'PATCH', path })).status, 405);
    assert.equal((await rig.admin.get(path)).status, 405);
    assert.equal((await operate(rig, UNKNOWN_ID, 'nope')).status, 404);
  });

  test('in the old way is accepted whatever comes of it', async () => {
    const killed = await bring('running', 'old-kill');
    const cancelled = await bring('suspended', 'old-cancel');
    const purged = await bring('completed', 'old-purge');
    for (const [id, query] of [
      [UNKNOWN_ID, ''],
      [killed, '?mode=kill'],
      [cancelled, ''],
      [purged, '?mode=Purge'],
    ] as const) {
      const path = `/invocations/${id}${query}`;
      const reply = await rig.admin.request({ method: 'DELETE', path });
      assert.deepEqual([reply.status, reply.body.length], [202, 0]);
    }
    await EFFECTS.killed(killed);
    await EFFECTS.cancelled(cancelled);
    await waitFor('the purge', async () =>
      (await outputOf(rig, purged)).status === 404 ? true : undefined,
    );
  });

  test('in the old way knows three modes', async () => {
    const path = `/invocations/${UNKNOWN_ID}?mode=nope`;
    const reply = await rig.admin.request({ method: 'DELETE', path });
    assert.equal(reply.status, 400);
    assert.equal(
      reply.text(),
      'Failed to deserialize query string: mode: unknown variant `nope`, expected one of `Cancel`, `cancel`, `Kill`, `kill`, `Purge`, `purge`',
    );
  });
});

describe('the effect', () => {
  test('of killing is the end of every child, sent and scheduled ones too', async () => {
    const id = await send(rig, '/Operable/tree/send', { tag: 'tree' });
    const children = (await rig.effects.waitForSuffix('tree children ')).split(' ');
    await rig.effects.waitForCount('tree/called attempt');
    await rig.effects.waitForCount('tree/sent attempt');
    const [called = '', sent = '', delayed = ''] = children;
    assert.equal((await outputOf(rig, delayed)).status, 470);
    await operate(rig, id, 'kill');
    for (const each of [id, called, sent]) await assertFailed(each, 'killed');
    await waitFor('the end of the scheduled child', async () =>
      (await outputOf(rig, delayed)).status === 404 ? true : undefined,
    );
  });

  test('of killing a called one is the failure of its caller', async () => {
    const id = await send(rig, '/Operable/tree/send', { tag: 'caller' });
    const [called = ''] = (await rig.effects.waitForSuffix('caller children ')).split(' ');
    await rig.effects.waitForCount('caller/called attempt');
    await operate(rig, called, 'kill');
    await assertFailed(id, 'killed');
  });

  test('of cancelling reaches the called child and not the sent ones', async () => {
    const id = await send(rig, '/Operable/tree/send', { tag: 'cancelled' });
    const children = (await rig.effects.waitForSuffix('cancelled children ')).split(' ');
    const [called = '', sent = '', delayed = ''] = children;
    await rig.effects.waitForCount('cancelled/called attempt');
    await rig.effects.waitForCount('cancelled/sent attempt');
    await operate(rig, id, 'cancel');
    await assertFailed(called, 'Cancelled');
    await assertFailed(id, 'Cancelled');
    for (const each of [sent, delayed]) assert.equal((await outputOf(rig, each)).status, 470);
  });

  test('of cancelling is up to the handler', async () => {
    const id = await reach('/Operable/swallowCancel/send', 'swallow', 'swallow attempt');
    assert.equal((await operate(rig, id, 'cancel')).status, 202);
    assert.equal((await attachTo(rig, id)).json(), 'swallowed');
  });

  test('of killing the holder of a key is that the next one runs', async () => {
    const holder = await send(rig, '/OperableObject/next/wait/send', { tag: 'next-holder' });
    await rig.effects.waitForCount('next-holder attempt');
    await send(rig, '/OperableObject/next/wait/send', { tag: 'next' });
    await operate(rig, holder, 'kill');
    await rig.effects.waitForCount('next attempt');
  });

  test('of pausing one that ends without waiting is that it ends', async () => {
    const id = await reach('/Operable/busy/send', 'busy', 'busy attempt');
    assert.equal((await operate(rig, id, 'pause')).status, 202);
    rig.openGate('busy');
    assert.equal((await attachTo(rig, id)).json(), 'was busy');
  });

  test('of pausing is that answers are kept until the resumption', async () => {
    const id = await reach('/Operable/wait/send', 'kept', 'kept attempt');
    const awakeable = await rig.effects.waitForSuffix('kept awakeable ');
    await operate(rig, id, 'pause');
    await waitForPause(rig, id);
    const path = `/restate/awakeables/${awakeable}/resolve`;
    assert.equal((await rig.ingress.post(path, 'answer')).status, 202);
    assert.equal((await outputOf(rig, id)).status, 470);
    await operate(rig, id, 'resume');
    assert.equal((await attachTo(rig, id)).json(), 'answer');
  });
});
