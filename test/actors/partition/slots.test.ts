// Invocations of a scope wait for slots: who gets one when, and what frees one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';
import { T0, idOf } from './describe.ts';
import { add, completion, Machine, read, RUN, signalId, success } from './machine.ts';

const SCOPE = 's';
const GREET: InvocationTarget = {
  kind: 'service',
  service: 'Greeter',
  handler: 'greet',
  scope: SCOPE,
};
const OTHER: InvocationTarget = { ...GREET, service: 'Other' };

function addIn(key: string): InvocationTarget {
  return { ...add(key), scope: SCOPE };
}

function machineWith(limits: Readonly<Record<string, number>>): Machine {
  const machine = new Machine();
  machine.limit(limits);
  return machine;
}

/** Sends invocations of the scope, in this order. */
function send(
  machine: Machine,
  names: readonly string[],
  limitKey?: string,
  target: InvocationTarget = GREET,
): string[] {
  return names.flatMap((name) => started(machine.send(name, { target, limitKey })));
}

/** The invocations that effects start. */
function started(effects: readonly string[]): string[] {
  return effects.flatMap((effect) => /^start (\w+)#/.exec(effect)?.[1] ?? []);
}

describe('a scope with two slots', () => {
  test('starts two and has the others wait', () => {
    const machine = machineWith({ s: 2 });
    assert.deepEqual(send(machine, ['a', 'b', 'c', 'd']), ['a', 'b']);
    assert.equal(machine.status('c'), 'inboxed for a slot');
  });

  test('starts those that wait in the order in which they were accepted', () => {
    const machine = machineWith({ s: 2 });
    send(machine, ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(started(machine.succeed('b', '')), ['c']);
    assert.deepEqual(started(machine.succeed('a', '')), ['d']);
    assert.deepEqual(started(machine.succeed('d', '')), ['e']);
    assert.deepEqual(started(machine.succeed('e', '')), []);
  });

  test('has no say over other scopes, nor over what is in none', () => {
    const machine = machineWith({ s: 2 });
    send(machine, ['a', 'b', 'c']);
    assert.deepEqual(send(machine, ['t1', 't2', 't3'], undefined, { ...GREET, scope: 't' }), [
      't1',
      't2',
      't3',
    ]);
    assert.deepEqual(started(machine.send('unscoped')), ['unscoped']);
  });

  test('frees a slot with an outcome before anyone starts who waits for it', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b']);
    assert.deepEqual(machine.succeed('a', 'x'), ['release a#1', "a ended 'x'", 'start b#1 with 1']);
  });
});

describe('a slot becomes free', () => {
  const rows: ReadonlyArray<readonly [how: string, free: (machine: Machine) => readonly string[]]> =
    [
      ['by a result', (m) => m.succeed('a', '')],
      ['by a failure', (m) => m.end('a', { kind: 'fail', failure: { code: 1, message: '' } })],
      ['by a suspension', (m) => m.suspend('a', [completion(9)])],
      ['by a pause', (m) => m.end('a', { kind: 'pause', failure: { code: 1, message: '' } })],
      ['by a kill', (m) => m.operate('a', { kind: 'kill' })],
      ['by a long retry delay', (m) => m.end('a', { kind: 'retry', delayMs: durationMs(2000) })],
      [
        'by a requested pause, when the attempt fails',
        (m) => {
          m.operate('a', { kind: 'pause' });
          return m.end('a', { kind: 'retry', delayMs: durationMs(0) });
        },
      ],
    ];
  for (const [how, free] of rows) {
    test(how, () => {
      const machine = machineWith({ s: 1 });
      send(machine, ['a', 'b', 'c']);
      assert.deepEqual(started(free(machine)), ['b']);
      assert.deepEqual(started(machine.succeed('b', '')), ['c']);
    });
  }

  test('but not by a short retry delay', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b']);
    const effects = machine.end('a', { kind: 'retry', delayMs: durationMs(1999) });
    assert.deepEqual(effects, ['retry a#1 in 1999']);
    assert.ok(machine.begin('a'), 'it still has its slot');
  });

  test('and is kept by one that is resumed while it suspends', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b']);
    machine.signal('a', signalId(17));
    assert.deepEqual(started(machine.suspend('a', [signalId(17)])), ['a']);
    assert.deepEqual(started(machine.succeed('a', '')), ['b']);
  });
});

describe('an invocation that has started and lost its slot', () => {
  /** `a` is suspended; `b` has the slot, `c` waits for it. */
  function suspended(): Machine {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c']);
    machine.suspend('a', [signalId(17)]);
    return machine;
  }

  test('waits for one when it is resumed, before those that have not started', () => {
    const machine = suspended();
    assert.deepEqual(machine.signal('a', signalId(17)), ['s: signalAccepted']);
    assert.equal(machine.status('a'), 'invoked #1, slot queued');
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
    assert.deepEqual(started(machine.succeed('a', '')), ['c']);
  });

  test('collects notifications while it waits', () => {
    const machine = suspended();
    machine.signal('a', signalId(17));
    machine.signal('a', signalId(18));
    assert.deepEqual(machine.succeed('b', ''), ['release b#1', "b ended ''", 'start a#2 with 3']);
  });

  test('takes nothing from the attempt that it had before', () => {
    const machine = suspended();
    machine.signal('a', signalId(17));
    assert.deepEqual(machine.end('a', { kind: 'ended', outcome: success('late') }, 1), []);
    assert.equal(machine.status('a'), 'invoked #1, slot queued');
  });

  test('is paused at once, and resumed behind the slot', () => {
    const machine = suspended();
    machine.signal('a', signalId(17));
    assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['release a#1', 'op: accepted']);
    assert.equal(machine.status('a'), 'paused');
    assert.deepEqual(machine.operate('a', { kind: 'resume', deployment: 'keep' }), ['op: done']);
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
  });

  test('is killed without waiting', () => {
    const machine = suspended();
    machine.signal('a', signalId(17));
    const effects = machine.operate('a', { kind: 'kill' });
    assert.deepEqual(effects, ['release a#1', 'a ended 409 killed', 'op: done']);
    assert.deepEqual(started(machine.succeed('b', '')), ['c']);
  });

  test('runs to cancel itself once it has a slot', () => {
    const machine = suspended();
    machine.signal('a', signalId(17));
    machine.operate('a', { kind: 'cancel' });
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
    assert.ok(machine.journal('a').includes('¬signal 1 void'));
  });

  test('waits for one when its long retry delay is over', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c']);
    machine.end('a', { kind: 'retry', delayMs: durationMs(3000) });
    assert.equal(machine.begin('a'), undefined);
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
  });

  test('goes on when its long retry delay is over and a slot is free', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a']);
    machine.end('a', { kind: 'retry', delayMs: durationMs(3000) });
    assert.ok(machine.begin('a'));
    assert.deepEqual(send(machine, ['b']), []);
  });
});

describe('an invocation that waits for its first slot', () => {
  function waiting(): Machine {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c']);
    return machine;
  }

  test('is cancelled and killed without a trace', () => {
    const machine = waiting();
    assert.deepEqual(machine.operate('b', { kind: 'cancel' }), [
      'b ended 409 canceled',
      'op: done',
    ]);
    assert.equal(machine.status('b'), 'absent');
    assert.deepEqual(machine.operate('c', { kind: 'kill' }), ['c ended 409 killed', 'op: done']);
    assert.deepEqual(started(machine.succeed('a', '')), []);
    assert.deepEqual(send(machine, ['d']), ['d']);
  });

  test('is not ready for other operations', () => {
    const machine = waiting();
    for (const [operation, refusal] of [
      [{ kind: 'pause' }, 'notRunning'],
      [{ kind: 'resume', deployment: 'keep' }, 'notStarted'],
      [{ kind: 'purge' }, 'notCompleted'],
      [{ kind: 'purgeJournal' }, 'notCompleted'],
    ] as const) {
      assert.deepEqual(machine.operate('b', operation), [`op: ${refusal}`]);
    }
    assert.deepEqual(started(machine.succeed('a', '')), ['b']);
  });

  test('comes to it by a delayed send when that is due', () => {
    const machine = machineWith({ s: 1 });
    machine.send('late', { target: GREET, delayMs: 100 });
    send(machine, ['a', 'b']);
    assert.deepEqual(started(machine.advance(100)), []);
    send(machine, ['c']);
    for (const [done, next] of [
      ['a', 'b'],
      ['b', 'late'],
      ['late', 'c'],
    ] as const) {
      assert.deepEqual(started(machine.succeed(done, '')), [next]);
    }
  });

  test('tells who attaches, and the caller, its outcome', () => {
    const machine = waiting();
    machine.apply({ kind: 'attach', requestId: 'r', invocationId: idOf('b') });
    machine.succeed('a', '');
    assert.ok(machine.succeed('b', 'x').includes("b ended 'x'"));
  });

  test('restarted as new waits again, with its limit key', () => {
    const machine = machineWith({ 's/k': 1 });
    send(machine, ['a'], 'k');
    machine.succeed('a', '');
    send(machine, ['b'], 'k');
    machine.operate('a', {
      kind: 'restartAsNew',
      newInvocationId: idOf('again'),
      from: 0,
      deployment: 'latest',
    });
    assert.equal(machine.status('again'), 'inboxed for a slot');
    assert.deepEqual(started(machine.succeed('b', '')), ['again']);
  });
});

describe('lines of one scope', () => {
  test('take turns: by limit key, by service, by key of an exclusive handler', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a1', 'a2', 'a3'], 'a');
    send(machine, ['b1', 'b2'], 'b');
    send(machine, ['c1']);
    send(machine, ['d1'], undefined, OTHER);
    send(machine, ['o1', 'o2'], undefined, addIn('k'));
    send(machine, ['p1'], undefined, addIn('l'));
    const order: string[] = [];
    for (let next: string | undefined = 'a1'; next !== undefined;) {
      order.push(next);
      [next] = started(machine.succeed(next, ''));
    }
    const expected = ['a1', 'a2', 'b1', 'c1', 'd1', 'o1', 'p1', 'a3', 'b2', 'o2'];
    assert.deepEqual(order, expected);
  });

  test('wait for every level of the limit key', () => {
    const machine = machineWith({ s: 3, 's/a': 2, 's/a/x': 1 });
    assert.deepEqual(send(machine, ['x1', 'x2'], 'a/x'), ['x1']);
    assert.deepEqual(send(machine, ['a1', 'a2'], 'a'), ['a1']);
    assert.deepEqual(send(machine, ['s1', 's2']), ['s1']);
    assert.deepEqual(started(machine.succeed('s1', '')), ['s2']);
    assert.deepEqual(started(machine.succeed('a1', '')), ['a2']);
    assert.deepEqual(started(machine.succeed('x1', '')), ['x2']);
  });

  test('do not hold up each other at a level that only one of them needs', () => {
    const machine = machineWith({ s: 2, 's/a': 1 });
    send(machine, ['a1', 'a2', 'a3'], 'a');
    assert.deepEqual(send(machine, ['b1', 'b2'], 'b'), ['b1']);
    // Both wait for the scope now; then for their limit key or for nothing.
    assert.deepEqual(started(machine.succeed('b1', '')), ['b2']);
    assert.deepEqual(started(machine.succeed('a1', '')), ['a2']);
    assert.deepEqual(started(machine.succeed('a2', '')), ['a3']);
  });
});

describe('exclusive handlers in a scope', () => {
  test('take their key first, and no slot while they wait for it', () => {
    const machine = machineWith({ s: 2 });
    assert.deepEqual(send(machine, ['a', 'b'], undefined, addIn('k')), ['a']);
    assert.deepEqual(send(machine, ['c']), ['c']);
    assert.deepEqual(started(machine.succeed('a', '')), ['b']);
  });

  test('keep their order, whatever their limit keys', () => {
    const machine = machineWith({ 's/a': 1 });
    send(machine, ['holder'], 'a');
    send(machine, ['a'], 'a', addIn('k'));
    assert.deepEqual(send(machine, ['b'], 'b', addIn('k')), []);
    assert.deepEqual(started(machine.succeed('holder', '')), ['a']);
    assert.deepEqual(started(machine.succeed('a', '')), ['b']);
  });

  test('hand on their key when they are killed in line', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['holder']);
    send(machine, ['a', 'b'], undefined, addIn('k'));
    machine.operate('a', { kind: 'kill' });
    assert.equal(machine.status('a'), 'absent');
    assert.deepEqual(started(machine.succeed('holder', '')), ['b']);
  });

  test('keep their key while they are suspended without a slot', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a'], undefined, addIn('k'));
    send(machine, ['b'], undefined, addIn('k'));
    assert.deepEqual(started(machine.suspend('a', [signalId(17)])), []);
    machine.signal('a', signalId(17));
    assert.deepEqual(started(machine.succeed('a', '')), ['b']);
  });

  test('have a key, a state and a lock per scope', () => {
    const machine = new Machine();
    assert.deepEqual(send(machine, ['a'], undefined, addIn('k')), ['a']);
    assert.deepEqual(send(machine, ['b'], undefined, { ...add('k'), scope: 't' }), ['b']);
    assert.deepEqual(started(machine.send('c', { target: add('k') })), ['c']);
    const message = { kind: 'setState', key: new Uint8Array([1]), value: new Uint8Array([2]) };
    machine.propose('a', { message: { ...message, kind: 'setState', name: '' } });
    assert.equal(
      machine.store.getUserState({ service: 'Counter', key: 'k' }, message.key),
      undefined,
    );
    const owner = { service: 'Counter', key: 'k', scope: SCOPE };
    assert.deepEqual(machine.store.getUserState(owner, message.key), message.value);
  });

  test('are read by shared handlers of the same scope', () => {
    const machine = new Machine();
    const owner = { service: 'Counter', key: 'k', scope: SCOPE };
    machine.store.setUserState(owner, new Uint8Array([1]), new Uint8Array([2]));
    const nowMs = unixMillis(T0);
    const submission = machine.submission('r', { target: { ...read(), scope: SCOPE } });
    const command = { kind: 'submit', nowMs, requestId: 'r', submission } as const;
    const [start] = machine.effects({ ...command, awaitOutcome: false });
    assert.ok(start?.kind === 'startAttempt');
    assert.equal(start.input.state.length, 1);
  });

  test('of workflows leave nothing behind in their scope when they are purged', () => {
    const machine = new Machine();
    const owner = { service: 'Signup', key: 'w', scope: SCOPE };
    send(machine, ['run'], undefined, { ...RUN, scope: SCOPE });
    machine.store.setUserState(owner, new Uint8Array([1]), new Uint8Array([2]));
    machine.succeed('run', '');
    machine.operate('run', { kind: 'purge' });
    assert.deepEqual([...machine.store.listUserState(owner)], []);
  });
});

describe('a change of the rules', () => {
  test('starts as many as there is room for', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c', 'd']);
    assert.deepEqual(started(machine.limit({ s: 3 })), ['b', 'c']);
    assert.deepEqual(started(machine.limit({})), ['d']);
  });

  test('to fewer slots ends nothing, and starts nothing until there is room', () => {
    const machine = machineWith({ s: 3 });
    send(machine, ['a', 'b', 'c', 'd']);
    assert.deepEqual(machine.limit({ s: 1 }), []);
    assert.deepEqual(started(machine.succeed('a', '')), []);
    assert.deepEqual(started(machine.succeed('b', '')), []);
    assert.deepEqual(started(machine.succeed('c', '')), ['d']);
  });

  test('limits what has started before there was a rule', () => {
    const machine = new Machine();
    send(machine, ['a', 'b']);
    machine.limit({ s: 2 });
    assert.deepEqual(send(machine, ['c']), []);
    assert.deepEqual(started(machine.succeed('a', '')), ['c']);
  });

  test('moves a line from one level to another', () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a1', 'a2'], 'a');
    assert.deepEqual(machine.limit({ 's/a': 1 }), []);
    assert.deepEqual(started(machine.succeed('a1', '')), ['a2']);
  });

  test('starts a bounded number of a great many, and asks for more time', () => {
    const machine = machineWith({ s: 1 });
    const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
    send(machine, names);
    send(machine, ['other'], undefined, OTHER);
    const effects = machine.limit({});
    assert.equal(effects.at(-1), 'serve more slots');
    let all = started(effects);
    assert.equal(all.length, 128);
    assert.equal(effects.filter((effect) => effect === 'serve more slots').length, 1);
    for (let more = effects; more.at(-1) === 'serve more slots';) {
      more = machine.apply({ kind: 'serveSlots', nowMs: unixMillis(T0) });
      all = [...all, ...started(more)];
    }
    assert.deepEqual(all.toSorted(), [...names.slice(1), 'other'].toSorted());
    assert.deepEqual(
      all.filter((name) => name !== 'other'),
      names.slice(1),
    );
  });
});

describe('after a restart', () => {
  test('who had a slot goes on, and who waits starts in order', async () => {
    const machine = machineWith({ s: 2 });
    send(machine, ['a', 'b', 'c', 'd', 'e']);
    machine.suspend('a', [signalId(17)]);
    machine.signal('a', signalId(17));
    assert.deepEqual(await machine.restart(), ['due b#1', 'due c#1']);
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
    assert.deepEqual(started(machine.succeed('c', '')), ['d']);
    assert.deepEqual(started(machine.succeed('a', '')), ['e']);
  });

  test('the retry delay is over, but not the wait for a slot', async () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c']);
    machine.end('a', { kind: 'retry', delayMs: durationMs(3_600_000) });
    assert.deepEqual(await machine.restart(), ['due b#1']);
    assert.deepEqual(started(machine.succeed('b', '')), ['a']);
    assert.deepEqual(started(machine.succeed('a', '')), ['c']);
  });

  test('the rules of now count', async () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b', 'c', 'd']);
    machine.limits.set('s', 3);
    assert.deepEqual(await machine.restart(), ['due a#1', 'start b#1 with 1', 'start c#1 with 1']);
  });

  test('a pause that was asked for frees its slot', async () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a', 'b']);
    machine.operate('a', { kind: 'pause' });
    assert.deepEqual(await machine.restart(), ['release a#1', 'start b#1 with 1']);
  });

  test('lines take turns as before', async () => {
    const machine = machineWith({ s: 1 });
    send(machine, ['a1', 'a2', 'a3'], 'a');
    send(machine, ['b1', 'b2'], 'b');
    await machine.restart();
    const order: string[] = [];
    for (let next: string | undefined = 'a1'; next !== undefined;) {
      [next] = started(machine.succeed(next, ''));
      if (next !== undefined) order.push(next);
    }
    assert.deepEqual(order, ['a2', 'b1', 'a3', 'b2']);
  });
});

describe('with scopes switched on', () => {
  test('a pause ends the attempt at once', () => {
    const machine = new Machine({ pausesAtOnce: true });
    machine.send('a');
    assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['release a#1', 'op: accepted']);
    assert.equal(machine.status('a'), 'paused');
    assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['op: done']);
  });

  test('a suspended invocation is paused too', () => {
    const machine = new Machine({ pausesAtOnce: true });
    machine.send('a');
    machine.suspend('a', [signalId(17)]);
    assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['release a#1', 'op: accepted']);
    assert.deepEqual(machine.signal('a', signalId(17)), ['s: signalAccepted']);
    assert.equal(machine.status('a'), 'paused');
    assert.deepEqual(started(machine.operate('a', { kind: 'resume', deployment: 'keep' })), ['a']);
  });
});
