import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import {
  EMPTY_SCHEMA,
  type HandlerMaxima,
  type HandlerOptions,
  type RetryPolicyOptions,
} from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import {
  boundedAttempts,
  effectiveOptions,
  findHandler,
  findPinnedHandler,
  retentionsFor,
} from '../../../src/actors/schema/resolve.ts';
import {
  at,
  deploymentId,
  discovered,
  handlerManifest,
  registered,
  serviceManifest,
} from '../../support/schema-fixtures.ts';

const ONE = deploymentId(1);
const TWO = deploymentId(2);

/** Greeter/greet in the first deployment, Greeter/wave in the second, newer one. */
const schema = registered(registered(EMPTY_SCHEMA).schema, {
  address: at('http://other'),
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
    const { maxima: _maxima, ...defaults } = HANDLER_DEFAULTS;
    assert.deepEqual(effectiveOptions({ options: {} }, { options: {} }, HANDLER_DEFAULTS), {
      ...defaults,
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

  test('keep nothing for longer than the server allows, but show the attempts asked for', () => {
    const maxima = {
      journalRetentionMs: ms(50),
      idempotencyRetentionMs: ms(60),
      workflowCompletionRetentionMs: ms(105),
      retryAttempts: 1,
    };
    const bounded = { ...HANDLER_DEFAULTS, maxima };
    const { retryAttempts: _retryAttempts, ...retentions } = maxima;
    assert.deepEqual(effectiveOptions({ options: all(101) }, undefined, bounded), {
      ...all(101),
      ...retentions,
    });
    assert.equal(effectiveOptions({ options: {} }, undefined, bounded).journalRetentionMs, 50);
  });
});

describe('boundedAttempts', () => {
  const rows = [
    [70, undefined, 70],
    [70, 3, 3],
    [3, 3, 3],
    [2, 3, 2],
    ['unlimited', 3, 3],
    ['unlimited', undefined, 'unlimited'],
  ] as const;
  for (const [maxAttempts, retryAttempts, expected] of rows) {
    test(`of ${maxAttempts} where the server allows ${retryAttempts ?? 'any'} are ${expected}`, () => {
      const policy = { ...HANDLER_DEFAULTS.retryPolicy, maxAttempts };
      const defaults = {
        ...HANDLER_DEFAULTS,
        maxima: { ...HANDLER_DEFAULTS.maxima, retryAttempts },
      };
      assert.deepEqual(boundedAttempts(policy, defaults), { ...policy, maxAttempts: expected });
    });
  }
});

describe('retentionsFor', () => {
  interface Case {
    readonly title: string;
    readonly handler?: HandlerOptions;
    readonly service?: HandlerOptions;
    readonly isRun?: boolean;
    readonly hasKey?: boolean;
    readonly maxima?: Partial<HandlerMaxima>;
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
    {
      title: 'with a key keeps both no longer than the server allows',
      service: { idempotencyRetentionMs: ms(9) },
      hasKey: true,
      maxima: { idempotencyRetentionMs: ms(7), journalRetentionMs: ms(6) },
      expected: [7, 6],
    },
    {
      title: 'of a workflow run is no longer than the server allows',
      isRun: true,
      maxima: { workflowCompletionRetentionMs: ms(8) },
      expected: [8, 8],
    },
    {
      title: 'without key is no longer than the server allows',
      maxima: { journalRetentionMs: ms(5), idempotencyRetentionMs: ms(1) },
      expected: [5, 5],
    },
  ];
  for (const { title, handler = {}, service = {}, isRun, hasKey, maxima, expected } of rows) {
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
      const defaults = {
        ...HANDLER_DEFAULTS,
        maxima: { ...HANDLER_DEFAULTS.maxima, ...maxima },
      };
      const retentions = retentionsFor(resolved, hasKey ?? false, defaults);
      assert.deepEqual([retentions.completionRetentionMs, retentions.journalRetentionMs], expected);
    });
  }
});
