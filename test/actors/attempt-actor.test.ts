import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { AttemptActor } from '../../src/actors/attempt-actor.ts';
import { formatInvocationId } from '../../src/actors/domain/ids.ts';
import { HANDLER_DEFAULTS } from '../../src/actors/domain/limits.ts';
import { EMPTY_SCHEMA } from '../../src/actors/domain/schema.ts';
import { NO_SCOPE_FEATURES } from '../../src/actors/domain/scope.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import type { PartitionCommand } from '../../src/actors/partition/command.ts';
import { createServiceProtocol } from '../../src/io/service-protocol/service-protocol.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NODE_TIMER_MS_MAX = 2 ** 31 - 1;
const identity = { invocationId: formatInvocationId(1n, 2n), epoch: 3 };
const BEGIN = { kind: 'beginAttempt', ...identity, nowMs: 0 };

function createRig(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const armed = t.mock.method(globalThis, 'setTimeout');
  const posted: PartitionCommand[] = [];
  const actor = new AttemptActor(
    {
      transport: { open: () => assert.fail('nothing is opened'), close: () => Promise.resolve() },
      protocol: createServiceProtocol({
        protocolVersionMax: 6,
        messageBytesMax: 1024,
        awaitedDepthMax: 1000,
      }),
      schema: { current: () => EMPTY_SCHEMA },
      observer: { attemptFailed: () => undefined, largeMessageReceived: () => undefined },
      messageBytesWarning: 1000,
      defaults: HANDLER_DEFAULTS,
      scopeFeatures: NO_SCOPE_FEATURES,
      identity: { headersFor: () => [] },
      commonHeaders: [],
      now: () => unixMillis(0),
      randomBytes: () => new Uint8Array(16),
    },
    (_, command) => posted.push(command),
    { attemptsPerDeploymentMax: 1 },
  );
  const longestTimerMs = (): number =>
    Math.max(...armed.mock.calls.map((call) => Number(call.arguments[1])));
  return { actor, posted, longestTimerMs, pass: (ms: number) => t.mock.timers.tick(ms) };
}

for (const delayMs of [0, 500, NODE_TIMER_MS_MAX, NODE_TIMER_MS_MAX + 1, 100 * DAY_MS]) {
  test(`a retry begins after ${delayMs} ms and not before`, (t) => {
    const { actor, posted, longestTimerMs, pass } = createRig(t);
    actor.retryAttempt(identity, durationMs(delayMs));
    // The mocked clock jumps; it has to stop where a timer is armed again.
    for (let restMs = delayMs - 1; restMs > 0; restMs -= NODE_TIMER_MS_MAX) {
      pass(Math.min(restMs, NODE_TIMER_MS_MAX));
    }
    assert.deepEqual(posted, []);
    pass(1);
    assert.deepEqual(posted, [BEGIN]);
    assert.ok(longestTimerMs() <= NODE_TIMER_MS_MAX, 'Node takes every delay');
  });
}

test('a retry that the deployment put off for ever can be released', (t) => {
  const { actor, posted, pass } = createRig(t);
  actor.retryAttempt(identity, durationMs(Number.MAX_SAFE_INTEGER));
  pass(30 * DAY_MS);
  actor.releaseAttempt(identity);
  pass(30 * DAY_MS);
  assert.deepEqual(posted, []);
});
