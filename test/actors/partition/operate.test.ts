// What an operator asks of an invocation, by its state.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InvocationOperation } from '../../../src/actors/partition/command.ts';
import type { DeploymentId } from '../../../src/actors/domain/ids.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { idOf } from './describe.ts';
import { call, oneWayCall, run } from './entries.ts';
import { Machine, PIN, REACHABLE_STATES, add, signalId } from './machine.ts';
import type { ReachableState } from './machine.ts';

const KEEP: InvocationOperation = { kind: 'resume', deployment: 'keep' };
const OTHER = 'dp_1other' as DeploymentId;

const OUTCOMES: Readonly<Record<ReachableState, Readonly<Record<string, string>>>> = {
  scheduled: outcomes('done', 'done', 'notRunning', 'notStarted', 'notCompleted'),
  inboxed: outcomes('done', 'done', 'notRunning', 'notStarted', 'notCompleted'),
  invoked: outcomes('accepted', 'done', 'accepted', 'done', 'notCompleted'),
  suspended: outcomes('accepted', 'done', 'done', 'done', 'notCompleted'),
  paused: outcomes('accepted', 'done', 'done', 'done', 'notCompleted'),
  completed: outcomes(
    'alreadyCompleted',
    'alreadyCompleted',
    'notRunning',
    'alreadyCompleted',
    'done',
  ),
};

function outcomes(cancel: string, kill: string, pause: string, resume: string, purge: string) {
  return { cancel, kill, pause, resume, purge, purgeJournal: purge };
}

function operation(kind: string): InvocationOperation {
  switch (kind) {
    case 'cancel':
    case 'kill':
    case 'pause':
    case 'purge':
    case 'purgeJournal':
      return { kind };
    default:
      return KEEP;
  }
}

describe('an invocation that is', () => {
  for (const state of REACHABLE_STATES) {
    for (const [kind, outcome] of Object.entries(OUTCOMES[state])) {
      test(`${state} answers ${kind} with ${outcome}`, () => {
        const machine = new Machine();
        machine.bring('a', state);
        const effects = machine.operate('a', operation(kind));
        assert.equal(effects.at(-1), `op: ${outcome}`);
      });
    }
  }

  test('unknown is not found', () => {
    assert.deepEqual(new Machine().operate('a', KEEP), ['op: notFound']);
  });
});

test('a kill ends the invocation and releases its attempt', () => {
  const machine = new Machine();
  machine.send('a');
  assert.ok(machine.operate('a', { kind: 'kill' }).includes('release a#1'));
  const status = machine.invocation('a')?.status;
  assert.ok(status?.kind === 'completed' && status.outcome.kind === 'failure');
  assert.deepEqual(status.outcome.failure, { code: 409, message: 'killed' });
});

test('a kill before the start leaves nothing', () => {
  const machine = new Machine();
  machine.bring('a', 'scheduled');
  machine.operate('a', { kind: 'kill' });
  assert.equal(machine.invocation('a'), undefined);
});

test('a cancel is journaled, and ends the wait for a retry', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.operate('a', { kind: 'cancel' }), [
    'push a#1 ¬signal 1 void',
    'hasten a#1',
    'op: accepted',
  ]);
});

test('a cancel of one that is to be paused lets it go on', () => {
  const machine = new Machine();
  machine.send('a');
  machine.operate('a', { kind: 'pause' });
  machine.operate('a', { kind: 'cancel' });
  assert.deepEqual(machine.suspend('a', [signalId(1)]), ['start a#2 with 2']);
});

describe('a pause of a running invocation', () => {
  const failure = { code: 500, message: 'broken' };
  const ends = [
    ['suspends', (machine: Machine) => machine.suspend('a', [signalId(17)]), 'paused'],
    [
      'fails for now',
      (machine: Machine) => machine.end('a', { kind: 'retry', delayMs: durationMs(9), failure }),
      'paused',
    ],
    ['succeeds', (machine: Machine) => machine.succeed('a', 'done'), "completed 'done'"],
    [
      'fails for good',
      (machine: Machine) => machine.end('a', { kind: 'fail', failure }),
      'completed 500 broken',
    ],
  ] as const;
  for (const [end, endAttempt, status] of ends) {
    test(`finds it ${status} when its attempt ${end}`, () => {
      const machine = new Machine();
      machine.send('a');
      assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['pause a#1', 'op: accepted']);
      assert.equal(machine.status('a'), 'invoked #1, to be paused');
      assert.equal(endAttempt(machine)[0], 'release a#1');
      assert.equal(machine.status('a'), status);
    });
  }

  test('is in force before the next attempt begins', () => {
    const machine = new Machine();
    machine.send('a');
    machine.end('a', { kind: 'retry', delayMs: durationMs(9) });
    machine.operate('a', { kind: 'pause' });
    assert.equal(machine.begin('a'), undefined);
    assert.equal(machine.status('a'), 'paused');
  });

  test('survives a restart', async () => {
    const machine = new Machine();
    machine.send('a');
    machine.operate('a', { kind: 'pause' });
    assert.deepEqual(await machine.restart(), ['release a#1']);
    assert.equal(machine.status('a'), 'paused');
  });

  test('is taken back by a resumption', () => {
    const machine = new Machine();
    machine.send('a');
    machine.operate('a', { kind: 'pause' });
    assert.deepEqual(machine.operate('a', KEEP), ['hasten a#1', 'op: done']);
    assert.equal(machine.status('a'), 'invoked #1');
  });

  test('collects what comes until the resumption', () => {
    const machine = new Machine();
    machine.bring('a', 'paused');
    machine.signal('a', signalId(17));
    assert.deepEqual(machine.operate('a', KEEP), ['start a#2 with 2', 'op: done']);
  });
});

test('a kill travels to every child that the journal names', () => {
  const machine = new Machine();
  machine.send('a');
  machine.propose('a', call('remote called', 2));
  machine.propose('a', oneWayCall('sent', 3, 500));
  assert.equal(machine.status('sent'), 'scheduled +500');
  assert.deepEqual(machine.operate('a', { kind: 'kill' }), [
    'send 1:2 kill remote called',
    'release a#1',
    'a ended 409 killed',
    'op: done',
    'sent ended 409 killed',
  ]);
  assert.equal(machine.status('sent'), 'absent');
});

test('a killed callee fails its caller and frees its key', () => {
  const machine = new Machine();
  machine.send('a', { target: add() });
  machine.send('b', { target: add() });
  const waiter = { invocationId: idOf('remote'), completionId: 4, entry: 'call' } as const;
  machine.deliver(1, { kind: 'attach', invocationId: idOf('a'), waiter });
  assert.deepEqual(machine.deliver(2, { kind: 'kill', invocationId: idOf('a') }), [
    'release a#1',
    'a ended 409 killed',
    'send 1:1 complete remote ¬call 4 409 killed',
    'start b#1 with 1',
    'ack delivery 1:2',
  ]);
});

const OFFER = {
  deploymentId: OTHER,
  minProtocolVersion: 5,
  maxProtocolVersion: 6,
  negotiatedVersion: 6,
};
const PAUSED = { kind: 'pause', failure: { code: 500, message: 'broken' } } as const;

describe('resuming on another deployment', () => {
  const rows = [
    ['moves the pin', OFFER, 'done'],
    ['needs a deployment', undefined, 'unknownDeployment'],
    [
      'needs the pinned protocol version',
      { ...OFFER, maxProtocolVersion: 5 },
      'protocolUnsupported',
    ],
  ] as const;
  for (const [name, found, outcome] of rows) {
    test(name, () => {
      const machine = new Machine({ findDeployment: () => found });
      machine.send('a');
      machine.propose('a', run(1));
      machine.end('a', PAUSED);
      const effects = machine.operate('a', { kind: 'resume', deployment: OTHER });
      assert.equal(effects.at(-1), `op: ${outcome}`);
      const deploymentId = outcome === 'done' ? OTHER : PIN.deploymentId;
      assert.equal(machine.invocation('a')?.pin?.deploymentId, deploymentId);
    });
  }

  test('is refused while it runs, and while nothing is pinned but for the latest', () => {
    const machine = new Machine({ findDeployment: () => OFFER });
    machine.send('a');
    const toLatest: InvocationOperation = { kind: 'resume', deployment: 'latest' };
    assert.deepEqual(machine.operate('a', toLatest), ['op: deploymentNotChangeable']);
    machine.end('a', PAUSED);
    const toOther: InvocationOperation = { kind: 'resume', deployment: OTHER };
    assert.deepEqual(machine.operate('a', toOther), ['op: deploymentNotChangeable']);
    assert.deepEqual(machine.operate('a', toLatest), ['start a#2 with 1', 'op: done']);
  });
});

test('purging the journal keeps the outcome', () => {
  const machine = new Machine();
  machine.bring('a', 'completed');
  machine.operate('a', { kind: 'purgeJournal' });
  assert.deepEqual(machine.journal('a'), []);
  assert.equal(machine.invocation('a')?.status.kind, 'completed');
  machine.operate('a', { kind: 'purge' });
  assert.equal(machine.invocation('a'), undefined);
});
