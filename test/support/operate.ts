// Operators at work: requests about single invocations.
import assert from 'node:assert/strict';
import { formatAwakeableId, parseInvocationId } from '../../src/actors/domain/ids.ts';
import type { HttpReply } from './http.ts';
import { stringField } from './json.ts';
import type { Rig } from './rig.ts';
import { serverUnderTest } from './servers.ts';
import { waitFor } from './wait.ts';

/** Well-formed, and never given to an invocation. */
export const UNKNOWN_ID = 'inv_1fW4EYdl43NJ6LH8hfHBlQ3jSeVmjC7SQy';

/** `operation` is the last segment of the path, with its query. */
export function operate(rig: Rig, id: string, operation: string): Promise<HttpReply> {
  return rig.admin.request({ method: 'PATCH', path: `/invocations/${id}/${operation}` });
}

/** Sends without waiting for the outcome; gives the invocation's id. */
export async function send(rig: Rig, path: string, input?: unknown): Promise<string> {
  const reply = await rig.ingress.post(path, input);
  assert.equal(reply.status, 202, reply.text());
  return stringField(reply.json(), 'invocationId');
}

/** The outcome, however long it takes. */
export function attachTo(rig: Rig, id: string): Promise<HttpReply> {
  return rig.ingress.get(`/restate/attach/${id}`);
}

/** The outcome, if there is one. */
export function outputOf(rig: Rig, id: string): Promise<HttpReply> {
  return rig.ingress.get(`/restate/output/${id}`);
}

/** Of a running invocation a pause is accepted (202), of a paused one it is done (200). */
export async function waitForPause(rig: Rig, id: string): Promise<void> {
  await waitFor(`the pause of ${id}`, async () => {
    const { status } = await operate(rig, id, 'pause');
    return status === 200 ? true : undefined;
  });
}

/** Completes an awakeable of the invocation; a negative index fails it. */
export async function signal(rig: Rig, id: string, index: number): Promise<void> {
  const parsed = parseInvocationId(id);
  assert.ok(parsed.ok);
  const awakeable = formatAwakeableId(parsed.value, Math.abs(index));
  const path = `/restate/awakeables/${awakeable}/${index < 0 ? 'reject' : 'resolve'}`;
  const reply = await rig.ingress.request({ path, body: '1' });
  assert.equal(reply.status, 202, reply.text());
}

/** Its deployment has been told that its suspension arrived; after this, it is stored. */
export async function waitUntilSuspended(rig: Rig, id: string): Promise<void> {
  // Applied behind the suspension, and answered once both are stored. The reference has no such order.
  if (serverUnderTest === 'reprise') return void (await outputOf(rig, id));
  const query = `SELECT status FROM sys_invocation WHERE id = '${id}'`;
  await waitFor(`the suspension of ${id}`, async () => {
    const path = '/query';
    const reply = await rig.admin.post(path, { query }, { accept: 'application/json' });
    return reply.text().includes('"suspended"') ? true : undefined;
  });
}
