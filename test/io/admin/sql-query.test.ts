// POST /query: what goes to the query engine, and what becomes of its answers.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import { QueryError, type QueryErrorKind } from '../../../src/actors/domain/query-error.ts';
import type { QueryEngine } from '../../../src/actors/ports.ts';
import type { AdminAnswer } from '../../support/admin-client.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';

const ARROW = 'application/vnd.apache.arrow.stream';
const JSON_TYPE = 'application/json';

const CHUNKS = ['{"rows":[', '{"a":1}'.padEnd(2000), ']}'];

let rig: AdminRig;
let asked: Array<readonly [sql: string, format: string]>;
let failure: QueryError | undefined;
let isLeft: boolean;
/** A result that has come at once. */
let whole: Uint8Array | undefined;
let warmUpsCount: number;

const engine: QueryEngine = {
  warmUp: () => void (warmUpsCount += 1),
  query: () => assert.fail('rows are wanted in encoded form'),
  describe: () => assert.fail('nothing is described'),
  encode: (sql, format) => {
    asked.push([sql, format]);
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve({ columns: [], batches: chunks(), whole });
  },
};

async function* chunks(): AsyncGenerator<Uint8Array> {
  try {
    for (const chunk of CHUNKS) {
      await Promise.resolve();
      yield Buffer.from(chunk);
    }
  } finally {
    isLeft = true;
  }
}

beforeEach(async () => {
  [asked, failure, isLeft, whole, warmUpsCount] = [[], undefined, false, undefined, 0];
  rig = await startAdminRig(undefined, engine);
});

afterEach(() => rig.close());

function query(
  headers: Readonly<Record<string, string>> = {},
  body: unknown = { query: 'SELECT 1' },
): Promise<AdminAnswer> {
  return rig.call('POST', '/query', { headers, body });
}

describe('the format follows Accept:', () => {
  const rows: ReadonlyArray<readonly [accept: string | undefined, contentType: string]> = [
    [undefined, ARROW],
    ['application/json', JSON_TYPE],
    ['*/*', ARROW],
    [ARROW, ARROW],
    ['application/json, */*', ARROW],
    ['application/json;q=1', ARROW],
    ['text/html', ARROW],
  ];
  for (const [accept, contentType] of rows) {
    test(`${accept ?? 'none'} gives ${contentType}`, async () => {
      const answer = await query(accept === undefined ? {} : { accept });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], contentType);
      assert.equal(answer.text, CHUNKS.join(''));
      assert.deepEqual(asked, [['SELECT 1', contentType === JSON_TYPE ? 'json' : 'arrow']]);
    });
  }
});

test('a result that has come at once is answered as it is', async () => {
  whole = Buffer.from('{"rows":[]}');
  const answer = await query({ accept: JSON_TYPE });
  assert.deepEqual(answer.json, { rows: [] });
  assert.equal(answer.headers['content-type'], JSON_TYPE);
});

test('who asks for the version is expected to go on with queries', async () => {
  await rig.call('GET', '/health');
  await rig.call('GET', '/deployments');
  assert.equal(warmUpsCount, 0);
  await rig.call('GET', '/version');
  assert.equal(warmUpsCount, 1);
});

describe('a failure is answered as JSON whatever is accepted:', () => {
  const rows: ReadonlyArray<readonly [kind: QueryErrorKind, status: number]> = [
    ['syntax', 400],
    ['readOnly', 400],
    ['unknownName', 500],
    ['unsupported', 500],
    ['invalidValue', 500],
    ['timeout', 500],
    ['internal', 500],
    ['limit', 429],
    ['unavailable', 503],
  ];
  for (const [kind, status] of rows) {
    test(`${kind} with ${status}`, async () => {
      failure = new QueryError(kind, 'what went wrong');
      const answer = await query();
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'], JSON_TYPE);
      assert.deepEqual(answer.json, { message: 'what went wrong' });
      assert.equal(rig.logged.length, kind === 'internal' ? 1 : 0);
    });
  }
});

describe('a request without a statement is refused', () => {
  const rows: ReadonlyArray<readonly [name: string, body: unknown]> = [
    ['no member', {}],
    ['a number', { query: 1 }],
    ['no JSON', 'SELECT 1'],
    ['a text', '"SELECT 1"'],
  ];
  for (const [name, body] of rows) {
    test(name, async () => {
      const { status } = await query({}, body);
      assert.ok(status >= 400 && status < 500, `status ${status}`);
      assert.deepEqual(asked, []);
    });
  }
});

test('other methods are not allowed', async () => {
  assert.equal((await rig.call('GET', '/query')).status, 405);
});

describe('the stream is compressed as it goes:', () => {
  const rows: ReadonlyArray<
    readonly [accepted: string, coding: string | undefined, unpack: (bytes: Uint8Array) => Buffer]
  > = [
    ['gzip', 'gzip', zlib.gunzipSync],
    ['br', 'br', zlib.brotliDecompressSync],
    ['identity', undefined, (bytes) => Buffer.from(bytes)],
  ];
  for (const [accepted, coding, unpack] of rows) {
    test(accepted, async () => {
      const answer = await query({ 'accept-encoding': accepted });
      assert.equal(answer.headers['content-encoding'], coding);
      assert.equal(answer.headers['vary'], 'accept-encoding');
      assert.equal(unpack(answer.bytes).toString(), CHUNKS.join(''));
      assert.ok(isLeft);
    });
  }
});
