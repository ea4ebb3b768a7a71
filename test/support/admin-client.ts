// Calls an admin handler the way a listener does, without a socket in between.
import type { BodyResult, HttpHandler, HttpResponse } from '../../src/io/http/exchange.ts';

export interface AdminCall {
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The body as JSON; `undefined` when it is none. */
  readonly json: unknown;
}

/** `target` is a path with an optional query. */
export async function callAdmin(
  handler: HttpHandler,
  method: string,
  target: string,
  { headers = {}, body }: AdminCall = {},
): Promise<AdminAnswer> {
  const [path = '', ...rest] = target.split('?');
  const query = target.includes('?') ? rest.join('?') : undefined;
  const contentType = body === undefined ? {} : { 'content-type': 'application/json' };
  const fields = Object.entries({ ...contentType, ...headers });
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
  const response = await handler({
    method,
    path,
    query,
    headers: fields,
    header: (name) => fields.find(([field]) => field === name)?.[1],
    client: () => undefined,
    readBody: (bytesMax) =>
      Promise.resolve(readUpTo(body === undefined ? Buffer.alloc(0) : bytes, bytesMax)),
  });
  return readAnswer(response);
}

function readUpTo(bytes: Uint8Array, bytesMax: number): BodyResult {
  return bytes.byteLength > bytesMax
    ? { kind: 'tooLarge', declared: true }
    : { kind: 'body', bytes };
}

async function readAnswer({ status, headers, body, stream }: HttpResponse): Promise<AdminAnswer> {
  const bytes = await readBody(body, stream);
  const text = Buffer.from(bytes).toString();
  return { status, headers: Object.fromEntries(headers), bytes, text, json: parseJson(text) };
}

async function readBody(
  body: Uint8Array | string,
  stream: AsyncIterable<Uint8Array> | undefined,
): Promise<Uint8Array> {
  if (stream === undefined) return typeof body === 'string' ? Buffer.from(body) : body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
