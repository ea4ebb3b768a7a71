import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ThreadWatch } from '../../src/actors/thread-watch.ts';

describe('the watch over partition threads', () => {
  const said: string[] = [];
  let watch: ThreadWatch;

  beforeEach(() => {
    said.length = 0;
    watch = new ThreadWatch({
      threadsCount: 2,
      silenceMsMax: 30_000,
      ping: (thread) => said.push(`ping ${thread}`),
      onHung: (thread, silentMs) => said.push(`${thread} hung ${silentMs}`),
      onAnswered: (thread, silentMs) => said.push(`${thread} answered ${silentMs}`),
    });
  });

  function tick(times: number, answers: (thread: number) => boolean): void {
    for (let time = 0; time < times; time += 1) {
      watch.tick();
      for (const thread of [0, 1]) if (answers(thread)) watch.answered(thread);
    }
  }

  test('asks every thread again and again', () => {
    tick(2, () => true);
    assert.deepEqual(said, ['ping 0', 'ping 1', 'ping 0', 'ping 1']);
  });

  test('says once that a thread hangs, and that it answers again', () => {
    tick(30, (thread) => thread === 0);
    assert.ok(!said.includes('1 hung 30000'));
    assert.equal(watch.isHung(1), false);
    tick(10, (thread) => thread === 0);
    assert.deepEqual(
      said.filter((line) => !line.startsWith('ping')),
      ['1 hung 30000'],
    );
    assert.equal(watch.isHung(1), true);
    assert.equal(watch.isHung(0), false);
    assert.equal(watch.silentMs(1), 39_000);

    watch.answered(1);
    assert.equal(said.at(-1), '1 answered 39000');
    assert.equal(watch.isHung(1), false);
    assert.equal(watch.silentMs(1), 0);
  });

  test('leaves a hung thread without further questions', () => {
    tick(40, () => false);
    assert.equal(said.filter((line) => line === 'ping 1').length, 1);
  });

  test('begins anew with a thread that was replaced', () => {
    tick(29, () => false);
    watch.reset(1);
    tick(20, (thread) => thread === 0);
    assert.equal(watch.isHung(1), false);
    tick(11, (thread) => thread === 0);
    assert.equal(watch.isHung(1), true);
  });

  test('counts its own ticks, so that a stop of the whole process is nobody’s silence', () => {
    tick(1, () => false);
    // However long this takes by the clock, the threads had no more turns than the main thread.
    tick(1, () => true);
    assert.equal(watch.isHung(0), false);
  });
});
