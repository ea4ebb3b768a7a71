// Suspension on trees of futures, and what wakes the invocation.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../src/actors/domain/outcome.ts';
import type { NotificationResult } from '../../../src/actors/domain/outcome.ts';
import {
  allCompleted,
  allSucceeded,
  anySucceeded,
  firstCompleted,
  flatten,
  unknown,
} from '../../support/awaited-trees.ts';
import type { CombinedTree } from '../../support/awaited-trees.ts';
import { sleep } from './entries.ts';
import { completion, Machine, signalId, VOID } from './machine.ts';

const FAILED: NotificationResult = failure(500, 'no');

/** Delivers a signal; a negative one fails. */
function signal(machine: Machine, index: number): string[] {
  const result = index < 0 ? FAILED : VOID;
  return machine.signal('a', signalId(Math.abs(index)), result).slice(0, -1);
}

function suspendedOn(tree: CombinedTree): Machine {
  const machine = new Machine();
  machine.send('a');
  assert.deepEqual(machine.suspendOn('a', flatten(tree)), ['release a#1']);
  return machine;
}

describe('an invocation suspended on a tree', () => {
  const rows: ReadonlyArray<
    readonly [tree: CombinedTree, steps: ReadonlyArray<readonly [signal: number, status: string]>]
  > = [
    [
      allSucceeded(17, 18),
      [
        [17, 'suspended on all(18)'],
        [18, 'invoked #2'],
      ],
    ],
    [allSucceeded(17, 18), [[-18, 'invoked #2']]],
    [
      anySucceeded(17, 18),
      [
        [-17, 'suspended on any(18)'],
        [-17, 'suspended on any(18)'],
        [-18, 'invoked #2'],
      ],
    ],
    [anySucceeded(17, 18), [[18, 'invoked #2']]],
    [
      allCompleted(17, 18),
      [
        [-17, 'suspended on settled(18)'],
        [18, 'invoked #2'],
      ],
    ],
    [
      firstCompleted(1, allSucceeded(17, 18)),
      [
        [18, 'suspended on first(1 all(17))'],
        [1, 'invoked #2'],
      ],
    ],
    [
      allSucceeded(19, firstCompleted(17, 18)),
      [
        [18, 'suspended on all(19)'],
        [-17, 'suspended on all(19)'],
        [19, 'invoked #2'],
      ],
    ],
    [allSucceeded(17, unknown(18)), [[18, 'invoked #2']]],
    [allCompleted(17, unknown(18)), [[18, 'invoked #2']]],
    [
      allSucceeded(17, 18),
      [
        [1, 'suspended on all(17 18)'],
        [19, 'suspended on all(17 18)'],
      ],
    ],
  ];
  for (const [tree, steps] of rows) {
    const machine = suspendedOn(tree);
    const before = machine.status('a');
    test(`${before}: ${steps.map(([at, status]) => `${at} ${status}`).join(', ')}`, () => {
      for (const [index, [signalIndex, status]] of steps.entries()) {
        const resumed = status === 'invoked #2';
        const expected = resumed ? [`start a#2 with ${index + 2}`] : [];
        assert.deepEqual(signal(machine, signalIndex), expected);
        assert.equal(machine.status('a'), status);
      }
    });
  }

  test('remembers what it was answered after a restart', async () => {
    const machine = suspendedOn(allSucceeded(17, anySucceeded(18, 19)));
    signal(machine, -18);
    signal(machine, 17);
    assert.deepEqual(await machine.restart(), []);
    assert.equal(machine.status('a'), 'suspended on all(any(19))');
    assert.deepEqual(signal(machine, -19), ['start a#2 with 4']);
  });

  test('is woken by a timer as by any other answer', () => {
    const machine = new Machine();
    machine.send('a');
    machine.propose('a', sleep(500, 1));
    machine.suspendOn('a', flatten(allSucceeded(completion(1), 17)), 2);
    assert.deepEqual(machine.advance(500), []);
    assert.equal(machine.status('a'), 'suspended on all(17)');
    assert.deepEqual(signal(machine, 17), ['start a#2 with 4']);
  });
});

describe('answers that overtook a suspension on a tree', () => {
  function overtaken(tree: CombinedTree, ...signals: readonly number[]): string {
    const machine = new Machine();
    machine.send('a');
    for (const index of signals) signal(machine, index);
    machine.suspendOn('a', flatten(tree));
    return machine.status('a');
  }

  const rows: ReadonlyArray<
    readonly [tree: CombinedTree, signals: readonly number[], status: string]
  > = [
    [allSucceeded(17, 18), [17], 'suspended on all(18)'],
    [allSucceeded(17, 18), [17, 18], 'invoked #2'],
    [allSucceeded(17, 18), [-17], 'invoked #2'],
    [firstCompleted(1, anySucceeded(17, 18)), [-17], 'suspended on first(1 any(18))'],
    // The first of two counts, in the order in which they came.
    [allSucceeded(19, firstCompleted(17, 18)), [18, -17], 'suspended on all(19)'],
    [allSucceeded(19, firstCompleted(17, 18)), [-17, 18], 'invoked #2'],
    [allCompleted(17, unknown(18)), [18], 'invoked #2'],
  ];
  for (const [tree, signals, status] of rows)
    test(`by ${signals.join(' ')} leave it ${status}`, () => {
      assert.equal(overtaken(tree, ...signals), status);
    });

  test('by a name leave it to the handler whether it has used them up', () => {
    const go = { kind: 'namedSignal', name: 'go' } as const;
    const machine = new Machine();
    machine.send('a');
    machine.signal('a', go, FAILED);
    machine.suspendOn('a', flatten(anySucceeded(go, 17)));
    assert.equal(machine.status('a'), 'invoked #2');
    // Now the handler has seen it, and waits for the next of that name.
    machine.suspendOn('a', flatten(anySucceeded(go, 17)), 2);
    assert.equal(machine.status('a'), 'suspended on any(go 17)');
    assert.equal(machine.signal('a', go, VOID)[0], 'start a#3 with 3');
  });

  test('are looked up in time linear in the journal and in what is awaited', () => {
    const machine = new Machine();
    machine.send('a');
    const count = 20_000;
    for (let index = 0; index < count; index++) signal(machine, 100 + index);
    const awaited = Array.from({ length: count }, (_, index) => 100 + count + index);
    const beginMs = performance.now();
    machine.suspendOn('a', flatten(allSucceeded(...awaited)));
    // Comparing each with each would take many times as long.
    assert.ok(performance.now() - beginMs < 2000);
    assert.match(machine.status('a'), /^suspended on all\(20100 20101 /);
  });
});
