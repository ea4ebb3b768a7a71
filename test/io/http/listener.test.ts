import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type {
  BodyResult,
  HttpHandler,
  HttpRequest,
  HttpResponse,
} from '../../../src/io/http/exchange.ts';
import { startHttpListener } from '../../../src/io/http/listener.ts';
import {
  RawConnection,
  type RawResult,
  requestBytes,
  sendRequest,
} from '../../support/raw-http.ts';
import { LIBRARIES, recordingLog, withListener } from './listeners.ts';

const BODY_BYTES_MAX = 20 * 1024 * 1024;

function ok(body: Uint8Array | string = ''): HttpResponse {
  return { status: 200, headers: [], body };
}

const echo: HttpHandler = async (request) => {
  const result = await request.readBody(BODY_BYTES_MAX);
  return result.kind === 'body' ? ok(result.bytes) : { ...ok(result.kind), status: 500 };
};

/** A promise with its resolver. */
function signal<T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
} {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function response(result: RawResult): Exclude<RawResult, 'closed'> {
  if (result === 'closed') throw new Error('the connection ended without a response');
  return result;
}

for (const library of LIBRARIES) {
  const { prefer, skip, answersUnreadable } = library;
  describe(`the HTTP listener on ${prefer}`, { skip }, () => {
    describe('shows a request to its handler', () => {
      const targets: ReadonlyArray<
        readonly [target: string, path: string, query: string | undefined]
      > = [
        ['/', '/', undefined],
        ['/a/b', '/a/b', undefined],
        ['/a/b?', '/a/b', ''],
        ['/a?x=1&y=%20?+', '/a', 'x=1&y=%20?+'],
        ['//%41//b/../c/', '//%41//b/../c/', undefined],
        ...(library.takesRawUtf8 ? ([['/é', '/é', undefined]] as const) : []),
      ];
      for (const [target, path, query] of targets) {
        test(`with ${target} split into path and query, undecoded`, async () => {
          const seen: HttpRequest[] = [];
          const handler: HttpHandler = (request) => {
            seen.push(request);
            return ok();
          };
          await withListener(prefer, handler, async ({ url }) => {
            await sendRequest(url, { path: target });
            assert.equal(seen[0]?.path, path);
            assert.equal(seen[0]?.query, query);
          });
        });
      }

      test('with its method and its header fields in order, names in lower case, repeats kept', async () => {
        const seen: HttpRequest[] = [];
        const handler: HttpHandler = (request) => {
          seen.push(request);
          return ok();
        };
        await withListener(prefer, handler, async ({ url }) => {
          const headers = [
            ['X-B', '2'],
            ['x-a', ''],
            ['X-b', 'a \t b'],
          ] as const;
          await sendRequest(url, { method: 'DELETE', headers });
          assert.equal(seen[0]?.method, 'DELETE');
          assert.deepEqual(seen[0]?.headers, [
            ['host', 'test'],
            ['x-b', '2'],
            ['x-a', ''],
            ['x-b', 'a \t b'],
          ]);
          assert.equal(seen[0]?.header('x-b'), '2');
          assert.equal(seen[0]?.header('x-a'), '');
          assert.equal(seen[0]?.header('x-c'), undefined);
        });
      });

      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        test(`with the method ${method}`, async () => {
          await withListener(
            prefer,
            (request) => ok(request.method),
            async ({ url }) => {
              assert.equal((await sendRequest(url, { method })).body.toString(), method);
            },
          );
        });
      }
    });

    describe('carries bodies both ways', () => {
      const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at);
      const bodies: ReadonlyArray<readonly [name: string, body: Uint8Array]> = [
        ['empty', new Uint8Array(0)],
        ['one byte', Uint8Array.of(7)],
        ['every byte value', everyByte],
        ['1 MB', randomBytes(1_000_000)],
        ['10 MB', randomBytes(10_000_000)],
      ];
      for (const [name, body] of bodies) {
        for (const chunked of [false, true]) {
          test(`${name}, ${chunked ? 'chunked' : 'with Content-Length'}`, async () => {
            await withListener(prefer, echo, async ({ url }) => {
              const answer = await sendRequest(url, { method: 'POST', body, chunked });
              assert.equal(answer.status, 200);
              assert.equal(answer.headers['content-length'], String(body.length));
              assert.ok(answer.body.equals(body));
            });
          });
        }
      }

      test('a body that comes in pieces is one', async () => {
        const called = signal();
        const handler: HttpHandler = (request) => {
          called.resolve();
          return echo(request);
        };
        await withListener(prefer, handler, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nab');
          await called.promise;
          connection.write('cd');
          connection.write('ef');
          assert.equal(response(await connection.next()).body.toString(), 'abcdef');
          connection.destroy();
        });
      });

      test('a text is sent as UTF-8', async () => {
        await withListener(
          prefer,
          () => ok('é€'),
          async ({ url }) => {
            const answer = await sendRequest(url, {});
            assert.equal(answer.headers['content-length'], '5');
            assert.equal(answer.body.toString(), 'é€');
          },
        );
      });

      test('a client that asks first is invited to send its body', async () => {
        await withListener(prefer, echo, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write(
            'POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n',
          );
          assert.equal(response(await connection.next(false)).status, 100);
          connection.write('hi');
          assert.equal(response(await connection.next()).body.toString(), 'hi');
          connection.destroy();
        });
      });
    });

    describe('limits a body', () => {
      const rows: ReadonlyArray<
        readonly [name: string, bytes: number, chunked: boolean, result: string]
      > = [
        ['of exactly the limit, declared', 1000, false, 'body'],
        ['of exactly the limit, chunked', 1000, true, 'body'],
        ['one byte over, declared', 1001, false, 'tooLarge declared'],
        ['one byte over, chunked', 1001, true, 'tooLarge'],
        ['far over, chunked', 3_000_000, true, 'tooLarge'],
      ];
      for (const [name, bytes, chunked, expected] of rows) {
        test(name, async () => {
          const handler: HttpHandler = async (request) => {
            const result = await request.readBody(1000);
            const isDeclared = result.kind === 'tooLarge' && result.declared;
            return { ...ok(isDeclared ? `${result.kind} declared` : result.kind), close: true };
          };
          await withListener(prefer, handler, async ({ url }) => {
            const body = new Uint8Array(bytes);
            const answer = await sendRequest(url, { method: 'POST', body, chunked });
            assert.equal(answer.body.toString(), expected);
          });
        });
      }
    });

    describe('writes a response', () => {
      const rows: ReadonlyArray<
        readonly [status: number, reason: string | undefined, line: string]
      > = [
        [200, undefined, 'HTTP/1.1 200 OK'],
        [202, undefined, 'HTTP/1.1 202 Accepted'],
        [404, undefined, 'HTTP/1.1 404 Not Found'],
        [470, undefined, 'HTTP/1.1 470 <none>'],
        [700, undefined, 'HTTP/1.1 700 <none>'],
        [999, undefined, 'HTTP/1.1 999 <none>'],
        [200, 'Fine', 'HTTP/1.1 200 Fine'],
      ];
      for (const [status, reason, line] of rows) {
        test(`with the status line ${line}`, async () => {
          await withListener(
            prefer,
            () => ({ ...ok(), status, reason }),
            async ({ url }) => assert.equal((await sendRequest(url, {})).statusLine, line),
          );
        });
      }

      test('with the given headers, a date and a length, and nothing else', async () => {
        const headers = [
          ['x-a', '1'],
          ['content-type', 'text/x'],
        ] as const;
        await withListener(
          prefer,
          () => ({ status: 200, headers, body: 'abc' }),
          async ({ url }) => {
            const answer = await sendRequest(url, {});
            assert.deepEqual(answer.fields.slice(0, 2), headers);
            assert.deepEqual(Object.keys(answer.headers).sort(), [
              'content-length',
              'content-type',
              'date',
              'x-a',
            ]);
            const ageMs = Date.now() - Date.parse(answer.headers['date'] ?? '');
            assert.ok(ageMs > -2000 && ageMs < 5000, `age ${ageMs}`);
          },
        );
      });

      test('to HEAD without the body but with its length, and keeps the connection', async () => {
        await withListener(
          prefer,
          () => ok('abc'),
          async ({ url }) => {
            const connection = await RawConnection.open(url);
            for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
              connection.write(requestBytes({ method }));
              const answer = response(await connection.next(method !== 'HEAD'));
              assert.equal(answer.headers['content-length'], '3');
              assert.equal(answer.body.toString(), method === 'HEAD' ? '' : 'abc');
            }
            connection.destroy();
          },
        );
      });

      for (const status of [204, 304]) {
        test(`with status ${status} without body and length, and keeps the connection`, async () => {
          await withListener(
            prefer,
            ({ path }) => (path === '/' ? ok('abc') : { ...ok('no'), status }),
            async ({ url }) => {
              const connection = await RawConnection.open(url);
              connection.write(requestBytes({ path: '/bare' }));
              const bare = response(await connection.next());
              assert.equal(bare.status, status);
              assert.equal(bare.headers['content-length'], undefined);
              connection.write(requestBytes({}));
              assert.equal(response(await connection.next()).body.toString(), 'abc');
              connection.destroy();
            },
          );
        });
      }

      test('with a line break in a header: not at all', async () => {
        const headers = [['x-a', '1\r\nx-forged: 2']] as const;
        await withListener(
          prefer,
          () => ({ status: 200, headers, body: '' }),
          async ({ url }, log) => {
            const connection = await RawConnection.open(url);
            connection.write(requestBytes({}));
            assert.equal(await connection.next(), 'closed');
            assert.deepEqual(log.errors, ['answering GET / failed']);
          },
        );
      });
    });

    describe('keeps a connection', () => {
      test('for requests one after the other, body or not', async () => {
        await withListener(prefer, echo, async ({ url }) => {
          const connection = await RawConnection.open(url);
          for (const body of ['a', undefined, 'bc', undefined]) {
            const method = body === undefined ? 'GET' : 'POST';
            connection.write(requestBytes({ method, ...(body === undefined ? {} : { body }) }));
            const answer = response(await connection.next());
            assert.equal(answer.body.toString(), body ?? '');
            assert.equal(answer.headers['connection'], undefined);
          }
          connection.destroy();
        });
      });

      test('but not when the client asks to close it', async () => {
        await withListener(
          prefer,
          () => ok('x'),
          async ({ url }) => {
            const connection = await RawConnection.open(url);
            connection.write(requestBytes({ headers: [['Connection', 'close']] }));
            assert.equal(response(await connection.next()).body.toString(), 'x');
            assert.equal(await connection.untilClosed(), '');
          },
        );
      });

      for (const method of library.closesAfterHead ? ['GET', 'HEAD'] : ['GET']) {
        test(`but not after a ${method} whose response closes`, async () => {
          await withListener(
            prefer,
            () => ({ ...ok('x'), close: true }),
            async ({ url }) => {
              const connection = await RawConnection.open(url);
              connection.write(requestBytes({ method }));
              const answer = response(await connection.next(method !== 'HEAD'));
              assert.equal(answer.headers['connection'], 'close');
              assert.equal(answer.headers['content-length'], '1');
              assert.equal(await connection.untilClosed(), '');
            },
          );
        });
      }

      test('for pipelined requests that are answered at once', async () => {
        await withListener(
          prefer,
          ({ path }) => ok(path),
          async ({ url }) => {
            const connection = await RawConnection.open(url);
            const paths = ['/1', '/2', '/3'];
            connection.write(Buffer.concat(paths.map((path) => requestBytes({ path }))));
            for (const path of paths) {
              assert.equal(response(await connection.next()).body.toString(), path);
            }
            connection.destroy();
          },
        );
      });
    });

    describe('refuses what could be read in two ways, and never shows it to the handler', () => {
      const second = 'GET /second HTTP/1.1\r\nhost: a\r\n\r\n';
      const rows: ReadonlyArray<readonly [name: string, fields: string, body: string]> = [
        ['conflicting lengths', 'content-length: 3\r\ncontent-length: 4', 'abcd'],
        ['a length that is no number', 'content-length: x', 'abcd'],
        ['a signed length', 'content-length: +3', 'abc'],
        ['a list of different lengths', 'content-length: 3, 4', 'abcd'],
        ['an unknown transfer coding', 'transfer-encoding: gzip', '3\r\nabc\r\n0\r\n\r\n'],
        ['chunked before another coding', 'transfer-encoding: chunked, gzip', '0\r\n\r\n'],
      ];
      for (const [name, fields, body] of rows) {
        for (const pipelined of ['', second]) {
          test(`${name}${pipelined === '' ? '' : ', with a second request behind'}`, async () => {
            let calls = 0;
            const handler: HttpHandler = () => {
              calls += 1;
              return ok();
            };
            await withListener(prefer, handler, async ({ url }) => {
              const connection = await RawConnection.open(url);
              connection.write(
                `POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n${body}${pipelined}`,
              );
              const result = await connection.next();
              if (result !== 'closed') {
                assert.equal(result.status, 400);
                assert.equal(result.headers['content-length'], '0');
                assert.equal(result.headers['connection'], 'close');
              } else {
                assert.ok(!answersUnreadable, 'answers with 400');
              }
              assert.equal(await connection.untilClosed(), '');
              assert.equal(calls, 0);
            });
          });
        }
      }

      test('conflicting lengths are answered with 400', async () => {
        await withListener(prefer, echo, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write(
            'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd',
          );
          assert.equal(response(await connection.next()).status, 400);
          connection.destroy();
        });
      });

      test('an unknown method', async () => {
        let calls = 0;
        const handler: HttpHandler = () => {
          calls += 1;
          return ok();
        };
        await withListener(prefer, handler, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write('NOPE / HTTP/1.1\r\nhost: a\r\n\r\n');
          const result = await connection.next();
          assert.equal(
            result === 'closed' ? result : result.status,
            answersUnreadable ? 400 : 'closed',
          );
          assert.equal(await connection.untilClosed(), '');
          assert.equal(calls, 0);
        });
      });
    });

    describe('survives its handler', () => {
      const failing: ReadonlyArray<readonly [name: string, handler: HttpHandler]> = [
        [
          'throwing',
          () => {
            throw new Error('thrown');
          },
        ],
        ['rejecting', () => Promise.reject(new Error('rejected'))],
        [
          'reading the body after it has waited',
          async (request) => {
            await Promise.resolve();
            await request.readBody(10);
            return ok();
          },
        ],
      ];
      for (const [name, handler] of failing) {
        test(`${name}: answers with a bare 500, ends the connection and logs`, async () => {
          await withListener(prefer, handler, async ({ url }, log) => {
            const connection = await RawConnection.open(url);
            connection.write(requestBytes({ method: 'POST', path: '/p', body: 'x' }));
            const answer = response(await connection.next());
            assert.equal(answer.status, 500);
            assert.equal(answer.headers['content-length'], '0');
            assert.equal(answer.headers['connection'], 'close');
            await connection.untilClosed();
            assert.deepEqual(log.errors, ['handling POST /p failed']);
          });
        });
      }
    });

    describe('survives its clients', () => {
      test('one that leaves while its request is handled', async () => {
        const called = signal();
        const answered = signal<HttpResponse>();
        const handler: HttpHandler = ({ path }) => {
          if (path !== '/slow') return ok('quick');
          called.resolve();
          return answered.promise;
        };
        await withListener(prefer, handler, async (listener, log) => {
          const connection = await RawConnection.open(listener.url);
          connection.write(requestBytes({ path: '/slow' }));
          await called.promise;
          assert.equal(listener.openExchangesCount(), 1);
          connection.destroy();
          while (listener.openExchangesCount() > 0) await new Promise(setImmediate);
          answered.resolve(ok('too late'));
          assert.equal((await sendRequest(listener.url, {})).body.toString(), 'quick');
          assert.deepEqual(log.errors, []);
        });
      });

      for (const head of ['content-length: 5', 'transfer-encoding: chunked']) {
        test(`one that leaves within its body (${head})`, async () => {
          const called = signal();
          const read = signal<BodyResult>();
          const handler: HttpHandler = async (request) => {
            called.resolve();
            read.resolve(await request.readBody(10));
            return ok();
          };
          await withListener(prefer, handler, async ({ url }) => {
            const connection = await RawConnection.open(url);
            connection.write(`POST / HTTP/1.1\r\nhost: a\r\n${head}\r\n\r\n`);
            await called.promise;
            connection.destroy();
            assert.equal((await read.promise).kind, 'failed');
          });
        });
      }

      test('one whose chunks are malformed', async () => {
        const read = signal<BodyResult>();
        const handler: HttpHandler = async (request) => {
          read.resolve(await request.readBody(10));
          return { ...ok('unreadable'), status: 500, close: true };
        };
        await withListener(prefer, handler, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write(
            'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
          );
          assert.equal((await read.promise).kind, 'failed');
          const result = await connection.next();
          if (answersUnreadable) assert.equal(response(result).body.toString(), 'unreadable');
          else assert.equal(result, 'closed');
          assert.equal(await connection.untilClosed(), '');
        });
      });
    });

    describe('stops', () => {
      test('draining: takes no new connections and lets open exchanges end', async () => {
        const called = signal();
        const answered = signal<HttpResponse>();
        const handler: HttpHandler = () => {
          called.resolve();
          return answered.promise;
        };
        await withListener(prefer, handler, async (listener) => {
          const connection = await RawConnection.open(listener.url);
          connection.write(requestBytes({}));
          await called.promise;
          listener.drain();
          await assert.rejects(RawConnection.open(listener.url), { code: 'ECONNREFUSED' });
          assert.equal(listener.openExchangesCount(), 1);
          answered.resolve(ok('done'));
          const answer = response(await connection.next());
          assert.equal(answer.body.toString(), 'done');
          assert.equal(answer.headers['connection'], 'close');
          assert.equal(await connection.untilClosed(), '');
          assert.equal(listener.openExchangesCount(), 0);
        });
      });

      test('closing: drops open exchanges without a response', async () => {
        const called = signal();
        const handler: HttpHandler = () => {
          called.resolve();
          return new Promise(() => {});
        };
        await withListener(prefer, handler, async (listener) => {
          const connection = await RawConnection.open(listener.url);
          connection.write(requestBytes({}));
          await called.promise;
          await listener.close();
          assert.equal(await connection.untilClosed(), '');
          assert.equal(listener.openExchangesCount(), 0);
        });
      });

      test('closing: ends idle connections', async () => {
        await withListener(
          prefer,
          () => ok('x'),
          async (listener) => {
            const used = await RawConnection.open(listener.url);
            const unused = await RawConnection.open(listener.url);
            used.write(requestBytes({}));
            response(await used.next());
            await listener.close();
            assert.equal(await used.untilClosed(), '');
            assert.equal(await unused.untilClosed(), '');
          },
        );
      });
    });

    test('rejects when its port is taken', async () => {
      await withListener(
        prefer,
        () => ok(),
        async ({ url }) => {
          const bindAddress = new URL(url).host;
          const log = recordingLog();
          await assert.rejects(
            startHttpListener({ bindAddress, handler: () => ok(), prefer, log }),
            Error,
          );
        },
      );
    });

    test('listens on every address of both families with [::]', async () => {
      const log = recordingLog();
      const handler: HttpHandler = () => ok('x');
      const listener = await startHttpListener({ bindAddress: '[::]:0', handler, prefer, log });
      try {
        const { port } = new URL(listener.url);
        assert.equal(listener.url, `http://127.0.0.1:${port}/`);
        for (const host of ['127.0.0.1', '[::1]']) {
          const answer = await sendRequest(`http://${host}:${port}/`, {});
          assert.equal(answer.body.toString(), 'x');
        }
      } finally {
        await listener.close();
      }
    });
  });
}
