import { randomBytes } from 'node:crypto';
import type { LoadPlan } from './plan.ts';

/** Gives the bytes of the requests of a plan. */
export function requestSource(plan: LoadPlan): () => Buffer | string {
  const { host } = new URL(plan.url);
  const body = plan.body ?? '';
  const content =
    body === ''
      ? 'content-length: 0\r\n\r\n'
      : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const rest = ` HTTP/1.1\r\nhost: ${host}\r\n${content}`;
  const [before = '', placeholder, after = ''] = plan.path.split(/\{(key|new)\}/);
  const whole = Buffer.from(`POST ${plan.path}${rest}`);
  if (placeholder === undefined) return () => whole;
  const salt = randomBytes(6).toString('hex');
  let requestsCount = 0;
  const keysCount = plan.keysCount ?? 1;
  const nextKey =
    placeholder === 'new'
      ? () => `${salt}-${requestsCount++}`
      : () => `key-${Math.floor(Math.random() * keysCount)}`;
  return () => `POST ${before}${nextKey()}${after}${rest}`;
}
