// The JSON envelopes of a call, in the form of an API gateway's proxy integration. Source: service
// protocol, "AWS Lambda deployments".
//   {"path":"/discover","httpMethod":"GET","headers":{"accept":"…"},"body":"","isBase64Encoded":true}
//   {"statusCode":200,"headers":{"content-type":"…"},"body":"AAUA…","isBase64Encoded":true}
import { z } from 'zod';
import type { DeploymentRequest } from '../../actors/ports.ts';

export interface LambdaEvent extends Pick<DeploymentRequest, 'method' | 'path' | 'headers'> {
  readonly body: Uint8Array;
  /** Headers that say how the body is sent; they win over those of the request. */
  readonly added: Readonly<Record<string, string>>;
}

export interface LambdaAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type DecodedAnswer =
  | { readonly kind: 'answer'; readonly answer: LambdaAnswer }
  | { readonly kind: 'malformed'; readonly reason: string };

export function encodeEvent({ method, path, headers, body, added }: LambdaEvent): Uint8Array {
  const event = {
    path,
    httpMethod: method,
    headers: { ...firstValues(headers), ...added },
    body: bufferOf(body).toString('base64'),
    isBase64Encoded: true,
  };
  return Buffer.from(JSON.stringify(event));
}

/** An envelope has one value per name: the first. */
function firstValues(headers: LambdaEvent['headers']): Record<string, string> {
  return Object.fromEntries(headers.toReversed());
}

const answerFields = z.object({
  statusCode: z.int().min(100).max(999),
  headers: z.record(z.string(), z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export function decodeAnswer(payload: Uint8Array): DecodedAnswer {
  let json: unknown;
  try {
    json = JSON.parse(bufferOf(payload).toString());
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
  const parsed = answerFields.safeParse(json);
  if (!parsed.success) return malformed(describeIssue(parsed.error));
  const { statusCode: status, headers, body: text, isBase64Encoded } = parsed.data;
  const body = isBase64Encoded === true ? decodeBase64(text ?? '') : Buffer.from(text ?? '');
  if (body === undefined) return malformed('the body is not base64');
  return { kind: 'answer', answer: { status, headers: lowerCaseNames(headers ?? {}), body } };
}

/** Node skips what is not base64; the bytes are too few then. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  // Without a prototype, no header name can collide with an inherited property.
  const lowered: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) lowered[name.toLowerCase()] = value;
  return lowered;
}

function describeIssue({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'unexpected form';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformed(reason: string): DecodedAnswer {
  return { kind: 'malformed', reason };
}
