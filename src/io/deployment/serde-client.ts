// Has a deployment convert a value by one of its serdes. Thread: main. Size and time are bounded,
// since the deployment may be anybody's.
import type {
  DeploymentTransport,
  RequestIdentity,
  SerdeClient,
  SerdeRequest,
  SerdeResult,
} from '../../actors/ports.ts';
import { describeHeaders, describeStatus, quote } from './describe-response.ts';
import { fetchResponse, type FetchedResponse } from './fetch-response.ts';
import { NO_REQUEST_IDENTITY } from './request-identity.ts';

export interface SerdeClientOptions {
  readonly transport: DeploymentTransport;
  /** Default: requests are not signed. */
  readonly identity?: RequestIdentity | undefined;
  /** Headers of every request, after those of the deployment and of the identity. */
  readonly commonHeaders: ReadonlyArray<readonly [name: string, value: string]>;
  /** Unit: milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** Largest converted value. Unit: bytes, inclusive. */
const VALUE_BYTES_MAX = 64 * 1024 * 1024;

const URI_PATH = /^[\x21-\x7e]+$/;

/** Source: what the reference 1.7.12 sends. */
const MEDIA_TYPES = {
  decode: [
    ['content-type', 'application/octet-stream'],
    ['accept', 'application/json'],
  ],
  encode: [
    ['content-type', 'application/json'],
    ['accept', '*/*'],
  ],
} as const;

export function createSerdeClient(options: SerdeClientOptions): SerdeClient {
  return { convert: (request) => convert(options, request) };
}

async function convert(
  {
    transport,
    identity = NO_REQUEST_IDENTITY,
    commonHeaders,
    timeoutMs = 30_000,
  }: SerdeClientOptions,
  { deployment, service, direction, serde, value }: SerdeRequest,
): Promise<SerdeResult> {
  const path = `/serdes/${service}/${direction}/${serde}`;
  if (!URI_PATH.test(path))
    return failed(`invalid uri when building the serdes request: '${path}'`);
  const request = {
    endpoint: deployment.endpoint,
    method: 'POST',
    path,
    headers: [
      ...MEDIA_TYPES[direction],
      ['x-restate-serdes-protocol', 'v1'],
      ...Object.entries(deployment.additionalHeaders),
      ...identity.headersFor(path, undefined),
      ...commonHeaders,
    ],
  } as const;
  const signal = AbortSignal.timeout(timeoutMs);
  const bounds = { bodyBytesMax: VALUE_BYTES_MAX, signal };
  const result = await fetchResponse(transport, request, bounds, value);
  switch (result.kind) {
    case 'response':
      return readResponse(result.response);
    case 'failed':
      return failed(result.failure.message);
    case 'tooLarge':
      return failed('the converted value is too large');
    case 'abandoned':
      return failed(`no complete response within ${timeoutMs} ms`);
  }
}

function readResponse({ status, headers, body }: FetchedResponse): SerdeResult {
  if (status >= 200 && status <= 299) return { kind: 'converted', value: body };
  const what =
    status === 404
      ? "'404'. This might indicate the SDK doesn't support the serdes endpoint, or the serde name doesn't exist."
      : `${describeStatus(status)}.`;
  const text = quote(Buffer.from(body).toString());
  return failed(
    `got status code ${what} Response headers: ${describeHeaders(headers)}. Body: ${text}`,
  );
}

function failed(message: string): SerdeResult {
  return { kind: 'failed', message };
}
