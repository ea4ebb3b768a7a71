import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkResponse } from '../../../src/actors/attempt/response.ts';

const CONTENT_TYPE = 'application/vnd.restate.invocation.v6';

interface Row {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly message: string;
  readonly documentationCode: string;
  readonly code?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

function limited(headers: Readonly<Record<string, string>>, seconds?: string): Row {
  const suffix = seconds === undefined ? '' : ` (retry after: ${seconds} seconds)`;
  const message = `service is rate limited due to '503 Service Unavailable'${suffix}`;
  return { status: 503, headers, message, documentationCode: 'RT0023' };
}

function wrongType(status: number, found: string | undefined): Row {
  const shown = found === undefined ? 'None' : `Some("${found}")`;
  const message = `unexpected content type '${shown}'; expected content type '"${CONTENT_TYPE}"'`;
  const headers = found === undefined ? {} : { 'content-type': found };
  return { status, headers, message, documentationCode: 'RT0012' };
}

function unexpected(line: string): Row {
  const message = `unexpected http status code: ${line}`;
  return { status: Number.parseInt(line, 10), message, documentationCode: 'RT0012' };
}

const ROWS: readonly Row[] = [
  {
    status: 502,
    message: "service is temporary unavailable '502 Bad Gateway'",
    documentationCode: 'RT0010',
  },
  {
    status: 504,
    message: "service is temporary unavailable '504 Gateway Timeout'",
    documentationCode: 'RT0010',
  },
  {
    status: 429,
    message: "service is rate limited due to '429 Too Many Requests'",
    documentationCode: 'RT0023',
  },
  limited({}),
  { ...limited({ 'retry-after': '0' }, '0'), retryAfterMs: 0 },
  { ...limited({ 'retry-after': '120' }, '120'), retryAfterMs: 120_000 },
  {
    ...limited({ 'retry-after': '9'.repeat(30) }, '9'.repeat(30)),
    retryAfterMs: Number.MAX_SAFE_INTEGER,
  },
  limited({ 'retry-after': '' }),
  limited({ 'retry-after': '-1' }),
  limited({ 'retry-after': '1.5' }),
  limited({ 'retry-after': '0x10' }),
  limited({ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }),
  {
    status: 415,
    message:
      "cannot start the invocation because the SDK doesn't support the protocol version '6' negotiated at discovery time",
    documentationCode: 'RT0015',
    code: 415,
  },
  { status: 413, message: 'service replied with content too large', documentationCode: 'RT0019' },
  unexpected('301 Moved Permanently'),
  unexpected('400 Bad Request'),
  unexpected('401 Unauthorized'),
  unexpected('404 Not Found'),
  unexpected('500 Internal Server Error'),
  unexpected('799 <unknown status code>'),
  wrongType(200, undefined),
  wrongType(204, undefined),
  wrongType(200, `${CONTENT_TYPE}; charset=utf-8`),
  wrongType(200, 'application/vnd.restate.invocation.v5'),
];

describe('the head of a response', () => {
  for (const status of [200, 201, 299]) {
    test(`passes with ${status} and the content type of the request`, () => {
      const headers = { 'content-type': CONTENT_TYPE };
      assert.equal(checkResponse(status, headers, CONTENT_TYPE, 6), undefined);
    });
  }

  for (const { status, headers = {}, code = 500, retryAfterMs, ...expected } of ROWS) {
    test(`with ${status} and ${JSON.stringify(headers)} is ${expected.documentationCode}`, () => {
      const failure = checkResponse(status, headers, CONTENT_TYPE, 6);
      const { message, documentationCode } = failure ?? {};
      assert.deepEqual({ message, documentationCode }, expected);
      assert.deepEqual([failure?.code, failure?.retryAfterMs], [code, retryAfterMs]);
      assert.equal(failure?.behavior, undefined);
    });
  }

  test('is checked for its status before its content type', () => {
    const failure = checkResponse(404, { 'content-type': CONTENT_TYPE }, CONTENT_TYPE, 6);
    assert.equal(failure?.message, 'unexpected http status code: 404 Not Found');
  });
});
