// Completed invocations that start again as new ones.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeploymentId } from '../../../src/actors/domain/ids.ts';
import type { CommandEntry } from '../../../src/actors/domain/journal.ts';
import { MessageType } from '../../../src/actors/attempt/service-message.ts';
import type { DeploymentChoice, PartitionCommand } from '../../../src/actors/partition/command.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import { idOf } from './describe.ts';
import { run, sleep } from './entries.ts';
import { GREET, Machine, PIN, REACHABLE_STATES, RUN, add, success } from './machine.ts';

const OTHER = 'dp_1other' as DeploymentId;
const OFFER = {
  deploymentId: OTHER,
  minProtocolVersion: 5,
  maxProtocolVersion: 5,
  negotiatedVersion: 5,
};

/** A run entry in these tests is answered by completion 1, a sleep by 2. */
function completionIdsOf({ type }: CommandEntry): readonly number[] {
  if (type === MessageType.run) return [1];
  return type === MessageType.sleep ? [2] : [];
}

function createMachine(): Machine {
  return new Machine({
    completionIdsOf,
    findDeployment: (_target, choice) => (choice === OTHER ? OFFER : undefined),
  });
}

/** Completed with the journal `input run sleep ¬run ¬sleep`. */
function complete(machine: Machine, name: string): void {
  machine.send(name);
  machine.propose(name, run(1));
  machine.propose(name, sleep(100, 2));
  const nowMs = unixMillis(machine.nowMs);
  const attempt = { invocationId: idOf(name), epoch: 1, nowMs, pin: PIN } as const;
  const command: PartitionCommand = {
    kind: 'runCompletionProposed',
    ...attempt,
    completionId: 1,
    outcome: success('1'),
  };
  machine.apply(command);
  machine.advance(100);
  machine.succeed(name, 'done');
}

interface RestartOptions {
  readonly from?: number;
  readonly deployment?: DeploymentChoice;
}

function restart(
  machine: Machine,
  { from = 0, deployment = 'latest' }: RestartOptions = {},
): string[] {
  const newInvocationId = idOf('b');
  return machine.operate('a', { kind: 'restartAsNew', newInvocationId, from, deployment });
}

describe('restarting an invocation', () => {
  const outcomes = {
    scheduled: 'notStarted',
    inboxed: 'notStarted',
    invoked: 'stillRunning',
    suspended: 'stillRunning',
    paused: 'stillRunning',
    completed: 'restarted as b',
  } as const;
  for (const state of REACHABLE_STATES) {
    test(`that is ${state} is answered with ${outcomes[state]}`, () => {
      const machine = createMachine();
      machine.bring('a', state);
      assert.equal(restart(machine).at(-1), `op: ${outcomes[state]}`);
    });
  }

  test('that is unknown is not found', () => {
    assert.deepEqual(restart(createMachine()), ['op: notFound']);
  });

  test('starts the same target beside it, and leaves it as it is', () => {
    const machine = createMachine();
    complete(machine, 'a');
    const original = machine.invocation('a');
    assert.deepEqual(restart(machine), ['start b#1 with 1', 'op: restarted as b']);
    const restarted = machine.invocation('b');
    assert.deepEqual(restarted?.target, GREET);
    assert.deepEqual(restarted?.source, { kind: 'restart', id: idOf('a') });
    assert.equal(restarted?.pin, undefined);
    assert.deepEqual(machine.invocation('a'), original);
  });

  test('asked for twice starts it once', () => {
    const machine = createMachine();
    complete(machine, 'a');
    restart(machine);
    assert.deepEqual(restart(machine), ['op: restarted as b']);
  });

  test('waits for its key', () => {
    const machine = createMachine();
    machine.bring('a', 'completed');
    machine.send('holder', { target: add() });
    assert.deepEqual(restart(machine), ['op: restarted as b']);
    assert.equal(machine.status('b'), 'inboxed');
  });

  test('of a workflow is not supported', () => {
    const machine = createMachine();
    machine.bring('a', 'completed', { target: RUN });
    assert.deepEqual(restart(machine), ['op: restartUnsupported']);
  });

  test('needs its journal', () => {
    const machine = createMachine();
    complete(machine, 'a');
    machine.operate('a', { kind: 'purgeJournal' });
    assert.deepEqual(restart(machine), ['op: journalGone']);
  });
});

describe('a restarted journal', () => {
  const rows = [
    [0, ['input']],
    [1, ['input', 'run', "¬run 1 '1'"]],
    [2, ['input', 'run', 'sleep', "¬run 1 '1'", '¬sleep 2 void']],
    [4, ['input', 'run', 'sleep', "¬run 1 '1'", '¬sleep 2 void']],
  ] as const;
  for (const [from, journal] of rows) {
    test(`from ${from} is ${journal.join(', ')}`, () => {
      const machine = new Machine({
        completionIdsOf,
        findDeployment: () => ({ ...OFFER, ...PIN, maxProtocolVersion: 6 }),
      });
      complete(machine, 'a');
      restart(machine, { from, deployment: 'keep' });
      assert.deepEqual(machine.journal('b'), journal);
      assert.deepEqual(machine.invocation('b')?.pin, PIN);
      const commands = journal.filter((entry) => !entry.startsWith('¬'));
      assert.equal(machine.invocation('b')?.commandCount, commands.length);
    });
  }

  test('ends where the original does', () => {
    const machine = createMachine();
    complete(machine, 'a');
    assert.deepEqual(restart(machine, { from: 5 }), ['op: unknownDeployment']);
    assert.deepEqual(restart(machine, { from: 5, deployment: OTHER }), ['op: protocolUnsupported']);
    const registered = new Machine({
      completionIdsOf,
      findDeployment: () => ({ ...OFFER, maxProtocolVersion: 6 }),
    });
    complete(registered, 'a');
    assert.deepEqual(restart(registered, { from: 5 }), ['op: prefixIncomplete']);
  });

  test('has all completions of its commands', () => {
    const machine = new Machine({
      completionIdsOf,
      findDeployment: () => ({ ...OFFER, maxProtocolVersion: 6 }),
    });
    machine.send('a');
    machine.propose('a', run(1));
    machine.succeed('a', 'never awaited its step');
    assert.deepEqual(restart(machine, { from: 1 }), ['op: prefixIncomplete']);
    assert.equal(restart(machine, { from: 0 }).at(-1), 'op: restarted as b');
  });

  test('without entries goes to any protocol version', () => {
    const machine = createMachine();
    complete(machine, 'a');
    restart(machine, { deployment: OTHER });
    assert.deepEqual(machine.invocation('b')?.pin, { deploymentId: OTHER, protocolVersion: 5 });
  });
});
