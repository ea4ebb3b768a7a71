import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Failure, failure, type Outcome } from '../../../src/actors/domain/outcome.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import type { RequestReply } from '../../../src/actors/partition/effect.ts';
import { GatewayUnavailableError } from '../../../src/actors/ports.ts';
import { RawConnection, type RawRequest, requestBytes } from '../../support/raw-http.ts';
import { LIBRARIES } from '../http/listeners.ts';
import { assertCommonHeaders, assertIngressError, assertInvocationError } from './expect.ts';
import { completedWith, NOW_MS, serviceOf, withIngress } from './fixture.ts';

const WF_ID = 'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn';
const ECHO_ID = 'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm';
const ANY_ID = 'inv_13eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2';

/** A call whose id is known. */
const CALL: RawRequest = {
  method: 'POST',
  path: '/Echo/echo',
  headers: [['idempotency-key', 'ik']],
};

interface ReadForm {
  readonly request: RawRequest;
  readonly id: string;
}

/** Every way to ask for an outcome. */
function readForms(verb: 'attach' | 'output'): readonly ReadForm[] {
  const post = (target: object): RawRequest => ({
    method: 'POST',
    path: `/restate/${verb}`,
    body: JSON.stringify(target),
  });
  return [
    { request: { path: `/restate/${verb}/${ANY_ID}` }, id: ANY_ID },
    { request: { path: `/restate/invocation/${ANY_ID}/${verb}` }, id: ANY_ID },
    { request: { path: `/restate/invocation/Echo/echo/ik/${verb}` }, id: ECHO_ID },
    {
      request: { path: `/restate/invocation/Obj/k/key/ik/${verb}` },
      id: 'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f',
    },
    { request: { path: `/restate/workflow/Wf/k/${verb}` }, id: WF_ID },
    { request: { path: `/restate/workflow/Wf/%6b/${verb}/x` }, id: WF_ID },
    {
      request: post({ target: 'workflow', workflowName: 'Wf', workflowKey: 'k', scope: null }),
      id: WF_ID,
    },
    {
      request: post({
        target: 'idempotentInvocation',
        service: 'Echo',
        handler: 'echo',
        idempotencyKey: 'ik',
        other: 1,
      }),
      id: ECHO_ID,
    },
    {
      request: post({
        target: 'idempotentInvocation',
        service: 'Obj',
        key: 'k',
        handler: 'key',
        idempotencyKey: 'ik',
      }),
      id: 'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f',
    },
    { request: post({ target: 'invocation', invocationId: ANY_ID }), id: ANY_ID },
  ];
}

const FAILURES: ReadonlyArray<
  readonly [failure: Failure, status: number, body: Readonly<Record<string, unknown>>]
> = [
  [{ code: 500, message: 'm' }, 500, { code: 500, message: 'm' }],
  [{ code: 409, message: '' }, 409, { code: 409, message: '' }],
  [{ code: 200, message: 'm' }, 200, { code: 200, message: 'm' }],
  [{ code: 299, message: 'm' }, 299, { code: 299, message: 'm' }],
  [{ code: 301, message: 'm' }, 301, { code: 301, message: 'm' }],
  [{ code: 418, message: 'm' }, 418, { code: 418, message: 'm' }],
  [{ code: 600, message: 'm' }, 600, { code: 600, message: 'm' }],
  [{ code: 999, message: 'm' }, 999, { code: 999, message: 'm' }],
  [{ code: 1000, message: 'm' }, 500, { code: 1000, message: 'm' }],
  [{ code: 0, message: 'm' }, 500, { code: 0, message: 'm' }],
  [
    {
      code: 409,
      message: 'm3 é',
      metadata: [
        ['a', 'b'],
        ['k', 'v'],
      ],
    },
    409,
    { code: 409, message: 'm3 é', metadata: { a: 'b', k: 'v' } },
  ],
  [
    { code: 500, message: 'retry me', stacktrace: 'Error: retry me\n    at x' },
    500,
    { code: 500, message: 'retry me', stacktrace: 'Error: retry me\n    at x' },
  ],
];

for (const { prefer, skip } of LIBRARIES) {
  describe(`answers of the ingress on ${prefer}`, { skip }, () => {
    describe('to a call', () => {
      test('carry the result as it is, with the id of the invocation', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          const value = Uint8Array.of(0, 1, 0xff);
          gateway.answer = completedWith({ kind: 'success', value });
          const answer = await send(CALL);
          assert.equal(answer.status, 200);
          assert.ok(answer.body.equals(value));
          assert.equal(answer.headers['x-restate-id'], ECHO_ID);
          assert.equal(answer.headers['content-type'], 'application/json');
          assert.equal(answer.headers['idempotency-expires'], undefined);
          assert.equal(answer.headers['x-restate-error-source'], undefined);
          assertCommonHeaders(answer);
        });
      });

      const types: ReadonlyArray<
        readonly [handler: string, result: string, contentType: string | undefined]
      > = [
        ['echo', '{"a":1}', 'application/json'],
        ['echo', '', undefined],
        ['binary', 'x', 'application/octet-stream'],
        ['binary', '', undefined],
        ['alwaysTyped', '', 'application/json'],
      ];
      for (const [handler, result, contentType] of types) {
        test(`of ${handler} with result '${result}' have content type ${contentType}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            gateway.answer = () => ({
              kind: 'completed',
              target: { kind: 'service', service: 'Echo', handler },
              outcome: { kind: 'success', value: Buffer.from(result) },
            });
            const answer = await send({ method: 'POST', path: `/Echo/${handler}` });
            assert.equal(answer.body.toString(), result);
            assert.equal(answer.headers['content-type'], contentType);
            assert.equal(answer.headers['content-length'], String(result.length));
          });
        });
      }

      test('tell when a result that was read back expires', async () => {
        const rows = [
          [NOW_MS, '2026-11-23T02:10:49.523+00:00'],
          [NOW_MS - 523, '2026-11-23T02:10:49+00:00'],
        ] as const;
        for (const [expiresAtMs, text] of rows) {
          await withIngress(prefer, async ({ send, gateway }) => {
            const outcomes: Outcome[] = [
              { kind: 'success', value: new Uint8Array(1) },
              failure(500, 'm'),
            ];
            for (const outcome of outcomes) {
              gateway.answer = completedWith(outcome, expiresAtMs);
              assert.equal((await send(CALL)).headers['idempotency-expires'], text);
            }
          });
        }
      });

      for (const [stored, status, body] of FAILURES) {
        test(`carry a failure ${JSON.stringify(stored)} with status ${status}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            gateway.answer = completedWith({ kind: 'failure', failure: stored });
            const answer = await send(CALL);
            assertInvocationError(answer, status, ECHO_ID, body);
            assert.equal(answer.headers['idempotency-expires'], undefined);
          });
        });
      }

      for (const code of [204, 304]) {
        test(`with a failure of code ${code} have the status and no body`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            gateway.answer = completedWith(failure(code, 'm'));
            const answer = await send(CALL);
            assert.equal(answer.status, code);
            assert.equal(answer.body.length, 0);
            assert.equal(answer.headers['x-restate-id'], ECHO_ID);
            assert.equal(answer.headers['x-restate-error-source'], 'invocation');
          });
        });
      }

      for (const code of [100, 150, 199]) {
        test(`with a failure of code ${code} are a bare 500 and end the connection`, async () => {
          await withIngress(prefer, async ({ url, gateway }) => {
            gateway.answer = completedWith(failure(code, 'm'));
            const connection = await RawConnection.open(url);
            connection.write(requestBytes(CALL));
            const answer = await connection.next();
            assert.ok(answer !== 'closed');
            assert.equal(answer.status, 500);
            assert.equal(answer.body.length, 0);
            assert.equal(answer.headers['x-restate-id'], undefined);
            assert.equal(answer.headers['vary'], undefined);
            assert.equal(await connection.untilClosed(), '');
          });
        });
      }

      test('of a workflow that was already invoked are a 409 with its id', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          gateway.answer = () => ({ kind: 'workflowAlreadyInvoked' });
          const answer = await send({ method: 'POST', path: '/Wf/k/run' });
          assertInvocationError(answer, 409, WF_ID, {
            code: 409,
            message: 'the workflow method was already invoked',
          });
        });
      });

      test('come however late they are', async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          let complete: (reply: RequestReply) => void = () => {};
          let asked = (): void => {};
          const asking = new Promise<void>((resolve) => {
            asked = resolve;
          });
          gateway.answer = () => {
            asked();
            return new Promise((resolve) => {
              complete = resolve;
            });
          };
          const answering = send(CALL);
          await asking;
          complete({
            kind: 'completed',
            target: { kind: 'service', service: 'Echo', handler: 'echo' },
            outcome: { kind: 'success', value: Buffer.from('late') },
          });
          assert.equal((await answering).body.toString(), 'late');
        });
      });

      test('have the content type of the revision that is the latest when they are ready', async () => {
        await withIngress(prefer, async ({ send, gateway, register }) => {
          gateway.answer = (request) => {
            register([serviceOf('Echo', 'Service', { echo: { outputContentType: 'x/new' } })]);
            return completedWith({ kind: 'success', value: Buffer.from('1') })(request);
          };
          assert.equal((await send(CALL)).headers['content-type'], 'x/new');
        });
      });
    });

    describe('to a send', () => {
      const id = ECHO_ID;
      const rows: ReadonlyArray<readonly [name: string, reply: RequestReply, body: string]> = [
        [
          'that is new',
          { kind: 'accepted', isNew: true },
          `{"invocationId":"${id}","status":"Accepted"}`,
        ],
        [
          'that is new and delayed',
          { kind: 'accepted', isNew: true, executeAtMs: unixMillis(NOW_MS + 1000) },
          `{"invocationId":"${id}","executionTime":"2026-11-23T02:10:50.523000000Z","status":"Accepted"}`,
        ],
        [
          'seen before',
          { kind: 'accepted', isNew: false },
          `{"invocationId":"${id}","status":"PreviouslyAccepted"}`,
        ],
        [
          'seen before and still scheduled',
          { kind: 'accepted', isNew: false, executeAtMs: unixMillis(NOW_MS) },
          `{"invocationId":"${id}","executionTime":"2026-11-23T02:10:49.523000000Z","status":"PreviouslyAccepted"}`,
        ],
      ];
      for (const [name, reply, body] of rows) {
        test(`${name}: 202 ${body}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            gateway.answer = () => reply;
            const answer = await send({ ...CALL, path: '/Echo/echo/send' });
            assert.equal(answer.status, 202);
            assert.equal(answer.body.toString(), body);
            assert.equal(answer.headers['x-restate-id'], id);
            assert.equal(answer.headers['content-type'], 'application/json');
            assertCommonHeaders(answer);
          });
        });
      }
    });

    for (const verb of ['attach', 'output'] as const) {
      describe(`to ${verb}`, () => {
        for (const { request, id } of readForms(verb)) {
          const form = `${request.method ?? 'GET'} ${request.path} ${request.body?.toString() ?? ''}`;

          test(`${form} asks for ${id} and carries its result`, async () => {
            await withIngress(prefer, async ({ send, gateway }) => {
              const value = Buffer.from('"r"');
              gateway.answer = completedWith({ kind: 'success', value }, NOW_MS);
              const answer = await send(request);
              const kind = verb === 'attach' ? 'attach' : 'getOutput';
              assert.deepEqual(gateway.requests, [{ kind, invocationId: id }]);
              assert.equal(answer.status, 200);
              assert.equal(answer.body.toString(), '"r"');
              assert.equal(answer.headers['x-restate-id'], id);
              assert.equal(answer.headers['content-type'], 'application/json');
              assert.equal(answer.headers['idempotency-expires'], '2026-11-23T02:10:49.523+00:00');
            });
          });

          test(`${form} is a 404 if the invocation is unknown`, async () => {
            await withIngress(prefer, async ({ send }) => {
              const answer = await send(request);
              if (verb === 'output') assertIngressError(answer, 404, 'invocation not found');
              else assertInvocationError(answer, 404, id, { code: 404, message: 'not found' });
            });
          });
        }

        const request: RawRequest = { path: `/restate/${verb}/${ANY_ID}` };

        test('carries a stored failure', async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            gateway.answer = completedWith(failure(500, 'my reason'), NOW_MS);
            const answer = await send(request);
            assertInvocationError(answer, 500, ANY_ID, { code: 500, message: 'my reason' });
            assert.equal(answer.headers['idempotency-expires'], '2026-11-23T02:10:49.523+00:00');
          });
        });

        test('is a 404 for the success of a handler that the latest revision lacks', async () => {
          await withIngress(prefer, async ({ send, gateway, register }) => {
            register([serviceOf('Echo', 'Service', { other: {} })]);
            gateway.answer = completedWith({ kind: 'success', value: Buffer.from('1') });
            assertIngressError(await send(request), 404, 'not found');
            register([]);
            assertIngressError(await send(request), 404, 'not found');
            gateway.answer = completedWith(failure(409, 'killed'));
            const answer = await send(request);
            assertInvocationError(answer, 409, ANY_ID, { code: 409, message: 'killed' });
          });
        });
      });
    }

    test('to output, not yet there, is 470 without an id', async () => {
      await withIngress(prefer, async ({ send, gateway }) => {
        gateway.answer = () => ({ kind: 'notCompleted' });
        const answer = await send({ path: '/restate/workflow/Wf/w1/output' });
        assertIngressError(answer, 470, 'the invocation exists but has not completed yet');
        assert.equal(answer.statusLine, 'HTTP/1.1 470 <none>');
      });
    });

    describe('when the gateway is unavailable, say what may be repeated:', () => {
      const awakeable = 'sign_1hOJkHWv7vCVu0nJfmruraAc-Sv6cVipWAAAAEQ';
      const retryIfKeyed =
        "If the request has an 'idempotency-key', it can be safely retried, otherwise submitting it again may result in executing the invocation twice.";
      const rows: ReadonlyArray<readonly [method: string, path: string, advice: string]> = [
        ['POST', '/Echo/echo', retryIfKeyed],
        ['POST', '/Echo/echo/send', retryIfKeyed],
        ['GET', `/restate/attach/${ANY_ID}`, 'You may safely retry the request.'],
        ['GET', '/restate/workflow/Wf/k/output', 'You may safely retry the request.'],
        [
          'POST',
          `/restate/a/${awakeable}/resolve`,
          'Submitting the request again may result in executing the operation twice.',
        ],
      ];
      for (const [method, path, advice] of rows) {
        test(`${method} ${path}`, async () => {
          await withIngress(prefer, async ({ send, gateway, errors }) => {
            gateway.answer = () => Promise.reject(new GatewayUnavailableError('no leader.'));
            const message = `internal routing error: no leader. ${advice}`;
            assertIngressError(await send({ method, path }), 503, message);
            assert.deepEqual(errors, []);
          });
        });
      }
    });

    test('to a request that meets a defect are a bare 500, and it is logged', async () => {
      await withIngress(prefer, async ({ send, gateway, errors }) => {
        gateway.answer = () => Promise.reject(new Error('a defect'));
        const answer = await send(CALL);
        assert.equal(answer.status, 500);
        assert.equal(answer.body.length, 0);
        assert.deepEqual(errors, ['handling POST /Echo/echo failed']);
      });
    });

    test('outlive a client that leaves during its call', async () => {
      await withIngress(prefer, async ({ url, send, gateway, errors }) => {
        let asked = (): void => {};
        const asking = new Promise<void>((resolve) => {
          asked = resolve;
        });
        let complete: (reply: RequestReply) => void = () => {};
        gateway.answer = () => {
          asked();
          return new Promise((resolve) => {
            complete = resolve;
          });
        };
        const connection = await RawConnection.open(url);
        connection.write(requestBytes(CALL));
        await asking;
        connection.destroy();
        await connection.untilClosed();
        complete({
          kind: 'completed',
          target: { kind: 'service', service: 'Echo', handler: 'echo' },
          outcome: { kind: 'success', value: Buffer.from('unheard') },
        });
        assert.equal((await send({ path: '/restate/health' })).status, 200);
        assert.deepEqual(errors, []);
      });
    });
  });
}
