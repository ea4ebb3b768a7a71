import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RawConnection, requestBytes } from '../../support/raw-http.ts';
import { LIBRARIES } from '../http/listeners.ts';
import { assertCommonHeaders, assertIngressError } from './expect.ts';
import { withIngress } from './fixture.ts';

const INVOKE_SHAPE =
  'bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler';
const RESTATE_SHAPE =
  'bad path, expected /restate/call/:service/:handler, /restate/send/:service/:handler, /restate/scope/:scope/call/:service/:handler, /restate/attach/:invocation_id, /restate/output/:invocation_id, or /restate/lookup';
const AWAKEABLE_SHAPE =
  'bad path, expected either /restate/awakeables/:id/resolve or /restate/awakeables/:id/reject';
const INVOCATION_SHAPE =
  'bad path, expected either /restate/invocation/:invocation_id/output or /restate/invocation/:invocation_id/attach or /restate/invocation/:invocation_target/:idempotency_key/output or /restate/invocation/:invocation_target/:idempotency_key/attach';
const WORKFLOW_SHAPE =
  'bad path, expected either /restate/workflow/:workflow_name/:workflow_key/output or /restate/workflow/:workflow_name/:workflow_key/attach';
const NOPE_MISSING =
  "service 'Nope' not found, make sure to register the service before calling it.";
const HANDLER_MISSING =
  "the service 'Echo' exists, but the handler 'nope' was not found, check that the handler exists in the latest registered service version.";
const ID = 'inv_13eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2';

const BAD_DIGIT = ID.replace('S', '!');

const REFUSED: ReadonlyArray<
  readonly [method: string, path: string, status: number, message: string]
> = [
  ['GET', '/', 400, 'bad path: /'],
  ['GET', '/Echo', 400, 'bad path: /Echo'],
  ['GET', '/Echo/', 400, 'bad path: /Echo'],
  ['GET', '/health', 400, 'bad path: /health'],
  ['GET', '/openapi', 400, 'bad path: /openapi'],
  ['GET', '/restate', 400, 'bad path: /restate'],
  ['GET', '/a/b/c/d/e/f/g/h', 400, 'bad path: /a/b/c/d/e/f/g/h'],
  ['PUT', '/Echo', 400, 'bad path: /Echo'],

  ['GET', '/openapi/x', 404, 'not found'],
  ['GET', '/restate/other', 404, 'not found'],
  ['GET', '/restate/v1/x', 404, 'not found'],
  ['POST', '/restate/signal/x/y', 404, 'not found'],
  [
    'GET',
    '/Restate/health',
    404,
    "service 'Restate' not found, make sure to register the service before calling it.",
  ],

  ['GET', '/Nope/x', 404, NOPE_MISSING],
  ['GET', '/Nope/x/y/z', 404, NOPE_MISSING],
  ['GET', '/restate/call/Nope/x', 404, NOPE_MISSING],
  ['GET', '/restate/send/Nope/x', 404, NOPE_MISSING],
  ['GET', '/restate/invocation/Nope/h/ik/output', 404, NOPE_MISSING],
  [
    'GET',
    '/Ech%6f/echo',
    404,
    "service 'Ech%6f' not found, make sure to register the service before calling it.",
  ],
  [
    'GET',
    '/echo/echo',
    404,
    "service 'echo' not found, make sure to register the service before calling it.",
  ],

  ['GET', '/Echo/nope', 404, HANDLER_MISSING],
  ['GET', '/Echo/nope/send', 404, HANDLER_MISSING],
  ['PUT', '/Echo/nope', 404, HANDLER_MISSING],
  ['GET', '/restate/call/Echo/nope', 404, HANDLER_MISSING],
  [
    'GET',
    '/Obj/k/ke%79',
    404,
    "the service 'Obj' exists, but the handler 'ke%79' was not found, check that the handler exists in the latest registered service version.",
  ],

  ['GET', '/Echo/echo/other', 400, INVOKE_SHAPE],
  ['GET', '/Echo/echo/send/x', 400, INVOKE_SHAPE],
  ['GET', '/Obj/k', 400, INVOKE_SHAPE],
  ['GET', '/Obj/k/key/other', 400, INVOKE_SHAPE],
  ['GET', '/Wf/k', 400, INVOKE_SHAPE],
  ['GET', '/restate/call', 400, RESTATE_SHAPE],
  ['GET', '/restate/send/Echo', 400, RESTATE_SHAPE],
  ['GET', '/restate/call/Echo/echo/send', 400, RESTATE_SHAPE],
  ['GET', '/restate/call/Obj/key', 400, RESTATE_SHAPE],
  ['GET', '/restate/scope/s', 400, RESTATE_SHAPE],
  ['GET', '/restate/scope/s/other/Echo/echo', 400, RESTATE_SHAPE],
  ['GET', `/restate/attach/${ID}/x`, 400, RESTATE_SHAPE],
  ['GET', `/restate/output/${ID}/x`, 400, RESTATE_SHAPE],
  ['POST', '/restate/lookup/x', 400, RESTATE_SHAPE],
  ['POST', '/restate/awakeables', 400, AWAKEABLE_SHAPE],
  ['POST', '/restate/awakeables/x', 400, AWAKEABLE_SHAPE],
  ['POST', '/restate/a/x', 400, AWAKEABLE_SHAPE],
  ['GET', '/restate/invocation', 400, INVOCATION_SHAPE],
  ['GET', '/restate/invocation/x', 400, INVOCATION_SHAPE],
  ['GET', '/restate/invocation/Echo/echo/ik', 400, INVOCATION_SHAPE],
  ['GET', '/restate/invocation/Obj/k/key/ik', 400, INVOCATION_SHAPE],
  ['GET', '/restate/workflow', 400, WORKFLOW_SHAPE],
  ['GET', '/restate/workflow/Wf', 400, WORKFLOW_SHAPE],
  ['GET', '/restate/workflow/Wf/k', 400, WORKFLOW_SHAPE],

  ['POST', '/restate/a/x/cancel', 404, 'not found'],
  ['GET', `/restate/invocation/${ID}/cancel`, 404, 'not found'],
  ['GET', '/restate/invocation/Echo/echo/ik/cancel', 404, 'not found'],
  ['GET', '/restate/workflow/Wf/k/cancel', 404, 'not found'],

  ['POST', '/Priv/hi', 400, 'the invoked service is not public'],
  ['PUT', '/Priv/hi', 400, 'the invoked service is not public'],
  ['POST', '/Echo/hidden', 400, 'the invoked service is not public'],
  ['POST', '/Echo/hidden/send', 400, 'the invoked service is not public'],

  ['PUT', '/Echo/echo', 405, 'method not allowed'],
  ['DELETE', '/Obj/k/key/send', 405, 'method not allowed'],
  ['PATCH', '/restate/call/Echo/echo', 405, 'method not allowed'],
  ['POST', '/restate/health', 405, 'method not allowed'],
  ['GET', '/restate/a/x/resolve', 405, 'method not allowed'],
  ['POST', `/restate/invocation/${ID}/output`, 405, 'method not allowed'],
  ['POST', '/restate/invocation/Echo/echo/ik/attach', 405, 'method not allowed'],
  ['POST', '/restate/workflow/Wf/k/attach', 405, 'method not allowed'],
  ['POST', `/restate/attach/${ID}`, 405, 'method not allowed'],
  ['GET', '/restate/attach', 405, 'method not allowed'],
  ['GET', '/restate/output', 405, 'method not allowed'],
  ['GET', '/restate/lookup', 405, 'method not allowed'],

  [
    'GET',
    '/Obj/%FF/key',
    400,
    'bad path, cannot decode key: FromUtf8Error { bytes: [255], error: Utf8Error { valid_up_to: 0, error_len: Some(1) } }',
  ],

  ['GET', '/restate/attach/inv_1aGs', 400, "bad invocation id 'inv_1aGs': bad length"],
  ['GET', `/restate/output/${ID}0`, 400, `bad invocation id '${ID}0': bad length`],
  ['GET', '/restate/output/inv_1!', 400, "bad invocation id 'inv_1!': bad length"],
  [
    'GET',
    `/restate/output/${BAD_DIGIT}`,
    400,
    `bad invocation id '${BAD_DIGIT}': base62 decode error`,
  ],
  ['GET', '/restate/output/inv_2x', 400, "bad invocation id 'inv_2x': unrecognized codec version"],
  [
    'GET',
    '/restate/output/dp_1x',
    400,
    "bad invocation id 'dp_1x': id doesn't match the expected type",
  ],
  ['GET', '/restate/output/foo', 400, "bad invocation id 'foo': bad format"],
  [
    'GET',
    '/restate/invocation/foo_1/attach',
    400,
    "bad invocation id 'foo_1': unrecognized resource type: foo",
  ],
  ['POST', '/restate/a/foo/resolve', 400, "bad awakeable id 'foo': bad format"],
  [
    'POST',
    '/restate/a/sign_1x/reject',
    400,
    "bad awakeable id 'sign_1x': id doesn't match the expected type",
  ],
  ['POST', '/restate/awakeables/prom_1x/resolve', 400, "bad awakeable id 'prom_1x': bad length"],

  [
    'GET',
    '/restate/scope/s/call/Echo/echo',
    400,
    'scoped invocations require vqueues to be enabled',
  ],
  [
    'PUT',
    '/restate/scope/s/call/Echo/echo',
    400,
    'scoped invocations require vqueues to be enabled',
  ],
  [
    'GET',
    '/restate/scope/s/send/Obj/k/key',
    400,
    'scoped invocations require vqueues to be enabled',
  ],
  ['GET', '/restate/scope//call/Echo/echo', 400, 'bad scope value: value cannot be empty'],
  [
    'GET',
    '/restate/scope/a%20b/call/Echo/echo',
    400,
    'bad scope value: value contains characters outside the allowed set [a-zA-Z0-9_.-]',
  ],
  [
    'GET',
    `/restate/scope/${'s'.repeat(40)}/call/Echo/echo`,
    400,
    'bad scope value: value too long: 40 bytes (max 36)',
  ],
];

/** What reaches the gateway, by path. */
const INVOKED: ReadonlyArray<
  readonly [
    path: string,
    kind: 'call' | 'send',
    service: string,
    key: string | undefined,
    handler: string,
  ]
> = [
  ['/Echo/echo', 'call', 'Echo', undefined, 'echo'],
  ['//Echo/echo', 'call', 'Echo', undefined, 'echo'],
  ['/Echo/echo/', 'call', 'Echo', undefined, 'echo'],
  ['///Echo/echo///', 'call', 'Echo', undefined, 'echo'],
  ['/Echo/echo/send', 'send', 'Echo', undefined, 'echo'],
  ['/Obj/k/key', 'call', 'Obj', 'k', 'key'],
  ['/Obj/k/key/send', 'send', 'Obj', 'k', 'key'],
  ['/Obj/k/shared', 'call', 'Obj', 'k', 'shared'],
  ['/Obj//key', 'call', 'Obj', '', 'key'],
  ['/Obj/../key', 'call', 'Obj', '..', 'key'],
  ['/Obj/send/key', 'call', 'Obj', 'send', 'key'],
  ['/Obj/a+b/key', 'call', 'Obj', 'a+b', 'key'],
  ['/Obj/a%2Fb/key', 'call', 'Obj', 'a/b', 'key'],
  ['/Obj/%00/key', 'call', 'Obj', '\0', 'key'],
  ['/Obj/%C3%a9/key', 'call', 'Obj', 'é', 'key'],
  ['/Obj/a%/key', 'call', 'Obj', 'a%', 'key'],
  ['/Obj/a%zz/key', 'call', 'Obj', 'a%zz', 'key'],
  ['/Wf/k/run', 'call', 'Wf', 'k', 'run'],
  ['/restate/call/Echo/echo', 'call', 'Echo', undefined, 'echo'],
  ['/restate/send/Echo/echo', 'send', 'Echo', undefined, 'echo'],
  ['/restate/call/Obj/k/key', 'call', 'Obj', 'k', 'key'],
  ['/restate/send/Wf/a%20b/run', 'send', 'Wf', 'a b', 'run'],
];

for (const { prefer, skip, takesRawUtf8 } of LIBRARIES) {
  describe(`the ingress on ${prefer}`, { skip }, () => {
    describe('refuses', () => {
      for (const [method, path, status, message] of REFUSED) {
        test(`${method} ${path} with ${status}`, async () => {
          await withIngress(prefer, async ({ send, gateway, errors }) => {
            assertIngressError(await send({ method, path }), status, message);
            assert.deepEqual(gateway.requests, []);
            assert.deepEqual(errors, []);
          });
        });
      }

      for (const path of ['/restate/health', '/Echo/echo']) {
        test(`HEAD ${path} with 405 and no body`, async () => {
          await withIngress(prefer, async ({ send }) => {
            const answer = await send({ method: 'HEAD', path });
            assert.equal(answer.status, 405);
            assert.equal(answer.headers['x-restate-error-source'], 'ingress');
            assert.equal(answer.headers['content-length'], '62');
          });
        });
      }
    });

    describe('leads to a handler:', () => {
      const raw = ['/Obj/é/key', 'call', 'Obj', 'é', 'key'] as const;
      for (const [path, kind, service, key, handler] of takesRawUtf8
        ? [...INVOKED, raw]
        : INVOKED) {
        for (const method of ['GET', 'POST']) {
          test(`${method} ${path}`, async () => {
            await withIngress(prefer, async ({ send, gateway }) => {
              const answer = await send({ method, path });
              assert.equal(answer.status, kind === 'call' ? 200 : 202);
              assert.equal(gateway.requests[0]?.kind, kind);
              const { target } = gateway.submission;
              assert.equal(target.service, service);
              assert.equal(target.handler, handler);
              assert.equal(target.kind === 'service' ? undefined : target.key, key);
            });
          });
        }
      }
    });

    describe('reports its health', () => {
      for (const path of ['/restate/health', '/restate/health/', '/restate/health/x/y']) {
        test(`at ${path}, naming every service`, async () => {
          await withIngress(prefer, async ({ send }) => {
            const answer = await send({ path });
            assert.equal(answer.status, 200);
            assert.equal(answer.headers['content-type'], 'application/json');
            assertCommonHeaders(answer);
            const { services } = JSON.parse(answer.body.toString()) as { services: string[] };
            assert.deepEqual(services.sort(), ['Echo', 'Obj', 'Priv', 'Wf']);
          });
        });
      }
    });

    describe('mirrors origins', () => {
      const preflight = [
        ['origin', 'http://page.test'],
        ['access-control-request-method', 'PUT'],
        ['access-control-request-headers', 'x-a, x-b'],
      ] as const;
      for (const path of ['/', '/Echo/echo', '/Nope/x', '/a/b/c/d/e/f/g/h/i']) {
        test(`in the answer to OPTIONS ${path}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const answer = await send({ method: 'OPTIONS', path, headers: preflight });
            assert.equal(answer.status, 200);
            assert.equal(answer.body.length, 0);
            assertCommonHeaders(answer);
            assert.equal(answer.headers['access-control-allow-origin'], 'http://page.test');
            assert.equal(answer.headers['access-control-allow-methods'], 'PUT');
            assert.equal(answer.headers['access-control-allow-headers'], 'x-a, x-b');
            assert.equal(answer.headers['access-control-max-age'], undefined);
            assert.deepEqual(gateway.requests, []);
          });
        });
      }

      test('in the answer to OPTIONS without any of its headers: nothing', async () => {
        await withIngress(prefer, async ({ send }) => {
          const answer = await send({ method: 'OPTIONS', path: '/' });
          assert.equal(answer.status, 200);
          const names = Object.keys(answer.headers).filter((name) => name.startsWith('access-'));
          assert.deepEqual(names, ['access-control-allow-credentials']);
        });
      });

      for (const path of ['/Echo/echo', '/Nope/x', '/restate/health']) {
        test(`in the answer to GET ${path}, and only if there is one`, async () => {
          await withIngress(prefer, async ({ send }) => {
            const headers = [['Origin', 'http://page.test']] as const;
            const name = 'access-control-allow-origin';
            assert.equal((await send({ path, headers })).headers[name], 'http://page.test');
            assert.equal((await send({ path })).headers[name], undefined);
          });
        });
      }
    });

    test('refuses more requests at once than its limit, but never OPTIONS', async () => {
      const settings = { concurrentRequestsMax: 2 };
      await withIngress(
        prefer,
        async ({ url, send, gateway }) => {
          let release = (): void => {};
          const released = new Promise<void>((resolve) => {
            release = resolve;
          });
          const waiting: RawConnection[] = [];
          const arrived: Array<Promise<void>> = [];
          const marks: Array<() => void> = [];
          for (let count = 0; count < 2; count += 1) {
            arrived.push(new Promise((resolve) => marks.push(resolve)));
          }
          gateway.answer = async (request) => {
            marks.shift()?.();
            await released;
            if (request.kind !== 'call') return { kind: 'notFound' };
            const { target } = request.submission;
            const outcome = { kind: 'success', value: Buffer.from('late') } as const;
            return { kind: 'completed', target, outcome };
          };
          for (const path of ['/Echo/echo', '/Obj/k/key']) {
            const connection = await RawConnection.open(url);
            connection.write(requestBytes({ path }));
            waiting.push(connection);
          }
          await Promise.all(arrived);

          const message = 'too many requests, the ingress is overloaded. Retry later.';
          for (const path of ['/restate/health', '/Echo/echo']) {
            assertIngressError(await send({ path }), 429, message);
          }
          assert.equal((await send({ method: 'OPTIONS', path: '/' })).status, 200);

          release();
          for (const connection of waiting) {
            const answer = await connection.next();
            assert.equal(answer === 'closed' ? answer : answer.body.toString(), 'late');
            connection.destroy();
          }
          assert.equal((await send({ path: '/restate/health' })).status, 200);
        },
        settings,
      );
    });
  });
}
