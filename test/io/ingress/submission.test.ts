import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { idempotentInvocationId } from '../../../src/actors/domain/make-invocation-id.ts';
import type { HandlerOptions } from '../../../src/actors/domain/schema.ts';
import { type DurationMs, durationMs } from '../../../src/actors/domain/time.ts';
import { LIBRARIES } from '../http/listeners.ts';
import { assertIngressError } from './expect.ts';
import { handlerInput, NOW_MS, type RecordingGateway, serviceOf, withIngress } from './fixture.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;

const BAD_DELAY = 'bad delay query parameter, must be a ISO8601 duration: ';

function forwarded(gateway: RecordingGateway): ReadonlyArray<readonly [string, string]> {
  return handlerInput(gateway.submission).headers.map(({ key, value }) => [key, value]);
}

const DELAYS: ReadonlyArray<readonly [query: string, delayMs: number]> = [
  ['delay=0', 0],
  ['delay=1s', 1000],
  ['DELAY=1.5s', 1500],
  ['delay=1%20sec', 1000],
  ['delay=1+sec', 1000],
  ['delay=%2B1s', 1000],
  ['delay=PT1M', 60_000],
  ['delay=1h%2C+30m', 90 * 60_000],
  ['x=1&delay=2d&delay=bogus', 2 * DAY_MS],
  ['delay=1000000d', 1_000_000 * DAY_MS],
];

const BAD_DELAYS: ReadonlyArray<readonly [query: string, reason: string]> = [
  [
    'delay=',
    `an empty string is not a valid duration in either the ISO 8601 format or Jiff's "friendly" format`,
  ],
  [
    'delay',
    `an empty string is not a valid duration in either the ISO 8601 format or Jiff's "friendly" format`,
  ],
  [
    'delay=100',
    'failed to parse input in the "friendly" duration format: expected to find unit designator suffix (e.g., `years` or `secs`) after parsing integer',
  ],
  ['delay=-1s', 'negative signed durations cannot be converted to an unsigned duration'],
];

const LIMIT_KEYS: ReadonlyArray<
  readonly [query: string, header: string | undefined, message: string | undefined]
> = [
  ['limit-key=', undefined, undefined],
  ['limit-key=a', undefined, 'limit-key requires a scope to be set'],
  ['Limit-Key=a/b/', undefined, 'limit-key requires a scope to be set'],
  [
    'limit-key=a/b/c',
    undefined,
    'invalid limit-key: too many path components in the given limit-key (max 2)',
  ],
  [
    'limit-key=a!',
    undefined,
    'invalid limit-key: invalid limit-key component: value contains characters outside the allowed set [a-zA-Z0-9_.-]',
  ],
  [
    'limit-key=/',
    undefined,
    'invalid limit-key: invalid limit-key component: value cannot be empty',
  ],
  [
    `limit-key=${'k'.repeat(70)}`,
    undefined,
    'invalid limit-key: invalid limit-key component: value too long: 70 bytes (max 36)',
  ],
  ['limit-key=a!', 'a', 'limit-key requires a scope to be set'],
  ['', 'a', 'limit-key requires a scope to be set'],
];

interface RetentionRow {
  readonly name: string;
  readonly path: string;
  readonly service?: HandlerOptions;
  readonly handler?: HandlerOptions;
  readonly completionMs: number;
  readonly journalMs: number;
}

function ms(value: number): DurationMs {
  return durationMs(value);
}

const RETENTIONS: readonly RetentionRow[] = [
  {
    name: 'the defaults, of a Service',
    path: '/S/h',
    completionMs: DAY_MS,
    journalMs: DAY_MS,
  },
  {
    name: "the service's idempotency retention, which caps the journal's",
    path: '/S/h',
    service: { idempotencyRetentionMs: ms(HOUR_MS), journalRetentionMs: ms(10 * DAY_MS) },
    completionMs: HOUR_MS,
    journalMs: HOUR_MS,
  },
  {
    name: "the handler's before the service's",
    path: '/S/h',
    service: { idempotencyRetentionMs: ms(HOUR_MS), journalRetentionMs: ms(2000) },
    handler: { idempotencyRetentionMs: ms(7000), journalRetentionMs: ms(0) },
    completionMs: 7000,
    journalMs: 0,
  },
  {
    name: 'nothing with a retention of 0, of an object',
    path: '/O/k/h',
    handler: { idempotencyRetentionMs: ms(0) },
    completionMs: 0,
    journalMs: 0,
  },
  {
    name: 'the workflow retention, of a run',
    path: '/W/k/run',
    service: { workflowCompletionRetentionMs: ms(5000), idempotencyRetentionMs: ms(1) },
    completionMs: 5000,
    journalMs: 5000,
  },
  {
    name: 'the journal retention for both, of a shared workflow handler without key',
    path: '/W/k/shared',
    service: { journalRetentionMs: ms(3000), workflowCompletionRetentionMs: ms(1) },
    completionMs: 3000,
    journalMs: 3000,
  },
  {
    name: 'nothing, of a shared workflow handler without key and journal retention',
    path: '/W/k/shared',
    handler: { journalRetentionMs: ms(0) },
    completionMs: 0,
    journalMs: 0,
  },
];

for (const { prefer, skip } of LIBRARIES) {
  describe(`submissions of the ingress on ${prefer}`, { skip }, () => {
    describe('forward headers', () => {
      test('path first, then every name once with its first value, except four', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          await send({
            method: 'POST',
            path: '//Echo/echo/?a=b&c',
            headers: [
              ['User-Agent', 'test'],
              ['accept', '*/*'],
              ['Content-Type', 'application/json'],
              ['Cookie', 'a=1'],
              ['cookie', 'b=2'],
              ['connection', 'keep-alive'],
              ['keep-alive', 'x'],
              ['te', 'trailers'],
              ['idempotency-key', 'k'],
              ['idempotency-expires', 'x'],
              ['traceparent', '00-a-b-01'],
              ['x-restate-other', ''],
              ['x-restate-ingress-path', 'mine'],
            ],
            body: '1',
          });
          assert.deepEqual(forwarded(gateway), [
            ['x-restate-ingress-path', '/Echo/echo?a=b&c'],
            ['user-agent', 'test'],
            ['accept', '*/*'],
            ['content-type', 'application/json'],
            ['cookie', 'a=1'],
            ['keep-alive', 'x'],
            ['te', 'trailers'],
            ['traceparent', '00-a-b-01'],
            ['x-restate-other', ''],
            ['x-restate-ingress-path', 'mine'],
            ['content-length', '1'],
          ]);
        });
      });

      for (const name of ['x-foo', 'idempotency-key', 'content-type', 'x-restate-limit-key']) {
        test(`but refuse a value of ${name} that is not visible ASCII`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const headers = [[name, 'aéb']] as const;
            const answer = await send({ method: 'POST', path: '/Echo/any', headers });
            assertIngressError(answer, 400, `bad header ${name}: ToStrError { _priv: () }`);
            assert.deepEqual(gateway.requests, []);
          });
        });
      }
    });

    describe('take a delay', () => {
      for (const [query, delayMs] of DELAYS) {
        test(`of ${delayMs} ms with a send?${query}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const answer = await send({ method: 'POST', path: `/Echo/echo/send?${query}` });
            assert.equal(answer.status, 202);
            assert.equal(gateway.submission.executeAtMs, NOW_MS + delayMs);
          });
        });
      }

      for (const [query, reason] of BAD_DELAYS) {
        for (const path of ['/Echo/echo/send', '/Echo/echo']) {
          test(`but not ${path}?${query}`, async () => {
            await withIngress(prefer, async ({ send, gateway }) => {
              const answer = await send({ method: 'POST', path: `${path}?${query}` });
              assertIngressError(answer, 400, BAD_DELAY + reason);
              assert.deepEqual(gateway.requests, []);
            });
          });
        }
      }

      test('but not with a call', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          const answer = await send({ method: 'POST', path: '/Echo/echo?delay=1s' });
          const message =
            'cannot use the delay query parameter with calls. The delay is supported only with sends';
          assertIngressError(answer, 400, message);
          assert.deepEqual(gateway.requests, []);
        });
      });

      test('also for a workflow run, and none without the parameter', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          await send({ method: 'POST', path: '/Wf/k/run/send?delay=1s' });
          assert.equal(gateway.submission.executeAtMs, NOW_MS + 1000);
        });
        await withIngress(prefer, async ({ send, gateway }) => {
          await send({ method: 'POST', path: '/Echo/echo/send?delaySec=1' });
          assert.equal(gateway.submission.executeAtMs, undefined);
        });
      });
    });

    describe('take a limit key', () => {
      for (const [query, header, message] of LIMIT_KEYS) {
        test(`?${query} with header ${header}: ${message ?? 'as none'}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const headers =
              header === undefined ? [] : ([['x-restate-limit-key', header]] as const);
            const answer = await send({ method: 'POST', path: `/Echo/echo?${query}`, headers });
            if (message === undefined) {
              assert.equal(answer.status, 200);
            } else {
              assertIngressError(answer, 400, message);
              assert.deepEqual(gateway.requests, []);
            }
          });
        });
      }
    });

    describe('have an identity', () => {
      const known: ReadonlyArray<readonly [path: string, key: string | undefined, id: string]> = [
        ['/Echo/echo', 'ik', 'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm'],
        ['/Obj/k/key', 'ik', 'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f'],
        ['/Wf/k/run', undefined, 'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn'],
      ];
      for (const [path, key, id] of known) {
        for (const suffix of ['', '/send']) {
          test(`${path}${suffix} with key ${key} is ${id}`, async () => {
            await withIngress(prefer, async ({ send, gateway }) => {
              const headers = key === undefined ? [] : ([['Idempotency-Key', key]] as const);
              const answer = await send({ method: 'POST', path: `${path}${suffix}`, headers });
              assert.equal(answer.headers['x-restate-id'], id);
              assert.equal(gateway.submission.invocationId, id);
              assert.equal(gateway.submission.idempotencyKey, key);
            });
          });
        }
      }

      test('an empty idempotency key is a key', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          await send({ method: 'POST', path: '/Echo/echo', headers: [['idempotency-key', '']] });
          assert.equal(gateway.submission.idempotencyKey, '');
        });
      });

      for (const suffix of ['', '/send']) {
        test(`a workflow run takes no idempotency key: /Wf/k/run${suffix}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const headers = [['idempotency-key', 'x']] as const;
            const answer = await send({ method: 'POST', path: `/Wf/k/run${suffix}`, headers });
            const message =
              'cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.';
            assertIngressError(answer, 400, message);
            assert.deepEqual(gateway.requests, []);
          });
        });
      }

      test('a shared workflow handler takes an idempotency key', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          const headers = [['idempotency-key', 'x']] as const;
          assert.equal((await send({ method: 'POST', path: '/Wf/k/shared', headers })).status, 200);
          assert.equal(gateway.submission.idempotencyKey, 'x');
        });
      });

      for (const path of ['/Echo/echo', '/Obj/k/key', '/Obj/k/shared', '/Echo/echo/send']) {
        test(`${path} without a key gets a random ULID as its key, unseen by client and handler`, async () => {
          const ulid = /^01[0-9A-HJKMNP-TV-Z]{24}$/;
          let byte = 0;
          // Every call of `random` is different.
          const random = (bytesCount: number): Uint8Array => {
            byte += 1;
            return new Uint8Array(bytesCount).fill(byte);
          };
          const keys: string[] = [];
          const ids: string[] = [];
          await withIngress(
            prefer,
            async ({ send, gateway }) => {
              gateway.answer = (request) => {
                assert.ok('submission' in request);
                keys.push(request.submission.idempotencyKey ?? 'none');
                ids.push(request.submission.invocationId);
                const names = handlerInput(request.submission).headers.map(({ key }) => key);
                assert.ok(!names.includes('idempotency-key'));
                if (request.kind === 'send') return { kind: 'accepted', isNew: true };
                const outcome = { kind: 'success', value: new Uint8Array(0) } as const;
                return { kind: 'completed', target: request.submission.target, outcome };
              };
              for (let count = 0; count < 2; count += 1) {
                const answer = await send({ method: 'POST', path });
                assert.equal(answer.headers['idempotency-key'], undefined);
              }
            },
            { random },
          );
          for (const key of keys) assert.match(key, ulid);
          assert.equal(new Set(keys).size, 2);
          assert.equal(new Set(ids).size, 2);
        });
      }

      for (const path of ['/Wf/k/run', '/Wf/k/shared']) {
        test(`${path} gets no key of its own`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            await send({ method: 'POST', path });
            assert.equal(gateway.submission.idempotencyKey, undefined);
          });
        });
      }

      const targets: ReadonlyArray<readonly [path: string, target: object]> = [
        ['/Echo/echo', { kind: 'service', service: 'Echo', handler: 'echo' }],
        [
          '/Obj/k/key',
          { kind: 'virtualObject', service: 'Obj', key: 'k', handler: 'key', mode: 'exclusive' },
        ],
        [
          '/Obj/k/shared',
          { kind: 'virtualObject', service: 'Obj', key: 'k', handler: 'shared', mode: 'shared' },
        ],
        ['/Wf/k/run', { kind: 'workflow', service: 'Wf', key: 'k', handler: 'run', mode: 'run' }],
        [
          '/Wf/k/shared',
          { kind: 'workflow', service: 'Wf', key: 'k', handler: 'shared', mode: 'shared' },
        ],
      ];
      for (const [path, target] of targets) {
        test(`${path} names its target with the handler's mode`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            await send({ method: 'POST', path });
            assert.deepEqual(gateway.submission.target, target);
          });
        });
      }
    });

    describe('in a scope', () => {
      const scopeFeatures = { scopes: true, scopedObjects: true };

      test('name it with their target, and their limit key', async () => {
        await withIngress(
          prefer,
          async ({ send, gateway }) => {
            const path = '/restate/scope/s1/send/Echo/scopeless?limit-key=a/b/';
            assert.equal((await send({ method: 'POST', path })).status, 404);
            const known = '/restate/scope/s1/send/Echo/echo?limit-key=a/b/';
            const headers = [['idempotency-key', 'ik']] as const;
            await send({ method: 'POST', path: known, headers });
            const target = { kind: 'service', service: 'Echo', handler: 'echo', scope: 's1' };
            assert.deepEqual(gateway.submission.target, target);
            assert.equal(gateway.submission.limitKey, 'a/b');
            const id = idempotentInvocationId(
              { service: 'Echo', handler: 'echo', scope: 's1' },
              'ik',
            );
            assert.equal(gateway.submission.invocationId, id);
          },
          { scopeFeatures },
        );
      });

      test('are refused to objects unless that is switched on as well', async () => {
        const path = '/restate/scope/s1/call/Obj/k/key';
        for (const scopedObjects of [true, false]) {
          await withIngress(
            prefer,
            async ({ send }) => {
              const answer = await send({ method: 'POST', path });
              if (scopedObjects) return assert.equal(answer.status, 200);
              const message = 'scope is not supported for Virtual Object targets';
              assertIngressError(answer, 400, message);
            },
            { scopeFeatures: { scopes: true, scopedObjects } },
          );
        }
      });
    });

    describe('are retained for', () => {
      for (const row of RETENTIONS) {
        test(row.name, async () => {
          await withIngress(prefer, async ({ send, gateway, register }) => {
            const options = row.handler ?? {};
            register([
              serviceOf('S', 'Service', { h: { options } }, row.service),
              serviceOf('O', 'VirtualObject', { h: { type: 'Exclusive', options } }, row.service),
              serviceOf(
                'W',
                'Workflow',
                { run: { type: 'Workflow', options }, shared: { type: 'Shared', options } },
                row.service,
              ),
            ]);
            assert.equal((await send({ method: 'POST', path: row.path })).status, 200);
            assert.equal(gateway.submission.completionRetentionMs, row.completionMs);
            assert.equal(gateway.submission.journalRetentionMs, row.journalMs);
          });
        });
      }
    });
  });
}
