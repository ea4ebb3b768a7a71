import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import {
  EMPTY_SCHEMA,
  type HandlerOptions,
  type RetryPolicyOptions,
} from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import {
  boundedRetention,
  boundedRetryPolicy,
  effectiveOptions,
  findHandler,
  findPinnedHandler,
  retentionsFor,
} from '../../../src/actors/schema/resolve.ts';
import {
  deploymentId,
  discovered,
  handlerManifest,
  registered,
  serviceManifest,
  uri,
} from '../../support/schema-fixtures.ts';

const ONE = deploymentId(1);
const TWO = deploymentId(2);

/** Greeter/greet in the first deployment, Greeter/wave in the second, newer one. */
const schema = registered(registered(EMPTY_SCHEMA).schema, {
  uri: uri('http://other'),
  freshId: TWO,
  discovered: discovered({
    services: [serviceManifest({ handlers: [handlerManifest({ name: 'wave' })] })],
  }),
}).schema;

describe('findHandler', () => {
  test('finds a handler of the active revision together with its deployment', () => {
    const found = findHandler(schema, 'Greeter', 'wave');
    assert.ok(found.kind === 'found');
    assert.equal(found.deployment.id, TWO);
    assert.equal(found.revision.revision, 2);
    assert.equal(found.handler.name, 'wave');
  });

  test('tells a missing service from a missing handler', () => {
    assert.equal(findHandler(schema, 'Nope', 'greet').kind, 'serviceNotFound');
    assert.equal(findHandler(schema, 'Greeter', 'greet').kind, 'handlerNotFound');
  });
});

describe('findPinnedHandler', () => {
  test('finds a handler that the active revision no longer has', () => {
    const found = findPinnedHandler(schema, ONE, 'Greeter', 'greet');
    assert.ok(found.kind === 'found');
    assert.equal(found.deployment.id, ONE);
    assert.equal(found.revision.revision, 1);
  });

  test('tells what is missing', () => {
    const kindOf = (id: typeof ONE, service: string, handler: string): string =>
      findPinnedHandler(schema, id, service, handler).kind;
    assert.equal(kindOf(deploymentId(9), 'Greeter', 'greet'), 'deploymentNotFound');
    assert.equal(kindOf(ONE, 'Nope', 'greet'), 'serviceNotFound');
    assert.equal(kindOf(ONE, 'Greeter', 'wave'), 'handlerNotFound');
  });
});

const ms = durationMs;

describe('effectiveOptions', () => {
  const all = (n: number): Required<HandlerOptions> => ({
    inactivityTimeoutMs: ms(n),
    abortTimeoutMs: ms(n + 1),
    journalRetentionMs: ms(n + 2),
    idempotencyRetentionMs: ms(n + 3),
    workflowCompletionRetentionMs: ms(n + 4),
    enableLazyState: n % 2 === 1,
    retryPolicy: {
      initialIntervalMs: ms(n + 5),
      exponentiationFactor: n + 6,
      maxIntervalMs: ms(n + 7),
      maxAttempts: n + 8,
      onMaxAttempts: 'kill',
    },
  });

  test('are those of the server where nobody sets any', () => {
    assert.deepEqual(effectiveOptions({ options: {} }, { options: {} }, HANDLER_DEFAULTS), {
      ...HANDLER_DEFAULTS,
      enableLazyState: false,
    });
  });

  test('are those of the service where the handler sets none', () => {
    assert.deepEqual(
      effectiveOptions({ options: all(101) }, { options: {} }, HANDLER_DEFAULTS),
      all(101),
    );
    assert.deepEqual(
      effectiveOptions({ options: all(101) }, undefined, HANDLER_DEFAULTS),
      all(101),
    );
  });

  test('are those of the handler where it sets them, falsy values included', () => {
    const zeros = { ...all(0), enableLazyState: false };
    assert.deepEqual(
      effectiveOptions({ options: all(101) }, { options: zeros }, HANDLER_DEFAULTS),
      zeros,
    );
  });

  test('mix the fields of the retry policies', () => {
    const handler: RetryPolicyOptions = { maxAttempts: 'unlimited' };
    const service: RetryPolicyOptions = { maxAttempts: 3, initialIntervalMs: ms(7) };
    const { retryPolicy } = effectiveOptions(
      { options: { retryPolicy: service } },
      { options: { retryPolicy: handler } },
      HANDLER_DEFAULTS,
    );
    assert.deepEqual(retryPolicy, {
      ...HANDLER_DEFAULTS.retryPolicy,
      initialIntervalMs: 7,
      maxAttempts: 'unlimited',
    });
  });

  test('count the first attempt even of none', () => {
    const none = { options: { retryPolicy: { maxAttempts: 0 } } };
    const { retryPolicy } = effectiveOptions({ options: {} }, none, HANDLER_DEFAULTS);
    assert.equal(retryPolicy.maxAttempts, 1);
  });
});

describe('retentionsFor', () => {
  interface Case {
    readonly title: string;
    readonly handler?: HandlerOptions;
    readonly service?: HandlerOptions;
    readonly isRun?: boolean;
    readonly hasKey?: boolean;
    readonly expected: readonly [completionMs: number, journalMs: number];
  }
  const DAY = 86_400_000;
  const rows: readonly Case[] = [
    { title: 'without key keeps both for the journal retention', expected: [DAY, DAY] },
    {
      title: 'without key ignores the other retentions',
      handler: { idempotencyRetentionMs: ms(1), journalRetentionMs: ms(5) },
      expected: [5, 5],
    },
    {
      title: 'without key and journal retention keeps nothing',
      service: { journalRetentionMs: ms(0) },
      expected: [0, 0],
    },
    {
      title: 'with a key keeps the journal no longer than the outcome',
      handler: { journalRetentionMs: ms(10 * DAY), idempotencyRetentionMs: ms(3_600_000) },
      hasKey: true,
      expected: [3_600_000, 3_600_000],
    },
    {
      title: 'with a key may keep the journal for a shorter time',
      service: { journalRetentionMs: ms(5), idempotencyRetentionMs: ms(7) },
      hasKey: true,
      expected: [7, 5],
    },
    {
      title: 'with a key and retention 0 keeps nothing',
      handler: { idempotencyRetentionMs: ms(0) },
      service: { idempotencyRetentionMs: ms(9) },
      hasKey: true,
      expected: [0, 0],
    },
    {
      title: 'of a workflow run uses the retention of its result',
      service: { workflowCompletionRetentionMs: ms(8), idempotencyRetentionMs: ms(1) },
      isRun: true,
      expected: [8, 8],
    },
  ];
  for (const { title, handler = {}, service = {}, isRun, hasKey, expected } of rows) {
    test(title, () => {
      const { schema: known } = registered(EMPTY_SCHEMA, {
        discovered: discovered({
          services: [
            serviceManifest({
              type: isRun === true ? 'Workflow' : 'Service',
              options: service,
              handlers: [
                handlerManifest({
                  options: handler,
                  type: isRun === true ? 'Workflow' : undefined,
                }),
              ],
            }),
          ],
        }),
      });
      const found = findHandler(known, 'Greeter', 'greet');
      assert.ok(found.kind === 'found');
      // A run handler's retention is an option of the service, see service-revision.ts.
      const resolved = { ...found, revision: { ...found.revision, options: service } };
      const retentions = retentionsFor(resolved, hasKey ?? false, HANDLER_DEFAULTS);
      assert.deepEqual([retentions.completionRetentionMs, retentions.journalRetentionMs], expected);
    });
  }
});

describe('upper bounds', () => {
  const hour = durationMs(3_600_000);
  const maxima = {
    journalRetentionMs: hour,
    idempotencyRetentionMs: hour,
    workflowCompletionRetentionMs: hour,
    attempts: 5,
  };
  const bounded = { ...HANDLER_DEFAULTS, maxima };
  const found = findHandler(schema, 'Greeter', 'wave');
  assert.ok(found.kind === 'found');

  test('hold for what the defaults say', () => {
    const options = effectiveOptions(found.revision, found.handler, bounded);
    assert.equal(options.journalRetentionMs, hour);
    assert.equal(options.idempotencyRetentionMs, hour);
    assert.equal(options.workflowCompletionRetentionMs, hour);
    const kept = { completionRetentionMs: hour, journalRetentionMs: hour };
    assert.deepEqual(retentionsFor(found, true, bounded), kept);
    assert.deepEqual(retentionsFor(found, false, bounded), kept);
  });

  test('change nothing that is shorter', () => {
    const second = durationMs(1000);
    assert.equal(boundedRetention('journalRetentionMs', second, bounded), second);
    assert.equal(boundedRetention('journalRetentionMs', durationMs(0), bounded), 0);
    assert.equal(boundedRetention('journalRetentionMs', second, HANDLER_DEFAULTS), second);
  });

  const rows: ReadonlyArray<readonly [asked: number | 'unlimited', given: number]> = [
    ['unlimited', 5],
    [6, 5],
    [5, 5],
    [1, 1],
  ];
  for (const [maxAttempts, given] of rows) {
    test(`make of ${maxAttempts} attempts ${given}`, () => {
      const policy = { ...HANDLER_DEFAULTS.retryPolicy, maxAttempts };
      assert.equal(boundedRetryPolicy(policy, bounded).maxAttempts, given);
      assert.equal(boundedRetryPolicy(policy, HANDLER_DEFAULTS), policy);
    });
  }
});
