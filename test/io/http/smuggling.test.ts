// Bytes that a proxy in front may read as one request must not reach the handler as two.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpHandler } from '../../../src/io/http/exchange.ts';
import { RawConnection, requestBytes, sendRequest } from '../../support/raw-http.ts';
import { LIBRARIES, withListener } from './listeners.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n';
const CHUNKED = 'transfer-encoding: chunked';
const BYTES = SMUGGLED.length.toString(16);

const ROWS: ReadonlyArray<readonly [name: string, fields: string, body: string]> = [
  ['two lengths', `content-length: 0\r\ncontent-length: ${SMUGGLED.length}`, SMUGGLED],
  [
    'two lengths, the other way',
    `content-length: ${SMUGGLED.length}\r\ncontent-length: 0`,
    SMUGGLED,
  ],
  ['two lengths in one field', `content-length: 0, ${SMUGGLED.length}`, SMUGGLED],
  [
    'a length and chunks',
    `content-length: ${SMUGGLED.length + 5}\r\n${CHUNKED}`,
    `0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'chunks and a length',
    `${CHUNKED}\r\ncontent-length: 0`,
    `${BYTES}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  ['chunked twice', `${CHUNKED}\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`],
  ['chunked and identity', `${CHUNKED}\r\ntransfer-encoding: identity`, `0\r\n\r\n${SMUGGLED}`],
  [
    'identity and chunked in one field',
    'transfer-encoding: identity, chunked',
    `0\r\n\r\n${SMUGGLED}`,
  ],
  ['a coding that looks like chunked', 'transfer-encoding: xchunked', `0\r\n\r\n${SMUGGLED}`],
  ['a vertical tab before the coding', 'transfer-encoding: \vchunked', `0\r\n\r\n${SMUGGLED}`],
  ['a space before the colon', `content-length : ${SMUGGLED.length}`, SMUGGLED],
  ['a folded coding', 'transfer-encoding:\r\n chunked', `0\r\n\r\n${SMUGGLED}`],
  ['a coding folded into another field', `x: y\r\n ${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`],
  ['a folded length', `content-length:\r\n ${SMUGGLED.length}`, SMUGGLED],
  ['a length behind a bare line feed', `x: y\ncontent-length: ${SMUGGLED.length}`, SMUGGLED],
  ['a coding behind a bare line feed', `x: y\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`],
  ['a length behind a bare carriage return', `x: y\rcontent-length: ${SMUGGLED.length}`, SMUGGLED],
  ['a length behind a null', `x: y\0\r\ncontent-length: ${SMUGGLED.length}`, SMUGGLED],
  ['a null within the name', `content\0-length: ${SMUGGLED.length}`, SMUGGLED],
  ['a negative length', 'content-length: -1', SMUGGLED],
  ['a hexadecimal length', `content-length: 0x${BYTES}`, SMUGGLED],
  ['an empty length', 'content-length:', SMUGGLED],
  ['a length of more than 64 bits', `content-length: ${2n ** 64n}`, SMUGGLED],
  ['a chunk of more than 64 bits', CHUNKED, `10000000000000000\r\n\r\n${SMUGGLED}`],
  ['a hexadecimal prefix of a chunk', CHUNKED, `0x0\r\n\r\n${SMUGGLED}`],
  ['a chunk that ends in a line feed', CHUNKED, `0\n\n${SMUGGLED}`],
  ['bytes between a chunk and the next one', CHUNKED, `3\r\nabcXX0\r\n\r\n${SMUGGLED}`],
  ['a chunk without an end', CHUNKED, `3\r\nabc0\r\n\r\n${SMUGGLED}`],
  ['a trailer that begins like a request', CHUNKED, `0\r\nx:${SMUGGLED}`],
];

/** Rows whose end is the same for everybody, so that what follows is a request. */
const FOLLOWED: ReadonlyArray<readonly [name: string, fields: string, body: string]> = [
  ['a length', 'content-length: 3', 'abc'],
  ['no body', 'x: y', ''],
];

for (const { prefer, skip } of LIBRARIES) {
  describe(`the HTTP listener on ${prefer}`, { skip }, () => {
    for (const [name, fields, body] of ROWS) {
      test(`makes no second request of ${name}`, async () => {
        for (const [readsBody, isLate] of [
          [true, false],
          [false, true],
        ] as const) {
          const { seen, handler } = recording(readsBody);
          await withListener(prefer, handler, async ({ url }) => {
            const connection = await RawConnection.open(url);
            const head = `POST /first HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n`;
            const parts = isLate ? [head, body] : [head + body];
            for (const part of parts) {
              connection.write(Buffer.from(part, 'latin1'));
              // Whoever comes later is served later; and this one stays as it is until then.
              for (const path of ['/later', '/later-still']) await sendRequest(url, { path });
            }
            const ofConnection = seen.filter((path) => !path.startsWith('/later'));
            assert.ok(ofConnection.length <= 1, ofConnection.join());
            assert.notEqual(ofConnection[0], '/smuggled');
            connection.destroy();
          });
        }
      });
    }

    for (const [name, fields, body] of FOLLOWED) {
      test(`takes the request after ${name}`, async () => {
        const { seen, handler } = recording();
        await withListener(prefer, handler, async ({ url }) => {
          const connection = await RawConnection.open(url);
          connection.write(`POST /first HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n${body}`);
          await connection.next();
          connection.write(requestBytes({ path: '/next' }));
          await connection.next();
          assert.deepEqual(seen, ['/first', '/next']);
          connection.destroy();
        });
      });
    }

    test('ends the connection after a trailer, or goes on behind it', async () => {
      const { seen, handler } = recording();
      await withListener(prefer, handler, async ({ url }) => {
        const connection = await RawConnection.open(url);
        connection.write(`POST /first HTTP/1.1\r\nhost: a\r\n${CHUNKED}\r\n\r\n0\r\nx: y\r\n\r\n`);
        await connection.next();
        connection.write(SMUGGLED.replace('smuggled', 'next'));
        await connection.next();
        assert.deepEqual(seen, prefer === 'uws' ? ['/first'] : ['/first', '/next']);
        connection.destroy();
      });
    });
  });
}

/** A handler that reads the body first or answers at once, and the paths that it was asked for. */
function recording(readsBody = true): {
  readonly seen: string[];
  readonly handler: HttpHandler;
} {
  const seen: string[] = [];
  const reading: HttpHandler = async (request) => {
    const { kind } = await request.readBody(10_000);
    return { status: kind === 'body' ? 200 : 400, headers: [], body: kind, close: kind !== 'body' };
  };
  const handler: HttpHandler = (request) => {
    seen.push(request.path);
    return readsBody ? reading(request) : { status: 200, headers: [], body: '' };
  };
  return { seen, handler };
}
