// Retry policies: where each field comes from, what counts as an attempt, and what follows the last one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field, stringField } from '../support/json.ts';
import { newTag } from '../support/operation-rig.ts';
import { attachTo, operate, outputOf, send, waitForPause } from '../support/operate.ts';
import { Rig } from '../support/rig.ts';

const DEFAULT_POLICY = {
  RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '40ms',
  RESTATE_DEFAULT_RETRY_POLICY__EXPONENTIATION_FACTOR: '1.0',
  RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL: '50ms',
  RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '3',
  RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
} as const;

function startRig(environment: Readonly<Record<string, string>> = {}): Promise<Rig> {
  return Rig.start({
    modules: ['retrying'],
    server: { environment: { ...DEFAULT_POLICY, ...environment } },
  });
}

let rig: Rig;
before(async () => {
  rig = await startRig();
});
after(() => rig.dispose());

/** Milliseconds between the attempts. */
function gapsOf(tag: string): readonly number[] {
  const times = [...rig.effects.countsStartingWith(`${tag} at `).keys()].map((effect) =>
    Number(effect.slice(`${tag} at `.length)),
  );
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

function attemptsOf(tag: string): number {
  return rig.effects.count(`${tag} attempt`);
}

function call(path: string, tag: string): Promise<HttpReply> {
  return rig.ingress.post(path, { tag });
}

function assertKilled(reply: HttpReply): void {
  assert.equal(reply.status, 500, reply.text());
  const { stacktrace, ...rest } = Object(reply.json());
  assert.deepEqual(rest, { code: 500, message: 'broken', source: 'invocation' });
  assert.match(String(stacktrace), /Error: broken\n +at /);
}

describe('each field of a policy is that of the handler, else the service, else the server', () => {
  interface Row {
    readonly name: string;
    readonly path: string;
    readonly attempts?: number;
    /** Bounds of the first and the second delay. Unit: milliseconds. */
    readonly delays: ReadonlyArray<readonly [least: number, most?: number]>;
  }
  // A delay is taken for the longest one that it can be: more cannot come from a shorter policy.
  const rows: readonly Row[] = [
    { name: 'server', path: '/RetryByDefault/fail', delays: [[40], [40]] },
    {
      name: 'initialInterval of the service',
      path: '/RetryByInitialInterval/service',
      delays: [[300], [50]],
    },
    {
      name: 'initialInterval of the handler',
      path: '/RetryByInitialInterval/handler',
      delays: [[700], [50]],
    },
    { name: 'factor of the service', path: '/RetryByFactor/service', delays: [[40], [320]] },
    { name: 'factor of the handler', path: '/RetryByFactor/handler', delays: [[40], [800]] },
    {
      name: 'maxInterval of the service',
      path: '/RetryByMaxInterval/service',
      delays: [[40], [300, 3900]],
    },
    {
      name: 'maxInterval of the handler',
      path: '/RetryByMaxInterval/handler',
      delays: [[40], [700, 3900]],
    },
    {
      name: 'maxInterval, which leaves the first delay alone',
      path: '/RetryByMaxInterval/first',
      delays: [[600], [20, 590]],
    },
    {
      name: 'maxAttempts of the service',
      path: '/RetryByMaxAttempts/service',
      attempts: 4,
      delays: [],
    },
    {
      name: 'maxAttempts of the handler',
      path: '/RetryByMaxAttempts/handler',
      attempts: 2,
      delays: [],
    },
    {
      name: 'maxAttempts of 1, which is no retry',
      path: '/RetryByMaxAttempts/never',
      attempts: 1,
      delays: [],
    },
    {
      name: 'onMaxAttempts of the handler',
      path: '/RetryByOnMaxAttempts/handler',
      delays: [],
    },
  ];
  for (const { name, path, attempts = 3, delays } of rows) {
    test(name, async () => {
      const tag = newTag();
      assertKilled(await call(path, tag));
      assert.equal(attemptsOf(tag), attempts);
      const gaps = gapsOf(tag);
      for (const [index, [least, most = Infinity]] of delays.entries()) {
        const gap = gaps[index] ?? Number.NaN;
        // Both clocks are cut to milliseconds.
        assert.ok(gap >= least - 1 && gap <= most, `delays ${gaps.join(', ')}`);
      }
    });
  }

  test('onMaxAttempts of the service', async () => {
    const tag = newTag();
    const id = await send(rig, '/RetryByOnMaxAttempts/service/send', { tag });
    await rig.effects.waitForCount(`${tag} attempt`, 3);
    await waitForPause(rig, id);
    assert.equal(attemptsOf(tag), 3);
  });
});

describe('an attempt', () => {
  test('that makes progress counts', async () => {
    const tag = newTag();
    assertKilled(await call('/RetryCounting/progress', tag));
    assert.equal(attemptsOf(tag), 3);
    assert.equal(rig.effects.count(`run ${tag}#1`), 1);
  });

  test('that is suspended begins the count anew', async () => {
    const tag = newTag();
    assertKilled(await call('/RetryCounting/suspension', tag));
    assert.equal(rig.effects.count(`${tag} woke`), 3);
    assert.equal(attemptsOf(tag), 2 + 1 + 3);
  });

  test('that names the next delay does not count, and waits that long', async () => {
    const tag = newTag();
    const reply = await call('/RetryCounting/ownDelay', tag);
    assert.equal(reply.json(), 'sixth attempt');
    for (const gap of gapsOf(tag)) assert.ok(gap >= 119, `a delay of ${gap} ms`);
  });
});

describe('the end of all attempts', () => {
  test('is told with its stack trace to whoever waits, and without it later', async () => {
    const tag = newTag();
    const key = { 'idempotency-key': tag };
    const sent = await rig.ingress.post('/RetryByInitialInterval/handler/send', { tag }, key);
    const id = stringField(sent.json(), 'invocationId');
    const ask = () => [
      attachTo(rig, id),
      rig.ingress.post('/RetryByInitialInterval/handler', { tag }, key),
    ];
    for (const reply of await Promise.all(ask())) assertKilled(reply);
    for (const reply of await Promise.all([...ask(), outputOf(rig, id)])) {
      assert.deepEqual(reply.json(), { code: 500, message: 'broken', source: 'invocation' });
    }
    assert.equal(attemptsOf(tag), 3);
  });

  test('reaches a caller as a terminal failure', async () => {
    const tag = newTag();
    const reply = await call('/RetryCounting/callsOneThatIsKilled', tag);
    assert.equal(reply.json(), '500 broken');
  });

  test('pauses, and a resumption grants as many again', async () => {
    const tag = newTag();
    const id = await send(rig, '/RetryCounting/pauses/send', { tag });
    for (const attempts of [2, 4]) {
      await rig.effects.waitForCount(`${tag} attempt`, attempts);
      await waitForPause(rig, id);
      assert.equal(attemptsOf(tag), attempts);
      assert.equal((await operate(rig, id, 'resume')).status, 200);
    }
  });

  test('is further away after a restart of the server', async () => {
    const own = await startRig({
      RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '1h',
      RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL: '1h',
    });
    try {
      const id = await send(own, '/RetryByDefault/fail/send', { tag: 'restarted' });
      for (let attempts = 1; attempts <= 4; attempts++) {
        await own.effects.waitForCount('restarted attempt', attempts);
        await own.crash();
      }
      await own.effects.waitForCount('restarted attempt', 5);
      assert.equal((await outputOf(own, id)).status, 470);
    } finally {
      await own.dispose();
    }
  });
});

describe('a step', () => {
  const rows = [
    ['outlasts', 'sixth try', 6, 20],
    ['attemptsRunOut', '500 never', 3, 20],
    ['namesItsDelay', 'third try', 3, 149],
  ] as const;
  for (const [handler, answer, tries, delayMs] of rows) {
    test(`that ${handler} is tried ${tries} times`, async () => {
      const tag = newTag();
      const reply = await call(`/RetryOfSteps/${handler}`, tag);
      assert.equal(reply.json(), answer, reply.text());
      assert.equal(attemptsOf(tag), tries);
      for (const gap of gapsOf(tag)) assert.ok(gap >= delayMs - 1, `a delay of ${gap} ms`);
    });
  }

  test('whose time runs out fails', async () => {
    const tag = newTag();
    assert.equal((await call('/RetryOfSteps/timeRunsOut', tag)).json(), '500 never');
    const [first = 0, ...rest] = gapsOf(tag);
    assert.ok(rest.reduce((sum, gap) => sum + gap, first) <= 1000);
  });

  test('waits longer each time, up to its maximum', async () => {
    const tag = newTag();
    assert.equal((await call('/RetryOfSteps/delaysGrow', tag)).json(), '500 never');
    const [first = 0, second = 0, third = 0] = gapsOf(tag);
    assert.ok(first >= 49 && second >= 149 && third >= 149, gapsOf(tag).join(', '));
    // 800 without the maximum.
    assert.ok(third < 790, gapsOf(tag).join(', '));
  });

  test('has its tries to itself', async () => {
    const tag = newTag();
    const reply = await call('/RetryOfSteps/oneAfterTheOther', tag);
    assert.deepEqual(reply.json(), ['500 never', '500 never']);
    assert.deepEqual([attemptsOf(`${tag}/first`), attemptsOf(`${tag}/second`)], [3, 3]);
  });

  test('can ask for a pause', async () => {
    const tag = newTag();
    const id = await send(rig, '/RetryOfSteps/pauses/send', { tag });
    await rig.effects.waitForCount(`${tag} attempt`);
    await waitForPause(rig, id);
    assert.equal(attemptsOf(tag), 1);
    await operate(rig, id, 'resume');
    assert.equal((await attachTo(rig, id)).json(), 'second try');
  });
});

describe('a handler that leaves the path of its journal', () => {
  test('is retried like any other failure', async () => {
    const tag = newTag();
    const reply = await call('/RetryMismatching/retry', tag);
    assert.equal(reply.status, 570, reply.text());
    assert.equal(attemptsOf(tag), 3);
  });

  test('is paused if it wants so', async () => {
    const tag = newTag();
    const id = await send(rig, '/RetryMismatching/pause/send', { tag });
    await rig.effects.waitForCount(`${tag} attempt`, 2);
    await waitForPause(rig, id);
    assert.equal(attemptsOf(tag), 2);
  });
});

describe('the server bounds attempts', () => {
  let bounded: Rig;
  before(async () => {
    bounded = await startRig({ RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS: '2' });
  });
  after(() => bounded.dispose());

  for (const [path, attempts] of [
    ['/RetryByDefault/fail', 2],
    ['/RetryByMaxAttempts/service', 2],
    ['/RetryByMaxAttempts/never', 1],
  ] as const) {
    test(`of ${path} to ${attempts}`, async () => {
      const tag = newTag();
      assertKilled(await bounded.ingress.post(path, { tag }));
      assert.equal(bounded.effects.count(`${tag} attempt`), attempts);
    });
  }

  test('and shows what was asked for', async () => {
    const shown = (await bounded.admin.get('/services/RetryByMaxAttempts')).json();
    assert.deepEqual(field(shown, 'retry_policy'), {
      initial_interval: '40ms',
      exponentiation_factor: 1,
      max_attempts: 4,
      max_interval: '50ms',
      on_max_attempts: 'Kill',
    });
  });
});
