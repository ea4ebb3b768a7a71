// Bodies that are sent while they are made.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { HttpResponse } from '../../../src/io/http/exchange.ts';
import { waitFor } from '../../support/wait.ts';
import { LIBRARIES, withListener } from './listeners.ts';

function streaming(stream: AsyncIterable<Uint8Array>): HttpResponse {
  return { status: 200, headers: [['content-type', 'text/plain']], body: '', stream };
}

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Chunks without end, and how many of them were made. */
class Source {
  madeCount = 0;
  isLeft = false;

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.madeCount += 1;
        await Promise.resolve();
        yield CHUNK;
      }
    } finally {
      this.isLeft = true;
    }
  }
}

async function* texts(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await Promise.resolve();
    yield Buffer.from(part);
  }
}

for (const { prefer, skip } of LIBRARIES) {
  describe(`a streamed body on ${prefer}`, { skip }, () => {
    test('arrives whole, and the connection serves the next request', async () => {
      await withListener(
        prefer,
        () => streaming(texts('one, ', 'two, ', 'three')),
        async ({ url }) => {
          for (let round = 0; round < 2; round += 1) {
            const response = await fetch(url);
            assert.equal(response.headers.get('transfer-encoding'), 'chunked');
            assert.equal(response.headers.get('content-length'), null);
            assert.equal(await response.text(), 'one, two, three');
          }
        },
      );
    });

    test('may be empty', async () => {
      await withListener(
        prefer,
        () => streaming(texts()),
        async ({ url }) => assert.equal(await (await fetch(url)).text(), ''),
      );
    });

    test('arrives chunk by chunk', async () => {
      let goOn = (): void => {};
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      async function* gated(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first');
        await gate;
        yield Buffer.from('second');
      }
      await withListener(
        prefer,
        () => streaming(gated()),
        async ({ url }) => {
          const { body } = await fetch(url);
          assert.ok(body);
          const reader = body.getReader();
          const { value } = await reader.read();
          assert.equal(Buffer.from(value ?? []).toString(), 'first');
          goOn();
          assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'second');
          assert.equal((await reader.read()).done, true);
        },
      );
    });

    test('is made no faster than it is read, and is left when the client goes away', async () => {
      const source = new Source();
      await withListener(
        prefer,
        () => streaming(source.chunks()),
        async ({ url }) => {
          const { hostname, port } = new URL(url);
          const socket = connect(Number(port), hostname);
          socket.pause();
          socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
          let before = -1;
          await waitFor('the source to pause', async () => {
            const paused = source.madeCount > 0 && source.madeCount === before;
            before = source.madeCount;
            await new Promise((resolve) => setTimeout(resolve, 50));
            return paused ? true : undefined;
          });
          const pausedAt = source.madeCount;
          socket.resume();
          await waitFor('the source to go on', () =>
            Promise.resolve(source.madeCount > pausedAt + 100 ? true : undefined),
          );
          socket.destroy();
          await once(socket, 'close');
          await waitFor('the source to be left', () =>
            Promise.resolve(source.isLeft ? true : undefined),
          );
        },
      );
    });

    test('that fails breaks the connection, so that nobody takes it for whole', async () => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield* texts('some of it');
        throw new Error('the rest is lost');
      }
      await withListener(
        prefer,
        () => streaming(failing()),
        async ({ url }) => {
          await assert.rejects(async () => (await fetch(url)).text(), TypeError);
        },
      );
    });

    test('is not begun for a client that has gone', async () => {
      let answer: (response: HttpResponse) => void = () => {};
      const source = new Source();
      let askedCount = 0;
      await withListener(
        prefer,
        () => {
          askedCount += 1;
          return new Promise((resolve) => (answer = resolve));
        },
        async ({ url }) => {
          const leaving = new AbortController();
          const request = fetch(url, { signal: leaving.signal });
          await waitFor('the request', () => Promise.resolve(askedCount > 0 ? true : undefined));
          leaving.abort();
          await assert.rejects(request);
          await new Promise((resolve) => setTimeout(resolve, 20));
          answer(streaming(source.chunks()));
          await waitFor('the source to be left', () =>
            Promise.resolve(source.isLeft ? true : undefined),
          );
        },
      );
    });
  });
}
