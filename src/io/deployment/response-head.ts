import type { DecodedFields } from './hpack-decoder.ts';

/** What one header block of a response turned out to be. */
export type ResponseHead =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly contentLength: number | undefined;
    }
  /** A 1xx response: another one follows. */
  | { readonly kind: 'interim' }
  | { readonly kind: 'malformed'; readonly reason: string };

const STATUS_TEXT = /^[1-9][0-9]{2}$/;
const LENGTH_TEXT = /^[0-9]{1,15}$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Source: RFC 9113, 8.2.1. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;
/** Fields that speak about an HTTP/1.1 connection; malformed in HTTP/2. Source: RFC 9113, 8.2.2. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const STATUS_SWITCHING_PROTOCOLS = 101;

/** Reads the header block that begins a response. */
export function readResponseHead(fields: DecodedFields): ResponseHead {
  if (fields[0] !== ':status') return malformed('a response begins with :status');
  const statusText = fields[1] ?? '';
  if (!STATUS_TEXT.test(statusText)) return malformed(`status '${statusText.slice(0, 20)}'`);
  const status = Number(statusText);
  // Without a prototype, no header name can collide with an inherited property.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let index = 2; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (!isFieldName(name)) return malformed(`header name '${name.slice(0, 60)}'`);
    if (FORBIDDEN_IN_VALUE.test(value)) return malformed(`value of header '${name}'`);
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  if (status === STATUS_SWITCHING_PROTOCOLS) return malformed('status 101');
  if (status < 200) return { kind: 'interim' };
  return withContentLength(status, headers);
}

/** Trailers are ignored, but they have to be well-formed. */
export function trailersAreWellFormed(fields: DecodedFields): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    if (!isFieldName(fields[index] ?? '')) return false;
  }
  return true;
}

function withContentLength(
  status: number,
  headers: Readonly<Record<string, string>>,
): ResponseHead {
  const text = headers['content-length'];
  if (text === undefined || status === 204 || status === 304) {
    return { kind: 'response', status, headers, contentLength: undefined };
  }
  if (!LENGTH_TEXT.test(text)) return malformed(`content-length '${text.slice(0, 40)}'`);
  return { kind: 'response', status, headers, contentLength: Number(text) };
}

function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name) && !CONNECTION_FIELDS.has(name);
}

function malformed(reason: string): ResponseHead {
  return { kind: 'malformed', reason: `malformed response: ${reason}` };
}
