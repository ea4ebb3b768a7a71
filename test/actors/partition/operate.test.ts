// What an operator asks of an invocation, by its state.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InvocationOperation } from '../../../src/actors/partition/command.ts';
import type { DeploymentId } from '../../../src/actors/domain/ids.ts';
import { run } from './entries.ts';
import { Machine, PIN, REACHABLE_STATES, signalId } from './machine.ts';
import type { ReachableState } from './machine.ts';

const KEEP: InvocationOperation = { kind: 'resume', deployment: 'keep' };
const OTHER = 'dp_1other' as DeploymentId;

const OUTCOMES: Readonly<Record<ReachableState, Readonly<Record<string, string>>>> = {
  scheduled: outcomes('done', 'done', 'notRunning', 'notStarted', 'notCompleted'),
  inboxed: outcomes('done', 'done', 'notRunning', 'notStarted', 'notCompleted'),
  invoked: outcomes('accepted', 'done', 'accepted', 'done', 'notCompleted'),
  suspended: outcomes('accepted', 'done', 'done', 'done', 'notCompleted'),
  paused: outcomes('accepted', 'done', 'done', 'done', 'notCompleted'),
  completed: outcomes('alreadyCompleted', 'alreadyCompleted', 'notRunning', 'notResumable', 'done'),
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
    'retry a#1 at once',
    'op: accepted',
  ]);
});

test('a pause is asked of the attempt and becomes true with its end', () => {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.operate('a', { kind: 'pause' }), ['ask a#1 to pause', 'op: accepted']);
  assert.deepEqual(machine.end('a', { kind: 'pause' }), ['release a#1']);
  assert.equal(machine.invocation('a')?.status.kind, 'paused');
  machine.signal('a', signalId(17));
  assert.deepEqual(machine.operate('a', KEEP), ['start a#2 with 2', 'op: done']);
});

describe('resuming on another deployment', () => {
  const range = { minProtocolVersion: 5, maxProtocolVersion: 6 };
  const rows = [
    ['moves the pin', { id: OTHER, ...range }, 'done'],
    ['needs a deployment', undefined, 'deploymentNotFound'],
    [
      'needs the pinned protocol version',
      { id: OTHER, ...range, maxProtocolVersion: 5 },
      'protocolMismatch',
    ],
  ] as const;
  for (const [name, found, outcome] of rows) {
    test(name, () => {
      const machine = new Machine({ findDeployment: () => found });
      machine.send('a');
      machine.propose('a', run(1));
      machine.end('a', { kind: 'pause' });
      const effects = machine.operate('a', { kind: 'resume', deployment: OTHER });
      assert.equal(effects.at(-1), `op: ${outcome}`);
      const deploymentId = outcome === 'done' ? OTHER : PIN.deploymentId;
      assert.equal(machine.invocation('a')?.pin?.deploymentId, deploymentId);
    });
  }

  test('is refused while nothing is pinned, and while it runs', () => {
    const machine = new Machine({ findDeployment: () => ({ id: OTHER, ...range }) });
    machine.send('a');
    const move: InvocationOperation = { kind: 'resume', deployment: 'latest' };
    assert.deepEqual(machine.operate('a', move), ['op: deploymentFixed']);
    machine.end('a', { kind: 'pause' });
    assert.deepEqual(machine.operate('a', move), ['op: deploymentFixed']);
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
