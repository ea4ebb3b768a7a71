// Operators at work: requests about single invocations.
import assert from 'node:assert/strict';
import type { HttpReply } from './http.ts';
import { stringField } from './json.ts';
import type { Rig } from './rig.ts';
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
