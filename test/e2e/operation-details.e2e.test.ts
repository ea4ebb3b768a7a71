// Operations with details: where an invocation goes on, how much of its journal is kept, many at once,
// and edits of state. Source: reference contract, "Invocation operations", "Batch routes", "State edit".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field, stringField } from '../support/json.ts';
import { attachTo, operate, outputOf, send, UNKNOWN_ID, waitForPause } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';

let rig: Rig;
let first: string;
before(async () => {
  rig = await Rig.start({});
  first = await rig.deploy({ modules: ['operable'] });
});
after(() => rig.dispose());

const UNKNOWN_DEPLOYMENT = 'dp_11nUDTmrnIQh1DcnTIQmUtt';

function assertRefused(reply: HttpReply, status: number, message: string): void {
  assert.equal(reply.status, status, reply.text());
  assert.deepEqual(reply.json(), { message, restate_code: null });
}

async function complete(tag: string): Promise<string> {
  const id = await send(rig, '/Operable/complete/send', { tag });
  assert.equal((await attachTo(rig, id)).json(), 'done');
  return id;
}

describe('restarting as new', () => {
  async function restart(id: string, query: string): Promise<string> {
    const reply = await operate(rig, id, `restart-as-new${query}`);
    assert.equal(reply.status, 200, reply.text());
    const newId = stringField(reply.json(), 'new_invocation_id');
    assert.equal((await attachTo(rig, newId)).json(), 'done');
    return newId;
  }

  // The journal is Input, Run 1, its completion, Run 2, its completion, Output.
  const rows = [
    ['', 2, 2],
    ['?from=0', 2, 2],
    ['?from=1', 1, 2],
    ['?from=2', 1, 2],
    ['?from=3&deployment=keep', 1, 1],
    ['?from=5', 1, 1],
  ] as const;
  for (const [query, firstRuns, secondRuns] of rows) {
    test(`${query || 'without details'} runs the steps that it does not copy`, async () => {
      const tag = `restart${query}`;
      const id = await complete(tag);
      await restart(id, query);
      const runs = ['#1', '#2'].map((step) => rig.effects.count(`run ${tag}${step}`));
      assert.deepEqual(runs, [firstRuns, secondRuns]);
    });
  }

  test('has refusals of its own', async () => {
    const id = await complete('restart refusals');
    assertRefused(
      await operate(rig, id, 'restart-as-new?from=6'),
      400,
      `The prefix of the journal '${id}' up to 'from' (included) contains some Commands without respective Completions.`,
    );
    assertRefused(
      await operate(rig, id, `restart-as-new?deployment=${UNKNOWN_DEPLOYMENT}&from=20`),
      400,
      `The given deployment was not found when trying to restart as new the invocation '${id}'.`,
    );
    assertRefused(
      await operate(rig, id, 'restart-as-new?deployment=bad'),
      400,
      "The query parameter 'deployment' is invalid. Reason: bad format",
    );
    const negative = await operate(rig, id, 'restart-as-new?from=-1');
    assert.equal(negative.status, 400);
    assert.equal(
      negative.text(),
      'Failed to deserialize query string: from: invalid digit found in string',
    );
    await operate(rig, id, 'purge-journal');
    assertRefused(
      await operate(rig, id, 'restart-as-new'),
      410,
      `The invocation '${id}' cannot be restarted because the input is not available. This indicates that the journal was already purged, or not retained at all.`,
    );
  });

  test('is not supported for workflows', async () => {
    const id = await send(rig, '/OperableWorkflow/restart/run/send', 'value');
    await attachTo(rig, id);
    assertRefused(
      await operate(rig, id, 'restart-as-new'),
      422,
      `Restarting the invocation '${id}' is not supported. Restarting workflows is not supported, and restarting invocations created using the old service protocol.`,
    );
  });
});

describe('purging a workflow', () => {
  test('takes its state and its promises along, and it may run again', async () => {
    const path = '/OperableWorkflow/purged';
    const look = async () => (await rig.ingress.post(`${path}/look`)).json();
    const id = await send(rig, `${path}/run/send`, 'first');
    assert.equal((await attachTo(rig, id)).json(), 'ran with first');
    assert.deepEqual(await look(), ['first', 'first']);
    assert.equal((await operate(rig, id, 'purge')).status, 200);
    assert.deepEqual(await look(), [null, null]);
    assert.equal(await send(rig, `${path}/run/send`, 'second'), id);
    assert.equal((await attachTo(rig, id)).json(), 'ran with second');
  });
});

describe('operations on many invocations', () => {
  function batch(verb: string, body: unknown): Promise<HttpReply> {
    return rig.admin.post(`/internal/invocations_batch_operations/${verb}`, body);
  }

  test('say of each what came of it', async () => {
    const done = await complete('batch');
    const scheduled = await send(rig, '/Operable/wait/send?delay=1h', { tag: 'batch scheduled' });
    const rows = [
      ['pause', 'is not running, cannot be paused', 'is not running, cannot be paused'],
      [
        'resume',
        'is completed, cannot be resumed',
        'is either inboxed or scheduled, cannot be resumed',
      ],
      ['purge-journal', undefined, 'is not yet completed'],
      ['purge', undefined, 'is not yet completed'],
      ['kill', 'not found', undefined],
      ['cancel', 'not found', 'not found'],
    ] as const;
    for (const [verb, ofDone, ofScheduled] of rows) {
      const reply = await batch(verb, { invocation_ids: [done, UNKNOWN_ID, scheduled] });
      assert.equal(reply.status, 200, reply.text());
      const errors = [
        [done, ofDone],
        [UNKNOWN_ID, 'not found'],
        [scheduled, ofScheduled],
      ] as const;
      assert.deepEqual(
        reply.json(),
        {
          succeeded: errors.filter(([, error]) => error === undefined).map(([id]) => id),
          failed: errors
            .filter(([, error]) => error !== undefined)
            .map(([id, error]) => ({ invocation_id: id, error: `Invocation '${id}' ${error}` })),
        },
        verb,
      );
    }
  });

  test('restart as new and name both', async () => {
    const id = await complete('batch restart');
    const reply = await batch('restart-as-new', { invocation_ids: [id], deployment: 'Latest' });
    const succeeded = field(reply.json(), 'succeeded');
    assert.ok(Array.isArray(succeeded));
    const newId = stringField(succeeded[0], 'new_invocation_id');
    assert.deepEqual(reply.json(), {
      succeeded: [{ old_invocation_id: id, new_invocation_id: newId }],
      failed: [],
    });
    assert.equal((await attachTo(rig, newId)).json(), 'done');
    const unknown = await batch('restart-as-new', {
      invocation_ids: [id],
      deployment: UNKNOWN_DEPLOYMENT,
    });
    const error = `Deployment not found when restarting invocation '${id}'`;
    assert.deepEqual(unknown.json(), { succeeded: [], failed: [{ invocation_id: id, error }] });
  });

  test('are refused as a whole when the request is malformed', async () => {
    const tooMany = { invocation_ids: Array.from({ length: 1001 }, () => UNKNOWN_ID) };
    assertRefused(
      await batch('kill', tooMany),
      400,
      'Batch size 1001 exceeds maximum allowed size of 1000',
    );
    assertRefused(
      await batch('resume', { invocation_ids: [UNKNOWN_ID], deployment: 'bad' }),
      400,
      "The request field 'deployment' is invalid. Reason: bad format",
    );
    const rows = [
      [{ invocation_ids: ['bad'] }, /invocation_ids\[0\]: bad format/],
      [{ invocation_ids: [UNKNOWN_ID, 7] }, /invocation_ids\[1\]: /],
      [{}, /invocation_ids/],
    ] as const;
    for (const [body, message] of rows) {
      const reply = await batch('kill', body);
      assert.equal(reply.status, 422, JSON.stringify(body));
      assert.match(reply.text(), /^Failed to deserialize the JSON body into the target type: /);
      assert.match(reply.text(), message);
    }
    assert.deepEqual((await batch('kill', { invocation_ids: [] })).json(), {
      succeeded: [],
      failed: [],
    });
  });
});

describe('a state edit', () => {
  function edit(service: string, body: unknown): Promise<HttpReply> {
    return rig.admin.post(`/services/${service}/state`, body);
  }

  function state(key: string): Promise<unknown> {
    return rig.ingress.post(`/OperableObject/${key}/state`).then((reply) => reply.json());
  }

  const ONE = [...Buffer.from('1')];

  test('replaces the whole state of a key', async () => {
    const reply = await edit('OperableObject', {
      object_key: 'replaced',
      new_state: { a: ONE, b: '"text"' },
    });
    assert.deepEqual([reply.status, reply.body.length], [202, 0]);
    assert.deepEqual(await state('replaced'), { a: 1, b: 'text' });
    await edit('OperableObject', { object_key: 'replaced', new_state: {} });
    assert.deepEqual(await state('replaced'), {});
  });

  test('made for another version is accepted and not applied', async () => {
    const object_key = 'versioned';
    await edit('OperableObject', { object_key, new_state: { name: 'null' } });
    const stale = 'tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM';
    const rejected = await edit('OperableObject', {
      object_key,
      new_state: { a: ONE },
      version: stale,
    });
    assert.equal(rejected.status, 202);
    assert.deepEqual(await state(object_key), { name: null });
    await edit('OperableObject', { object_key, new_state: {}, version: null });
    const empty = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';
    await edit('OperableObject', { object_key, new_state: { a: ONE }, version: empty });
    assert.deepEqual(await state(object_key), { a: 1 });
  });

  test('waits for the handler that holds the key', async () => {
    const holder = await send(rig, '/OperableObject/held/wait/send', { tag: 'held' });
    await rig.effects.waitForCount('held attempt');
    const reply = await edit('OperableObject', { object_key: 'held', new_state: { a: ONE } });
    assert.equal(reply.status, 202);
    const behind = await send(rig, '/OperableObject/held/put/send', 'later');
    assert.deepEqual(await state('held'), {});
    await operate(rig, holder, 'kill');
    await attachTo(rig, behind);
    assert.deepEqual(await state('held'), { a: 1, value: 'later' });
  });

  test('takes turns with the invocations of the key, across a crash too', async () => {
    const at = '/OperableObject/turns';
    const object_key = 'turns';
    const holder = await send(rig, `${at}/wait/send`, { tag: 'turns' });
    await rig.effects.waitForCount('turns attempt');
    await edit('OperableObject', { object_key, new_state: { a: ONE } });
    await send(rig, `${at}/put/send`, 'between');
    await edit('OperableObject', { object_key, new_state: { b: ONE } });
    const last = await send(rig, `${at}/put/send`, 'last');
    await rig.crash();
    assert.deepEqual(await state('turns'), {});
    await operate(rig, holder, 'kill');
    await attachTo(rig, last);
    assert.deepEqual(await state('turns'), { b: 1, value: 'last' });
  });

  test('is possible for workflows and for services that are gone, if it clears', async () => {
    const cleared = { object_key: 'k', new_state: {} };
    const set = { object_key: 'k', new_state: { a: ONE } };
    assert.equal((await edit('OperableWorkflow', set)).status, 202);
    assert.equal((await edit('Gone', cleared)).status, 202);
    assertRefused(await edit('Gone', set), 404, "The requested service 'Gone' does not exist");
    assertRefused(await edit('Operable', set), 400, 'Cannot modify state for service type Service');
  });

  test('must have its form', async () => {
    const rows = [
      { new_state: {} },
      { object_key: 'k' },
      { object_key: 5, new_state: {} },
      { object_key: 'k', new_state: { a: 57 } },
      { object_key: 'k', new_state: { a: [300] } },
      { object_key: 'k', new_state: {}, version: 5 },
    ];
    for (const body of rows) {
      const reply = await edit('OperableObject', body);
      assert.equal(reply.status, 422, JSON.stringify(body));
      assert.match(reply.text(), /^Failed to deserialize the JSON body into the target type: /);
    }
    assertRefused(
      await edit('OperableObject', { object_key: 'k', new_state: {}, scope: 'b c' }),
      500,
      'bad scope: value contains characters outside the allowed set [a-zA-Z0-9_.-]',
    );
  });

  // The reference keeps such a state where no handler finds it.
  const keptUnseen = skippedOnReference('accepts it');
  test('in a scope needs scopes', { skip: keptUnseen }, async () => {
    const edited = { object_key: 'k', new_state: {}, scope: 's' };
    const message = 'scoped state requires vqueues to be enabled';
    assertRefused(await edit('OperableObject', edited), 400, message);
  });
});

describe('resuming on another deployment', () => {
  async function pauseUpgrade(tag: string): Promise<string> {
    const id = await send(rig, '/Operable/upgrade/send', { tag });
    await rig.effects.waitForCount(`${tag} attempt on 1`, 2);
    await waitForPause(rig, id);
    return id;
  }

  test('needs a pinned, resting invocation and a known deployment', async () => {
    const running = await send(rig, '/Operable/wait/send', { tag: 'moved' });
    await rig.effects.waitForCount('moved attempt');
    assertRefused(
      await operate(rig, running, 'resume?deployment=latest'),
      409,
      `The invocation '${running}' is still running or the deployment id is not pinned yet, deployment id cannot be changed.`,
    );
    const unpinned = await send(rig, '/Operable/pause/send', { tag: 'unpinned' });
    await waitForPause(rig, unpinned);
    assert.equal((await operate(rig, unpinned, `resume?deployment=${first}`)).status, 409);
    assert.equal((await operate(rig, unpinned, 'resume?deployment=latest')).status, 200);
    const pinned = await pauseUpgrade('pinned');
    assertRefused(
      await operate(rig, pinned, `resume?deployment=${UNKNOWN_DEPLOYMENT}`),
      400,
      `The given deployment was not found when trying to resume the invocation '${pinned}'.`,
    );
    assertRefused(
      await operate(rig, pinned, 'resume?deployment=bad'),
      400,
      "The query parameter 'deployment' is invalid. Reason: bad format",
    );
  });

  test('moves the invocation with its journal', async () => {
    const byId = await pauseUpgrade('by id');
    const toLatest = await pauseUpgrade('to latest');
    const kept = await pauseUpgrade('kept');
    const second = await rig.deploy({ modules: ['operable'], environment: { REVISION: '2' } });
    assert.notEqual(second, first);
    assert.equal((await operate(rig, kept, 'resume?deployment=keep')).status, 200);
    await rig.effects.waitForCount('kept attempt on 1', 4);
    assert.equal((await outputOf(rig, kept)).status, 470);
    assert.equal((await operate(rig, byId, `resume?deployment=${second}`)).status, 200);
    assert.equal((await operate(rig, toLatest, 'resume?deployment=latest')).status, 200);
    assert.equal((await attachTo(rig, byId)).json(), 'served by 2');
    assert.equal((await attachTo(rig, toLatest)).json(), 'served by 2');
    assert.equal(rig.effects.count('run by id#1'), 1);
  });
});
