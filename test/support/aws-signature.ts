// Signature version 4 as AWS checks it, written from its documentation ("Create a signed AWS API
// request") and not from the library that signs.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** As in the request line. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Who signed, for where. */
export interface Signer {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
/** How far the time of a request may be off. Unit: milliseconds. Source: AWS. */
const SKEW_MS_MAX = 5 * 60_000;

/** Throws unless `request` is signed with the secret of its access key. */
export function checkSignature(
  request: SignedRequest,
  secretOf: (accessKeyId: string) => string | undefined,
): Signer {
  const match = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
  assert.ok(match !== null, `authorization: ${request.headers['authorization']}`);
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature] = match;
  const secret = secretOf(accessKeyId);
  assert.ok(secret !== undefined, `access key ${accessKeyId} is known`);
  const time = request.headers['x-amz-date'] ?? '';
  assert.ok(time.startsWith(day), 'the day of the key is that of the request');
  assert.ok(Math.abs(parseTime(time) - Date.now()) < SKEW_MS_MAX, `the time is now: ${time}`);
  const signedHeaders = names.split(';');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const hash = sha256(canonicalRequest(request, signedHeaders));
  const text = ['AWS4-HMAC-SHA256', time, scope, hash].join('\n');
  const key = ['aws4_request'].reduce(
    hmac,
    hmac(hmac(hmac(Buffer.from(`AWS4${secret}`), day), region), service),
  );
  assert.equal(hmac(key, text).toString('hex'), signature, 'the signature fits the request');
  return { accessKeyId, region, service, signedHeaders };
}

function canonicalRequest(
  { method, url, headers, body }: SignedRequest,
  signedHeaders: readonly string[],
): string {
  const [path = '', query = ''] = url.split('?');
  const bodyHash = sha256(body);
  assert.equal(headers['x-amz-content-sha256'] ?? bodyHash, bodyHash);
  return [
    method,
    // Everywhere but in S3 a path is encoded once more than it is on the wire.
    path.split('/').map(encodeURIComponent).join('/'),
    query.split('&').toSorted().join('&'),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

function parseTime(text: string): number {
  return Date.parse(
    text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
