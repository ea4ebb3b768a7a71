// A server with scopes switched on, and the requests that put invocations into them.
import assert from 'node:assert/strict';
import type { HttpReply } from './http.ts';
import { stringField } from './json.ts';
import { operate } from './operate.ts';
import { Rig } from './rig.ts';

/** The switches. Service protocol 7 tells handlers of their scope. */
export const SCOPES_ON = {
  RESTATE_EXPERIMENTAL_ENABLE_VQUEUES: 'true',
  RESTATE_EXPERIMENTAL_ENABLE_SCOPED_VIRTUAL_OBJECTS: 'true',
  RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7: 'true',
} as const;

/** Serves test/services/scoped.ts. */
export function startScopedRig(
  environment: Readonly<Record<string, string>> = SCOPES_ON,
): Promise<Rig> {
  return Rig.start({ modules: ['scoped'], server: { environment } });
}

/** `path` is what follows `/restate/scope/{scope}/call`, without the slash. */
export function callIn(
  rig: Rig,
  scope: string,
  path: string,
  input: unknown = '',
): Promise<HttpReply> {
  return rig.ingress.post(`/restate/scope/${scope}/call/${path}`, input);
}

/** Sends without waiting for the outcome; gives the invocation's id. */
export async function sendIn(
  rig: Rig,
  scope: string,
  path: string,
  input: unknown = '',
): Promise<string> {
  const reply = await rig.ingress.post(`/restate/scope/${scope}/send/${path}`, input);
  assert.equal(reply.status, 202, reply.text());
  return stringField(reply.json(), 'invocationId');
}

export function putRules(rig: Rig, body: unknown): Promise<HttpReply> {
  return rig.admin.request({
    method: 'PUT',
    path: '/limits/rules',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Limits what runs at once, by pattern. */
export async function limit(rig: Rig, limits: Readonly<Record<string, number>>): Promise<void> {
  const rules = Object.entries(limits).map(([pattern, concurrency]) => ({
    pattern,
    limits: { concurrency },
  }));
  const reply = await putRules(rig, rules);
  assert.equal(reply.status, 200, reply.text());
}

export async function deleteRules(rig: Rig, ...patterns: readonly string[]): Promise<void> {
  const body = patterns.map((pattern) => ({ pattern }));
  const reply = await rig.admin.post('/limits/rules/bulk-delete', body);
  assert.deepEqual(reply.json(), patterns);
}

/** The invocation has not started: whatever has can be resumed. */
export async function assertPending(rig: Rig, id: string): Promise<void> {
  const reply = await operate(rig, id, 'resume');
  const message = `The invocation '${id}' is either inboxed or scheduled, cannot be resumed.`;
  assert.deepEqual(reply.json(), { message, restate_code: null });
  assert.equal(reply.status, 425);
}
