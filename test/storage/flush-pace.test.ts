import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlushPace } from '../../src/storage/log/flush-pace.ts';

/** A disk whose flushes take as long as the test says. */
class Disk {
  flushMs = 0;

  flushNow(): void {
    const untilMs = performance.now() + this.flushMs;
    while (performance.now() < untilMs);
  }

  flush(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.flushMs));
  }
}

test('a flush blocks the thread while the disk is quick, and not once it is slow', async () => {
  const pace = new FlushPace();
  const disk = new Disk();
  for (let i = 0; i < 50; i++) assert.equal(pace.flush(disk), undefined);
  disk.flushMs = 8;
  assert.equal(pace.flush(disk), undefined, 'nobody knows yet');
  for (let i = 0; i < 5; i++) assert.ok(pace.flush(disk) instanceof Promise);
});

test('a disk that is quick again is waited for in place again', () => {
  const pace = new FlushPace();
  const disk = new Disk();
  disk.flushMs = 8;
  void pace.flush(disk);
  disk.flushMs = 0;
  const flushes = Array.from({ length: 200 }, () => pace.flush(disk));
  assert.ok(flushes[0] instanceof Promise);
  assert.equal(flushes.at(-1), undefined);
});
