import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitConcurrency } from '../../../src/io/admin/concurrency-limit.ts';
import type { HttpHandler, HttpResponse } from '../../../src/io/http/exchange.ts';
import { callAdmin } from '../../support/admin-client.ts';

const OK: HttpResponse = { status: 200, headers: [], body: '' };

test('a limited handler takes requests again once earlier ones are answered, or have failed', async () => {
  const ends: Array<{ answer(): void; fail(): void }> = [];
  const handler: HttpHandler = () =>
    new Promise((resolve, reject) => {
      ends.push({ answer: () => resolve(OK), fail: () => reject(new Error('no')) });
    });
  const limited = limitConcurrency(handler, 2);
  const statusOf = async () => (await callAdmin(limited, 'GET', '/')).status;
  const [first, second] = [statusOf(), statusOf()];
  assert.equal(await statusOf(), 429);
  ends[0]?.answer();
  assert.equal(await first, 200);
  const third = statusOf();
  assert.equal(await statusOf(), 429);
  ends[1]?.fail();
  await assert.rejects(second, /no/);
  const fourth = statusOf();
  ends[2]?.answer();
  ends[3]?.answer();
  assert.deepEqual([await third, await fourth], [200, 200]);
});

test('a handler without a limit is left as it is', () => {
  const handler: HttpHandler = () => OK;
  assert.equal(limitConcurrency(handler, undefined), handler);
});
