// Many invocations at once complete, each with its effect once. How fast is the benches' question.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rig } from '../support/rig.ts';
import { waitFor } from '../support/wait.ts';

const OBJECTS_COUNT = 8;

let rig: Rig;
before(async () => {
  rig = await Rig.start({ modules: ['load'] });
});
after(() => rig.dispose());

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

/** Every number was noted, none twice. */
async function assertNotedOnce(expected: readonly number[]): Promise<void> {
  await waitFor(
    `${expected.length} notes`,
    () => (rig.effects.countsStartingWith('noted ').size >= expected.length ? true : undefined),
    { timeoutMs: 120_000, intervalMs: 50 },
  );
  const counts = rig.effects.countsStartingWith('noted ');
  assert.deepEqual(
    [...counts].filter(([, count]) => count !== 1),
    [],
  );
  assert.deepEqual(new Set(counts.keys()), new Set(expected.map((n) => `noted ${n}`)));
}

test('1,000 concurrent invocations of 8 objects and a service complete with correct state', async () => {
  const forService = numbers(0, 500);
  const forObjects = numbers(500, 1000);
  await Promise.all([
    ...forService.map(async (n) => {
      assert.equal((await rig.ingress.post('/Load/square', n)).json(), n * n);
    }),
    ...forObjects.map(async (n) => {
      const reply = await rig.ingress.post(`/LoadSum/${n % OBJECTS_COUNT}/add`, n);
      assert.equal(reply.status, 200, reply.text());
    }),
  ]);
  for (const key of numbers(0, OBJECTS_COUNT)) {
    const own = forObjects.filter((n) => n % OBJECTS_COUNT === key);
    const reply = await rig.ingress.get(`/LoadSum/${key}/totals`);
    const total = own.reduce((sum, n) => sum + n, 0);
    assert.deepEqual(reply.json(), { total, count: own.length });
  }
});

test('a burst of 10,000 one-way sends runs each once', async () => {
  const sentOverHttp = numbers(0, 5000);
  const sentByHandlers = numbers(5000, 10_000);
  const overHttp = sentOverHttp.map(async (n) => {
    const reply = await rig.ingress.post('/Load/note/send', n);
    assert.equal(reply.status, 202, reply.text());
  });
  const byHandlers = numbers(0, 10).map(async (part) => {
    const from = 5000 + part * 500;
    const reply = await rig.ingress.post('/Load/sendNotes', { from, to: from + 500 });
    assert.equal(reply.status, 200, reply.text());
  });
  await Promise.all([...overHttp, ...byHandlers]);
  await assertNotedOnce([...sentOverHttp, ...sentByHandlers]);
});
