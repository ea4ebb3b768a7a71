import assert from 'node:assert/strict';
import type { RawResponse } from '../../support/raw-http.ts';

/** Every answer but the bare ones has these. */
export function assertCommonHeaders({ headers }: RawResponse): void {
  assert.equal(
    headers['vary'],
    'origin, access-control-request-method, access-control-request-headers',
  );
  assert.equal(headers['access-control-allow-credentials'], 'true');
}

/** An error that the ingress itself made. */
export function assertIngressError(answer: RawResponse, status: number, message: string): void {
  const body = JSON.stringify({ code: status, message, source: 'ingress' });
  assert.equal(answer.body.toString(), body);
  assertErrorHead(answer, status, 'ingress');
  assert.equal(answer.headers['x-restate-id'], undefined);
}

/** The failure of an invocation; `body` without its `source`. */
export function assertInvocationError(
  answer: RawResponse,
  status: number,
  id: string,
  body: Readonly<Record<string, unknown>>,
): void {
  assert.equal(answer.body.toString(), JSON.stringify({ ...body, source: 'invocation' }));
  assertErrorHead(answer, status, 'invocation');
  assert.equal(answer.headers['x-restate-id'], id);
}

function assertErrorHead(answer: RawResponse, status: number, source: string): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers['x-restate-error-source'], source);
  assert.equal(answer.headers['content-type'], 'application/json');
  assertCommonHeaders(answer);
}
