import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { RawConnection } from '../../support/raw-http.ts';
import { LIBRARIES } from '../http/listeners.ts';
import { assertIngressError } from './expect.ts';
import { handlerInput, withIngress } from './fixture.ts';

const JSON_TYPE = 'application/json';

function mismatch(found: string, wanted: string): string {
  return `Content-type '${found}' does not match '${wanted}'`;
}

function notEmpty(found: string): string {
  return `Expected body and content-type to be empty, but wasn't with content-type '${found}'`;
}

const INPUTS: ReadonlyArray<
  readonly [
    handler: string,
    contentType: string | undefined,
    body: string,
    /** `undefined` if admitted. */
    objection: string | undefined,
  ]
> = [
  ['echo', undefined, '', undefined],
  ['echo', JSON_TYPE, '', undefined],
  ['echo', JSON_TYPE, '{"a":1}', undefined],
  ['echo', JSON_TYPE, 'no JSON', undefined],
  ['echo', 'application/json; charset=utf-8', '1', undefined],
  ['echo', 'application/json ;x', '1', undefined],
  ['echo', undefined, '1', 'Empty content-type'],
  ['echo', 'text/plain', '1', mismatch('text/plain', JSON_TYPE)],
  ['echo', 'APPLICATION/JSON', '1', mismatch('APPLICATION/JSON', JSON_TYPE)],
  ['echo', 'application', '1', mismatch('application', JSON_TYPE)],
  ['echo', 'text/plain', '', mismatch('text/plain', JSON_TYPE)],
  ['empty', undefined, '', undefined],
  ['empty', JSON_TYPE, '', notEmpty('Some("application/json")')],
  ['empty', JSON_TYPE, '1', notEmpty('Some("application/json")')],
  ['empty', undefined, '1', notEmpty('None')],
  ['any', undefined, '', undefined],
  ['any', 'x/y', '1', undefined],
  ['any', 'x/y', '', undefined],
  ['text', 'text/html', '1', undefined],
  ['text', 'text/html; charset=x', '', undefined],
  ['text', JSON_TYPE, '1', mismatch(JSON_TYPE, 'text/*')],
  ['text', undefined, '', 'Empty content-type'],
  ['plain', 'text/plain', '', undefined],
  ['plain', 'text/html', '1', mismatch('text/html', 'text/plain')],
  ['schema', JSON_TYPE, '1', undefined],
  ['schema', undefined, '', undefined],
  ['schema', JSON_TYPE, '', 'Empty body not allowed'],
  ['schema', 'text/plain', '1', mismatch('text/plain', JSON_TYPE)],
  ['impossible', JSON_TYPE, '1', 'Bad configuration of the input validation rules'],
  ['impossible', undefined, '', 'Bad configuration of the input validation rules'],
];

for (const { prefer, skip, answersUnreadable } of LIBRARIES) {
  describe(`input to the ingress on ${prefer}`, { skip }, () => {
    for (const [handler, contentType, body, objection] of INPUTS) {
      const what = `${contentType ?? 'no content type'} with body '${body}'`;
      test(`${handler} ${objection === undefined ? 'admits' : 'refuses'} ${what}`, async () => {
        await withIngress(prefer, async ({ send, gateway }) => {
          const answer = await send({
            method: 'POST',
            path: `/Echo/${handler}`,
            headers: contentType === undefined ? [] : [['content-type', contentType]],
            body,
          });
          if (objection === undefined) {
            assert.equal(answer.status, 200);
            assert.equal(Buffer.from(handlerInput(gateway.submission).value).toString(), body);
          } else {
            assertIngressError(answer, 400, `input validation error: ${objection}`);
            assert.deepEqual(gateway.requests, []);
          }
        });
      });
    }

    const sizes: ReadonlyArray<readonly [name: string, body: Uint8Array]> = [
      ['no bytes', new Uint8Array(0)],
      ['every byte value', Uint8Array.from({ length: 256 }, (_, at) => at)],
      ['1 MB', randomBytes(1_000_000)],
      ['10 MB', randomBytes(10_000_000)],
    ];
    for (const [name, body] of sizes) {
      for (const chunked of [false, true]) {
        test(`${name} reach the handler and come back, ${chunked ? 'chunked' : 'with a length'}`, async () => {
          await withIngress(prefer, async ({ send, gateway }) => {
            const headers = [['content-type', 'x/y']] as const;
            const answer = await send({
              method: 'POST',
              path: '/Echo/any',
              headers,
              body,
              chunked,
            });
            assert.equal(answer.status, 200);
            assert.ok(Buffer.from(handlerInput(gateway.submission).value).equals(body));
            assert.ok(answer.body.equals(body));
          });
        });
      }
    }

    describe('over the limit of a body', () => {
      const limit = { requestBodyBytesMax: 1000 };

      for (const chunked of [false, true]) {
        test(`exactly the limit is taken, ${chunked ? 'chunked' : 'with a length'}`, async () => {
          await withIngress(
            prefer,
            async ({ send }) => {
              const headers = [['content-type', 'x/y']] as const;
              const body = new Uint8Array(1000);
              const request = { method: 'POST', path: '/Echo/any', headers, body, chunked };
              assert.equal((await send(request)).status, 200);
            },
            limit,
          );
        });
      }

      for (const [method, path] of [
        ['POST', '/Echo/any'],
        ['POST', '/Nope/x'],
        ['GET', '/'],
        ['OPTIONS', '/'],
        ['POST', '/restate/a/x/resolve'],
        ['POST', '/restate/lookup'],
      ] as const) {
        test(`a declared length is refused at once with a text: ${method} ${path}`, async () => {
          await withIngress(
            prefer,
            async ({ url, gateway }) => {
              const connection = await RawConnection.open(url);
              connection.write(`${method} ${path} HTTP/1.1\r\nhost: a\r\norigin: http://x\r\n`);
              connection.write('content-length: 1001\r\n\r\n');
              const answer = await connection.next();
              assert.ok(answer !== 'closed');
              assert.equal(answer.status, 413);
              assert.equal(answer.body.toString(), 'length limit exceeded');
              assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
              assert.equal(answer.headers['x-restate-error-source'], undefined);
              assert.equal(answer.headers['vary'], undefined);
              assert.equal(answer.headers['access-control-allow-origin'], undefined);
              assert.equal(await connection.untilClosed(), '');
              assert.deepEqual(gateway.requests, []);
            },
            limit,
          );
        });
      }

      for (const path of ['/Echo/any', '/Echo/any/send', '/restate/lookup', '/restate/attach']) {
        test(`a chunked body is refused with an error: POST ${path}`, async () => {
          await withIngress(
            prefer,
            async ({ send, gateway }) => {
              const body = new Uint8Array(1001);
              const answer = await send({ method: 'POST', path, body, chunked: true });
              assertIngressError(answer, 413, 'cannot read body: LengthLimitError');
              assert.deepEqual(gateway.requests, []);
            },
            limit,
          );
        });
      }
    });

    test('a body that cannot be read starts nothing', async () => {
      await withIngress(prefer, async ({ url, gateway }) => {
        const connection = await RawConnection.open(url);
        connection.write(
          'POST /Echo/any HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        );
        const answer = await connection.next();
        if (answersUnreadable) {
          assert.ok(answer !== 'closed');
          assert.equal(answer.status, 500);
          assert.equal(answer.headers['x-restate-error-source'], 'ingress');
          assert.match(answer.body.toString(), /^\{"code":500,"message":"cannot read body: /);
        } else {
          assert.equal(answer, 'closed');
        }
        assert.equal(await connection.untilClosed(), '');
        assert.deepEqual(gateway.requests, []);
      });
    });

    test('faults are reported in the order of the checks', async () => {
      await withIngress(prefer, async ({ send }) => {
        const bad = [
          ['content-type', 'text/plain'],
          ['x-restate-limit-key', '/'],
        ] as const;
        const path = '/Echo/echo?delay=bogus';
        const body = 'x';
        assertIngressError(
          await send({ method: 'PUT', path, headers: bad, body }),
          405,
          'method not allowed',
        );
        assertIngressError(
          await send({ method: 'POST', path, headers: bad, body }),
          400,
          `input validation error: ${mismatch('text/plain', JSON_TYPE)}`,
        );
        const typed = [
          ['content-type', JSON_TYPE],
          ['x-restate-limit-key', '/'],
        ] as const;
        const delayed = await send({ method: 'POST', path, headers: typed, body });
        assert.match(delayed.body.toString(), /bad delay query parameter/);
        assertIngressError(
          await send({ method: 'POST', path: '/Echo/echo?delay=1s', headers: typed, body }),
          400,
          'invalid limit-key: invalid limit-key component: value cannot be empty',
        );
      });
    });
  });
}
