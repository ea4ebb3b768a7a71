import assert from 'node:assert/strict';
import type { HttpReply } from './http.ts';

/** An invocation id as clients see it. */
export const INVOCATION_ID = /^inv_1[0-9a-zA-Z]{33}$/;

/** A success: status, id and JSON result. */
export function assertSucceeded(reply: HttpReply, answer: unknown): void {
  assert.equal(reply.status, 200, reply.text());
  assert.match(String(reply.headers['x-restate-id']), INVOCATION_ID);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['x-restate-error-source'], undefined);
  assert.deepEqual(reply.json(), answer);
}

/** The header that makes a request idempotent. */
export function withKey(key: string): Readonly<Record<string, string>> {
  return { 'idempotency-key': key };
}
