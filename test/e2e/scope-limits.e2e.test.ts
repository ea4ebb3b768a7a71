// Rules at work: what is over the limit of a scope waits for its turn, whatever becomes of the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { field, stringField } from '../support/json.ts';
import { attachTo, operate, outputOf, send } from '../support/operate.ts';
import type { Rig } from '../support/rig.ts';
import {
  assertPending,
  callIn,
  deleteRules,
  limit,
  putRules,
  sendIn,
  startScopedRig,
} from '../support/scopes.ts';
import { waitFor } from '../support/wait.ts';

let rig: Rig;
before(async () => {
  rig = await startScopedRig();
});
after(() => rig.dispose());

/** Sends handlers that run until their gate opens; `tag` names the gate and the effects. */
function hold(scope: string, tag: string, path = 'Scoped/hold'): Promise<string> {
  return sendIn(rig, scope, path, tag);
}

async function holdAll(scope: string, tags: readonly string[], path?: string): Promise<string[]> {
  const ids: string[] = [];
  for (const tag of tags) ids.push(await hold(scope, tag, path));
  return ids;
}

function awaitAttempt(tag: string, count = 1): Promise<void> {
  return rig.effects.waitForCount(`${tag} attempt`, count);
}

/** Lets a handler end and waits until it has. */
async function finish(id: string, tag: string): Promise<void> {
  rig.openGate(tag);
  assert.equal((await attachTo(rig, id)).json(), tag);
}

/** The attempts of handlers whose tag begins like this, in their order. */
function attemptsOf(prefix: string): string[] {
  return rig.effects
    .lines()
    .filter((line) => line.startsWith(prefix) && line.endsWith(' attempt'))
    .map((line) => line.slice(0, -' attempt'.length));
}

async function assertAllPending(ids: readonly string[]): Promise<void> {
  for (const id of ids) await assertPending(rig, id);
}

describe('a rule of one invocation at a time', () => {
  test('runs one after the other, in the order in which they were accepted', async () => {
    await limit(rig, { one: 1 });
    const tags = ['one-1', 'one-2', 'one-3', 'one-4', 'one-5'];
    const ids = await holdAll('one', tags);
    await awaitAttempt('one-1');
    await assertAllPending(ids.slice(1));
    assert.equal((await outputOf(rig, ids[1] ?? '')).status, 470);
    for (const tag of tags) rig.openGate(tag);
    for (const id of ids) assert.equal((await attachTo(rig, id)).status, 200);
    const expected = tags.flatMap((tag) => [`${tag} attempt`, `${tag} done`]);
    assert.deepEqual(
      rig.effects.lines().filter((line) => line.startsWith('one-')),
      expected,
    );
  });

  test('has the client of a call wait', async () => {
    await limit(rig, { call: 1 });
    const id = await hold('call', 'call-1');
    await awaitAttempt('call-1');
    const called = callIn(rig, 'call', 'Scoped/echo', 'waited');
    await finish(id, 'call-1');
    assert.equal((await called).json(), 'waited');
  });

  test('has a delayed send wait from the moment that it is due', async () => {
    await limit(rig, { 'due/k': 1 });
    const path = 'Scoped/hold?limit-key=k';
    const late = await hold('due', 'due-late', `${path}&delay=200ms`);
    const [first = '', second = ''] = await holdAll('due', ['due-1', 'due-2'], path);
    // Its timer is the next one of the same partition.
    await hold('due', 'later', 'Scoped/hold?delay=250ms');
    await awaitAttempt('later');
    const last = await hold('due', 'due-3', path);
    for (const [id, tag] of [
      [first, 'due-1'],
      [second, 'due-2'],
      [late, 'due-late'],
      [last, 'due-3'],
    ] as const) {
      await finish(id, tag);
    }
    assert.deepEqual(attemptsOf('due-'), ['due-1', 'due-2', 'due-late', 'due-3']);
  });

  test('says nothing about other scopes', async () => {
    await limit(rig, { mine: 1 });
    await holdAll('mine', ['mine-1', 'mine-2']);
    await holdAll('yours', ['yours-1', 'yours-2']);
    await send(rig, '/Scoped/hold/send', 'nobodys');
    for (const tag of ['mine-1', 'yours-1', 'yours-2', 'nobodys']) await awaitAttempt(tag);
    assert.deepEqual(attemptsOf('mine-'), ['mine-1']);
  });
});

test('a rule for any scope limits each of them, and nothing outside of scopes', async () => {
  await limit(rig, { '*': 1 });
  const [, x2 = ''] = await holdAll('any-x', ['any-x1', 'any-x2']);
  const [, y2 = ''] = await holdAll('any-y', ['any-y1', 'any-y2']);
  for (const tag of ['any-01', 'any-02']) await send(rig, '/Scoped/hold/send', tag);
  for (const tag of ['any-x1', 'any-y1', 'any-01', 'any-02']) await awaitAttempt(tag);
  await assertAllPending([x2, y2]);
  await deleteRules(rig, '*');
});

describe('waiting handlers of one scope', () => {
  test('take turns by limit key and by object', async () => {
    await limit(rig, { turns: 1 });
    const sends = [
      ['turns-a1', 'Scoped/hold?limit-key=a'],
      ['turns-a2', 'Scoped/hold?limit-key=a'],
      ['turns-a3', 'Scoped/hold?limit-key=a'],
      ['turns-b1', 'Scoped/hold?limit-key=b'],
      ['turns-b2', 'Scoped/hold?limit-key=b'],
      ['turns-c1', 'Scoped/hold'],
      ['turns-o1', 'ScopedObject/k/hold'],
      ['turns-o2', 'ScopedObject/k/hold'],
    ] as const;
    const ids: string[] = [];
    for (const [tag, path] of sends) ids.push(await hold('turns', tag, path));
    await awaitAttempt('turns-a1');
    for (const [tag] of sends) rig.openGate(tag);
    for (const id of ids) await attachTo(rig, id);
    const order = ['a1', 'a2', 'b1', 'c1', 'o1', 'a3', 'b2', 'o2'].map((tag) => `turns-${tag}`);
    assert.deepEqual(attemptsOf('turns-'), order);
  });

  test('wait for every level of their limit key', async () => {
    await limit(rig, { levels: 3, 'levels/a': 1, 'levels/a/b': 1 });
    const [ab1 = '', ab2 = ''] = await holdAll(
      'levels',
      ['levels-ab1', 'levels-ab2'],
      'Scoped/hold?limit-key=a/b',
    );
    const [a1 = ''] = await holdAll('levels', ['levels-a1'], 'Scoped/hold?limit-key=a');
    const [x1 = '', , x3 = ''] = await holdAll('levels', ['levels-x1', 'levels-x2', 'levels-x3']);
    for (const tag of ['levels-ab1', 'levels-x1', 'levels-x2']) await awaitAttempt(tag);
    await assertAllPending([ab2, a1, x3]);
    await finish(x1, 'levels-x1');
    await awaitAttempt('levels-x3');
    await finish(ab1, 'levels-ab1');
    await waitFor('the next one of the limit key', () =>
      attemptsOf('levels-a').length === 2 ? true : undefined,
    );
  });

  test('do not wait for slots while they wait for an object', async () => {
    await limit(rig, { locked: 2 });
    const [, second = ''] = await holdAll(
      'locked',
      ['locked-1', 'locked-2'],
      'ScopedObject/k/hold',
    );
    await hold('locked', 'locked-3');
    await awaitAttempt('locked-1');
    await awaitAttempt('locked-3');
    await assertPending(rig, second);
  });
});

describe('of several patterns that match', () => {
  /** In the order of their weight; each allows one more than the one before. */
  const weights: ReadonlyArray<readonly [limitKey: string, patterns: readonly string[]]> = [
    ['', ['w', '*']],
    ['a', ['w/a', 'w/*', '*/a', '*/*']],
    ['a/b', ['w/a/b', 'w/a/*', 'w/*/b', 'w/*/*', '*/a/b', '*/a/*', '*/*/b', '*/*/*']],
  ];
  for (const [limitKey, patterns] of weights) {
    test(`the most specific one counts for ${limitKey === '' ? 'the scope' : limitKey}`, async () => {
      const path = `Scoped/hold?limit-key=${limitKey}`;
      const name = (index: number): string => `w-${limitKey}-${index}`;
      await limit(rig, Object.fromEntries(patterns.map((pattern, index) => [pattern, index + 1])));
      const ids = [await hold('w', name(0), path)];
      for (const [index, pattern] of patterns.entries()) {
        const next = await hold('w', name(index + 1), path);
        ids.push(next);
        await awaitAttempt(name(index));
        await assertPending(rig, next);
        await deleteRules(rig, pattern);
      }
      // Under no rule any more.
      await awaitAttempt(name(patterns.length));
      for (const [index, id] of ids.entries()) await finish(id, name(index));
    });
  }
});

describe('a slot becomes free', () => {
  test('by a suspension; who is resumed goes before those that have not started', async () => {
    await limit(rig, { sus: 1 });
    const suspended = await hold('sus', 'sus-s', 'Scoped/waitSuspended');
    const awakeable = await rig.effects.waitForSuffix('sus-s awakeable ');
    const [first = '', second = ''] = await holdAll('sus', ['sus-1', 'sus-2']);
    await awaitAttempt('sus-1');
    await assertPending(rig, second);
    await rig.ingress.post(`/restate/a/${awakeable}/resolve`, 'woken');
    assert.equal((await outputOf(rig, suspended)).status, 470);
    await finish(first, 'sus-1');
    assert.equal((await attachTo(rig, suspended)).json(), 'woken');
    await finish(second, 'sus-2');
    assert.deepEqual(attemptsOf('sus-'), ['sus-s', 'sus-1', 'sus-s', 'sus-2']);
  });

  test('by a pause after the last attempt; who is resumed waits for a slot', async () => {
    await limit(rig, { pau: 1 });
    const paused = await hold('pau', 'pau-p', 'Scoped/pause');
    const [first = '', second = ''] = await holdAll('pau', ['pau-1', 'pau-2']);
    await awaitAttempt('pau-1');
    assert.equal((await operate(rig, paused, 'resume')).status, 200);
    await finish(first, 'pau-1');
    await awaitAttempt('pau-p', 2);
    await assertPending(rig, second);
    await finish(paused, 'pau-p');
    await finish(second, 'pau-2');
  });

  test('by an operator who pauses, at once', async () => {
    await limit(rig, { paused: 1 });
    const [first = '', second = ''] = await holdAll('paused', ['paused-1', 'paused-2']);
    await awaitAttempt('paused-1');
    assert.equal((await operate(rig, first, 'pause')).status, 202);
    await awaitAttempt('paused-2');
    assert.equal((await operate(rig, first, 'pause')).status, 200);
    assert.equal((await operate(rig, first, 'resume')).status, 200);
    await finish(second, 'paused-2');
    await awaitAttempt('paused-1', 2);
    await finish(first, 'paused-1');
  });

  test('by a long retry delay; who is tried again waits for a slot', async () => {
    await limit(rig, { long: 1 });
    const failing = await sendIn(rig, 'long', 'Scoped/retryAfter', {
      tag: 'long-r',
      ms: 3_600_000,
    });
    await awaitAttempt('long-r');
    const [first = '', second = ''] = await holdAll('long', ['long-1', 'long-2']);
    await awaitAttempt('long-1');
    assert.equal((await operate(rig, failing, 'resume')).status, 200);
    await finish(first, 'long-1');
    await awaitAttempt('long-r', 2);
    await assertPending(rig, second);
    await finish(failing, 'long-r');
    await finish(second, 'long-2');
  });

  test('but not by a short retry delay', async () => {
    await limit(rig, { short: 1 });
    const failing = await sendIn(rig, 'short', 'Scoped/retryAfter', { tag: 'short-r', ms: 1000 });
    await awaitAttempt('short-r');
    const waiting = await hold('short', 'short-1');
    await awaitAttempt('short-r', 2);
    await assertPending(rig, waiting);
    await finish(failing, 'short-r');
    await finish(waiting, 'short-1');
  });

  for (const verb of ['kill', 'cancel'] as const) {
    test(`by a ${verb}`, async () => {
      await limit(rig, { [verb]: 1 });
      const running = await hold(verb, `${verb}-1`, 'Scoped/wait');
      await rig.effects.waitForSuffix(`${verb}-1 awakeable `);
      const waiting = await hold(verb, `${verb}-2`);
      await assertPending(rig, waiting);
      await operate(rig, running, verb);
      assert.equal((await attachTo(rig, running)).status, 409);
      await awaitAttempt(`${verb}-2`);
      await finish(waiting, `${verb}-2`);
    });
  }
});

describe('an invocation that waits for a slot', () => {
  let running = '';
  before(async () => {
    await limit(rig, { ops: 1 });
    running = await hold('ops', 'ops-0');
    await awaitAttempt('ops-0');
  });

  for (const [verb, message] of [
    ['cancel', 'canceled'],
    ['kill', 'killed'],
  ] as const) {
    test(`is gone after a ${verb}`, async () => {
      const idempotencyKey = `ops-${verb}`;
      const called = rig.ingress.post('/restate/scope/ops/call/Scoped/hold', idempotencyKey, {
        'idempotency-key': idempotencyKey,
      });
      const target = { target: 'idempotentInvocation', service: 'Scoped', handler: 'hold' };
      const lookup = { ...target, idempotencyKey, scope: 'ops' };
      const found = await rig.ingress.post('/restate/lookup', lookup);
      const id = stringField(found.json(), 'invocationId');
      await waitFor('the call', async () =>
        (await outputOf(rig, id)).status === 470 ? 1 : undefined,
      );
      const reply = await operate(rig, id, verb);
      assert.deepEqual([reply.status, reply.text()], [200, '']);
      assert.equal(field((await called).json(), 'message'), message);
      assert.equal((await outputOf(rig, id)).status, 404);
    });
  }

  for (const [verb, status, text] of [
    ['pause', 409, 'is not running, cannot be paused.'],
    ['resume', 425, 'is either inboxed or scheduled, cannot be resumed.'],
    ['restart-as-new', 425, "cannot be restarted because it's not running yet."],
    ['purge', 409, 'is not yet completed.'],
    ['purge-journal', 409, 'is not yet completed.'],
  ] as const) {
    test(`refuses ${verb}`, async () => {
      const id = await hold('ops', `ops-${verb}`);
      const reply = await operate(rig, id, verb);
      assert.equal(reply.status, status);
      const message = `The invocation '${id}' ${text}`;
      assert.deepEqual(reply.json(), { message, restate_code: null });
      rig.openGate(`ops-${verb}`);
    });
  }

  test('is none the worse for it', async () => {
    await finish(running, 'ops-0');
    const last = await hold('ops', 'ops-last');
    await finish(last, 'ops-last');
    assert.deepEqual(attemptsOf('ops-'), [
      'ops-0',
      ...['pause', 'resume', 'restart-as-new', 'purge', 'purge-journal'].map(
        (verb) => `ops-${verb}`,
      ),
      'ops-last',
    ]);
  });
});

describe('a changed rule', () => {
  test('lets more of those that wait run', async () => {
    await limit(rig, { more: 1 });
    const ids = await holdAll('more', ['more-1', 'more-2', 'more-3', 'more-4']);
    await awaitAttempt('more-1');
    await limit(rig, { more: 3 });
    await awaitAttempt('more-2');
    await awaitAttempt('more-3');
    await assertPending(rig, ids[3] ?? '');
  });

  test('lets fewer run from then on', async () => {
    await limit(rig, { fewer: 3 });
    const [a = '', b = '', c = ''] = await holdAll('fewer', ['fewer-1', 'fewer-2', 'fewer-3']);
    for (const tag of ['fewer-1', 'fewer-2', 'fewer-3']) await awaitAttempt(tag);
    await limit(rig, { fewer: 1 });
    const waiting = await hold('fewer', 'fewer-4');
    await finish(a, 'fewer-1');
    await finish(b, 'fewer-2');
    await assertPending(rig, waiting);
    await finish(c, 'fewer-3');
    await awaitAttempt('fewer-4');
  });

  for (const how of ['disabled', 'deleted', 'without limits'] as const) {
    test(`${how} lets all of them run`, async () => {
      const scope = how.replace(' ', '-');
      await limit(rig, { [scope]: 1 });
      const tags = [1, 2, 3, 4].map((n) => `${scope}-${n}`);
      const ids = await holdAll(scope, tags);
      await awaitAttempt(`${scope}-1`);
      await assertAllPending(ids.slice(1));
      if (how === 'deleted') await deleteRules(rig, scope);
      else {
        const limits = how === 'disabled' ? { concurrency: 1 } : {};
        await putRules(rig, [{ pattern: scope, limits, disabled: how === 'disabled' }]);
      }
      for (const tag of tags) await awaitAttempt(tag);
    });
  }

  test('counts what runs already', async () => {
    const [a = ''] = await holdAll('late', ['late-1', 'late-2']);
    for (const tag of ['late-1', 'late-2']) await awaitAttempt(tag);
    await limit(rig, { late: 2 });
    const waiting = await hold('late', 'late-3');
    await assertPending(rig, waiting);
    await finish(a, 'late-1');
    await awaitAttempt('late-3');
  });
});

describe('a caller and its callee in one limited scope', () => {
  test('both get their turn, for a caller that is suspended has no slot', async (t) => {
    const version = (await rig.admin.get('/version')).json();
    if (field(field(version, 'features'), 'protocol_v7') !== true) {
      return t.skip('the server does not speak service protocol 7');
    }
    await limit(rig, { nested: 1 });
    const call = { scope: 'nested', handler: 'echo', input: 'from below' };
    const reply = await callIn(rig, 'nested', 'Scoped/callSuspended', call);
    assert.equal(reply.json(), 'from below');
  });
});

test('a pause takes effect at once, on suspended invocations too', async () => {
  const suspended = await send(rig, '/Scoped/waitSuspended/send', 'psus');
  await rig.effects.waitForCount('psus left');
  await waitFor('the suspension to be taken in', async () => {
    const { status } = await operate(rig, suspended, 'pause');
    return status === 200 ? true : undefined;
  });
  await operate(rig, suspended, 'resume');
  await awaitAttempt('psus', 2);
});

describe('after kill -9', () => {
  test('those that wait for a slot get it in order, one at a time', async () => {
    await limit(rig, { crash: 1 });
    const tags = ['crash-1', 'crash-2', 'crash-3', 'crash-4', 'crash-5'];
    const ids = await holdAll('crash', tags);
    await awaitAttempt('crash-1');
    await assertAllPending(ids.slice(1));
    await rig.crash();
    // The reference may hand the slot to the next one; whoever has it, the others wait.
    await waitFor('an attempt', () => (attemptsOf('crash-').length > 1 ? true : undefined));
    await assertAllPending(ids.slice(2));
    for (const tag of tags) rig.openGate(tag);
    for (const id of ids) assert.equal((await attachTo(rig, id)).status, 200);
    const done = rig.effects
      .lines()
      .filter((line) => line.startsWith('crash-') && line.endsWith(' done'));
    assert.deepEqual(
      done.toSorted(),
      tags.map((tag) => `${tag} done`),
    );
    const waiting = attemptsOf('crash-').filter((tag) => tag !== 'crash-1');
    assert.deepEqual(waiting, tags.slice(1));
  });

  test('who is suspended, paused or backs off has no slot, and waits for one', async () => {
    await limit(rig, { crash2: 1 });
    const suspended = await hold('crash2', 'crash2-s', 'Scoped/waitSuspended');
    const awakeable = await rig.effects.waitForSuffix('crash2-s awakeable ');
    await rig.effects.waitForCount('crash2-s left');
    const failing = { tag: 'crash2-r', ms: 3_600_000 };
    const retried = await sendIn(rig, 'crash2', 'Scoped/retryAfter', failing);
    await awaitAttempt('crash2-r');
    const [first = '', second = ''] = await holdAll('crash2', ['crash2-1', 'crash2-2']);
    await awaitAttempt('crash2-1');
    await rig.ingress.post(`/restate/a/${awakeable}/resolve`, 'woken');
    await rig.crash();
    for (const tag of ['crash2-1', 'crash2-2', 'crash2-r']) rig.openGate(tag);
    for (const id of [first, second, suspended]) {
      assert.equal((await attachTo(rig, id)).status, 200);
    }
    await operate(rig, retried, 'resume');
    assert.equal((await attachTo(rig, retried)).status, 200);
  });

  test('a rule still counts that was made before', async () => {
    await limit(rig, { crash3: 1 });
    await rig.crash();
    const [first = '', second = ''] = await holdAll('crash3', ['crash3-1', 'crash3-2']);
    await awaitAttempt('crash3-1');
    await assertPending(rig, second);
    await finish(first, 'crash3-1');
    await finish(second, 'crash3-2');
  });
});
