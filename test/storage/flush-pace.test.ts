import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Histogram,
  observationsCount,
  SHORT_DURATION_BOUNDS,
} from '../../src/actors/domain/histogram.ts';
import { FlushPace } from '../../src/storage/log/flush-pace.ts';

/** A disk whose flushes take as long as the test says, by a clock that nothing else moves. */
class Disk {
  flushMs = 0.1;
  nowMs = 0;
  readonly now = (): number => this.nowMs;

  flushNow(): void {
    this.nowMs += this.flushMs;
  }

  flush(): Promise<void> {
    this.nowMs += this.flushMs;
    return Promise.resolve();
  }
}

test('a flush blocks the thread while the disk is quick, and not once it is slow', async () => {
  const flushSeconds = new Histogram(SHORT_DURATION_BOUNDS);
  const disk = new Disk();
  const pace = new FlushPace(flushSeconds, disk.now);
  for (let i = 0; i < 50; i++) assert.equal(pace.flush(disk), undefined);
  disk.flushMs = 8;
  assert.equal(pace.flush(disk), undefined, 'nobody knows yet');
  const flushes = Array.from({ length: 5 }, () => pace.flush(disk));
  for (const flush of flushes) {
    assert.ok(flush instanceof Promise);
    await flush;
  }
  assert.equal(observationsCount(flushSeconds), 56, 'every flush is timed');
  assert.ok(flushSeconds.sum > 0.04);
});

test('a disk that is quick again is waited for in place again', () => {
  const disk = new Disk();
  const pace = new FlushPace(new Histogram(SHORT_DURATION_BOUNDS), disk.now);
  disk.flushMs = 8;
  void pace.flush(disk);
  disk.flushMs = 0.1;
  const flushes = Array.from({ length: 200 }, () => pace.flush(disk));
  assert.ok(flushes[0] instanceof Promise);
  assert.equal(flushes.at(-1), undefined);
});
