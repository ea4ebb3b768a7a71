// The pure partition machine under random interleavings: commands, flushes, releases and crashes in any
// order. Replay a failing run with SEED=<printed seed>; more runs with RUNS=<count>.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { World } from './world.ts';

const STEPS_MAX = 400_000;
const REQUESTS = 40;

describe('partitions that crash between apply, flush and release', () => {
  const firstSeed = seedOfRun();
  const runs = Number(process.env['RUNS'] ?? 20);
  for (let index = 0; index < runs; index += 1) {
    const seed = firstSeed + index;
    test(`complete every invocation once with seed ${seed}`, () => {
      const random = new SeededRandom(seed);
      const world = new World(random);
      let submitted = 0;
      for (let step = 0; step < 20_000; step += 1) {
        if (submitted < REQUESTS && random.below(60) === 0) {
          world.submitRandom();
          submitted += 1;
        }
        world.step({ mayCrash: true });
      }
      settle(world);
      world.countStoredCallees();
      world.checkCounters();
      world.checkSlotLedgers();
      assert.ok(world.crashesCount > 0, 'the run crashed at least once');
    });
  }
});

function settle(world: World): void {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    if (step % 500 === 0) {
      if (world.isSettled() && world.isQuiet()) return;
      world.signalEverybody();
    }
    world.step({ mayCrash: false });
  }
  const open = world.requests.filter(({ reply }) => reply === undefined);
  assert.fail(`${open.length} requests are unanswered: ${JSON.stringify(open.slice(0, 3))}`);
}
