import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIBRARIES } from '../http/listeners.ts';
import { assertCommonHeaders, assertIngressError } from './expect.ts';
import { withIngress } from './fixture.ts';

const OWNER = 'inv_13eSxevIyLwU2CAGHIGF1mGiIG2BBlAwO2';
const AWAKEABLE = 'sign_1hOJkHWv7vCVu0nJfmruraAc-Sv6cVipWAAAAEQ';
const LEGACY = 'prom_1hOJkHWv7vCVu0nJfmruraAc-Sv6cVipWAAAAAQ';

const COMPLETIONS: ReadonlyArray<
  readonly [
    verb: string,
    contentType: string | undefined,
    body: Uint8Array,
    result: Readonly<Record<string, unknown>>,
  ]
> = [
  ['resolve', 'application/json', Buffer.from('{"a":1}'), { kind: 'success', text: '{"a":1}' }],
  ['resolve', undefined, Buffer.from('no JSON'), { kind: 'success', text: 'no JSON' }],
  ['resolve', 'x/y', new Uint8Array(0), { kind: 'success', text: '' }],
  ['reject', 'text/plain', Buffer.from('my reason é'), { code: 500, message: 'my reason é' }],
  ['reject', undefined, new Uint8Array(0), { code: 500, message: '' }],
  ['reject', undefined, Uint8Array.of(0x61, 0xff, 0x62), { code: 500, message: 'a\ufffdb' }],
];

const LOOKUPS: ReadonlyArray<readonly [target: Readonly<Record<string, unknown>>, id: string]> = [
  [
    { target: 'workflow', workflowName: 'Wf', workflowKey: 'k' },
    'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn',
  ],
  [
    { target: 'workflow', workflowName: 'Wf', workflowKey: 'k', scope: null, other: [] },
    'inv_10T5Thwsbi8d7wE78MIGiRTCknW9s9u0Kn',
  ],
  [
    { target: 'idempotentInvocation', service: 'Echo', handler: 'echo', idempotencyKey: 'ik' },
    'inv_1d9p4py5kYe40vantL55DcOXsLbHgmcFKm',
  ],
  [
    {
      target: 'idempotentInvocation',
      service: 'Obj',
      key: 'k',
      handler: 'key',
      idempotencyKey: 'ik',
    },
    'inv_10T5Thwsbi8d45Km1iz8dRNk12oI6b3I4f',
  ],
  [{ target: 'invocation', invocationId: OWNER }, OWNER],
  [
    { target: 'workflow', workflowName: 'Nope', workflowKey: 'k', scope: 's' },
    'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG',
  ],
];

const BAD_TARGETS: readonly string[] = [
  '',
  '{nope',
  '[]',
  'null',
  '{}',
  '{"target":"other"}',
  '{"target":"workflow","workflowName":"Wf"}',
  '{"target":"workflow","workflowName":5,"workflowKey":"k"}',
  '{"target":"idempotentInvocation","service":"Echo","handler":"echo"}',
  '{"target":"invocation"}',
];

for (const { prefer, skip } of LIBRARIES) {
  describe(`awakeables at the ingress on ${prefer}`, { skip }, () => {
    for (const family of ['a', 'awakeables']) {
      for (const [verb, contentType, body, result] of COMPLETIONS) {
        const bytes = Buffer.from(body).toString('latin1');
        test(`/restate/${family}/…/${verb} with '${bytes}' signals ${JSON.stringify(result)}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const path = `/restate/${family}/${AWAKEABLE}/${verb}`;
            const headers =
              contentType === undefined ? [] : ([['content-type', contentType]] as const);
            const answer = await send({ method: 'POST', path, headers, body });
            assert.equal(answer.status, 202);
            assert.equal(answer.body.length, 0);
            assert.equal(answer.headers['content-type'], undefined);
            assertCommonHeaders(answer);
            const [request] = gateway.requests;
            assert.ok(request?.kind === 'signal');
            assert.equal(request.invocationId, OWNER);
            assert.deepEqual(request.signal, { kind: 'signal', index: 17 });
            const found =
              request.result.kind === 'success'
                ? { kind: 'success', text: Buffer.from(request.result.value).toString() }
                : request.result.kind === 'failure'
                  ? request.result.failure
                  : request.result;
            assert.deepEqual(found, result);
          });
        });
      }
    }

    test('ids with padding and paths with more segments are taken', async () => {
      await withIngress(prefer, async ({ send, gateway }) => {
        const path = `/restate/a/${AWAKEABLE}==/resolve/x/y`;
        assert.equal((await send({ method: 'POST', path })).status, 202);
        assert.equal(gateway.requests.length, 1);
      });
    });

    test('ids of older protocols are accepted and ignored', async () => {
      await withIngress(prefer, async ({ send, gateway }) => {
        const path = `/restate/a/${LEGACY}/resolve`;
        assert.equal((await send({ method: 'POST', path, body: 'x' })).status, 202);
        assert.deepEqual(gateway.requests, []);
      });
    });

    test('a rejection is accepted even if the invocation is gone', async () => {
      await withIngress(prefer, async ({ send, gateway }) => {
        gateway.answer = () => ({ kind: 'notFound' });
        const path = `/restate/a/${AWAKEABLE}/reject`;
        assert.equal((await send({ method: 'POST', path, body: 'x' })).status, 202);
      });
    });
  });

  describe(`targets in bodies at the ingress on ${prefer}`, { skip }, () => {
    for (const [target, id] of LOOKUPS) {
      test(`lookup of ${JSON.stringify(target)} is ${id}`, async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          const body = JSON.stringify(target);
          const answer = await send({ method: 'POST', path: '/restate/lookup', body });
          assert.equal(answer.status, 200);
          assert.equal(answer.body.toString(), `{"invocationId":"${id}"}`);
          assert.equal(answer.headers['content-type'], 'application/json');
          assert.equal(answer.headers['x-restate-id'], undefined);
          assertCommonHeaders(answer);
          assert.deepEqual(gateway.requests, []);
        });
      });
    }

    for (const [path, name] of [
      ['/restate/lookup', 'lookup'],
      ['/restate/attach', 'request'],
      ['/restate/output', 'request'],
    ] as const) {
      for (const body of BAD_TARGETS) {
        test(`POST ${path} of '${body}' is a 500`, async () => {
          await withIngress(prefer, async ({ send, gateway, errors }) => {
            const answer = await send({ method: 'POST', path, body });
            assert.equal(answer.status, 500);
            assert.equal(answer.headers['x-restate-error-source'], 'ingress');
            const { code, message, source } = JSON.parse(answer.body.toString()) as {
              code: unknown;
              message: string;
              source: unknown;
            };
            assert.equal(code, 500);
            assert.equal(source, 'ingress');
            assert.ok(message.startsWith(`cannot read body: invalid ${name} body: `), message);
            assert.deepEqual(gateway.requests, []);
            assert.deepEqual(errors, []);
          });
        });
      }

      test(`POST ${path} with a bad id is a 400`, async () => {
        await withIngress(prefer, async ({ send }) => {
          const body = '{"target":"invocation","invocationId":"foo"}';
          const answer = await send({ method: 'POST', path, body });
          assertIngressError(answer, 400, "bad invocation id 'foo': bad format");
        });
      });

      test(`POST ${path} with a bad scope is a 400`, async () => {
        await withIngress(prefer, async ({ send }) => {
          const target = { target: 'workflow', workflowName: 'Wf', workflowKey: 'k', scope: 'a b' };
          const body = JSON.stringify(target);
          const message =
            'bad scope value: value contains characters outside the allowed set [a-zA-Z0-9_.-]';
          assertIngressError(await send({ method: 'POST', path, body }), 400, message);
        });
      });
    }
  });
}
