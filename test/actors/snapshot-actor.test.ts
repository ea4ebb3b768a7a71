// The order of a snapshot: nothing is pinned before everything stands still, and nothing goes on before
// everything is pinned.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SnapshotStep, ToPartitionThread } from '../../src/actors/messages.ts';
import type { TablesPin } from '../../src/actors/snapshot-ports.ts';
import { SnapshotActor } from '../../src/actors/snapshot-actor.ts';

const THREADS_COUNT = 3;

interface AskedStep {
  readonly thread: number;
  readonly stepId: number;
  readonly step: SnapshotStep;
}

function pinOf(path: string): TablesPin {
  return { path, head: new Uint8Array(), bytes: 1 };
}

class Stage {
  readonly events: string[] = [];
  readonly actor: SnapshotActor;
  isReady = true;
  copying: Promise<void> = Promise.resolve();
  #asked: AskedStep[] = [];

  constructor() {
    this.actor = new SnapshotActor({
      threadsCount: THREADS_COUNT,
      environmentsCount: 4,
      isReady: () => this.isReady,
      post: (thread, message) => this.#receive(thread, message),
      holdSchema: async (use) => {
        this.events.push('schema held');
        const result = await use();
        this.events.push('schema let go');
        return result;
      },
      pinSchema: () => {
        this.events.push('schema pinned');
        return { pin: pinOf('schema'), release: () => this.events.push('schema released') };
      },
      writer: {
        begin: (parent) => ({
          path: `${parent}/node`,
          discard: () => this.events.push('discarded'),
          complete: async (pins, check) => {
            this.events.push(`copying ${pins.map(({ path }) => path).join(' ')}`);
            await this.copying;
            check();
            return pins.length;
          },
        }),
      },
    });
  }

  #receive(thread: number, message: ToPartitionThread): void {
    assert.equal(message.kind, 'snapshotStep');
    if (message.kind !== 'snapshotStep') return;
    this.events.push(`${message.step.name} ${thread}`);
    this.#asked.push({ thread, stepId: message.stepId, step: message.step });
  }

  /** The threads answer what they were asked, all but those that are left out. */
  async answer(except: readonly number[] = []): Promise<void> {
    const asked = this.#asked.filter(({ thread }) => !except.includes(thread));
    this.#asked = this.#asked.filter(({ thread }) => except.includes(thread));
    for (const { thread, stepId, step } of asked) {
      const environments = step.name === 'pin' ? step.environments : [];
      const pins = environments.map((environment) => pinOf(`${environment}`));
      this.actor.stepDone(thread, { kind: 'snapshotStepDone', stepId, result: { pins } });
    }
    await turn();
  }

  async fail(thread: number): Promise<void> {
    const stepId = this.#asked.find((asked) => asked.thread === thread)?.stepId ?? -1;
    this.actor.stepDone(thread, { kind: 'snapshotStepDone', stepId, result: 'the disk is full' });
    await turn();
  }

  takeEvents(): readonly string[] {
    return this.events.splice(0);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const ALL = ['0', '1', '2'];
const each = (name: string): readonly string[] => ALL.map((thread) => `${name} ${thread}`);

describe('a snapshot', () => {
  test('is pinned at a moment in which no partition applies anything', async () => {
    const stage = new Stage();
    const taken = stage.actor.take('/backup');
    assert.deepEqual(stage.takeEvents(), each('settle'));
    await stage.answer();
    assert.deepEqual(stage.takeEvents(), ['schema held', ...each('stop')]);
    await stage.answer([1]);
    assert.deepEqual(stage.takeEvents(), [], 'one still applies');
    await stage.answer();
    assert.deepEqual(stage.takeEvents(), each('pin'));
    await stage.answer([2]);
    assert.deepEqual(stage.takeEvents(), [], 'one is not pinned');
    await stage.answer();
    assert.deepEqual(stage.takeEvents(), [
      'schema pinned',
      ...each('goOn'),
      'schema let go',
      'copying 0 3 1 2 schema',
      'schema released',
      ...each('release'),
    ]);
    const { path, bytes, pauseMs } = await taken;
    assert.deepEqual({ path, bytes }, { path: '/backup/node', bytes: 5 });
    assert.ok(pauseMs >= 0);
  });

  test('that fails lets every partition go on, and leaves nothing', async () => {
    const stage = new Stage();
    const taken = stage.actor.take('/backup');
    await stage.answer();
    stage.takeEvents();
    const refused = assert.rejects(taken, /partition thread 1 failed: the disk is full/);
    await stage.fail(1);
    await refused;
    assert.deepEqual(stage.takeEvents(), [...each('goOn'), 'discarded', ...each('release')]);
  });

  test('is not completed when a thread was lost while it was copied', async () => {
    const stage = new Stage();
    let finishCopying = (): void => {};
    stage.copying = new Promise((resolve) => (finishCopying = resolve));
    const taken = stage.actor.take('/backup');
    for (let step = 0; step < 3; step++) await stage.answer();
    stage.takeEvents();
    stage.actor.threadLost(2);
    const refused = assert.rejects(taken, /thread 2 ended/);
    finishCopying();
    await refused;
    assert.deepEqual(stage.takeEvents(), ['discarded', 'schema released', ...each('release')]);
  });

  test('is given up when the server stops, and can be taken again after a failure', async () => {
    const stage = new Stage();
    const stopped = assert.rejects(stage.actor.take('/backup'), /the server stops/);
    await stage.actor.close();
    await stopped;
    const again = stage.actor.take('/backup');
    for (let step = 0; step < 4; step++) await stage.answer();
    assert.equal((await again).bytes, 5);
  });

  test('is refused while another is taken, and while a partition is recovered', async () => {
    const stage = new Stage();
    const first = stage.actor.take('/backup');
    await assert.rejects(stage.actor.take('/backup'), /a snapshot is being taken/);
    for (let step = 0; step < 3; step++) await stage.answer();
    await first;
    stage.isReady = false;
    await assert.rejects(stage.actor.take('/backup'), /being recovered/);
  });
});
