// Discovery: asks an endpoint for its manifest. Thread: main. Redirects are never followed, and the
// body, the number of tries and the time are bounded, since the endpoint may be anybody's.
import { setTimeout as delay } from 'node:timers/promises';
import { formatDeploymentUri } from '../../actors/domain/deployment-uri.ts';
import type {
  DeploymentEndpoint,
  EndpointAddress,
  HttpEndpoint,
} from '../../actors/domain/endpoint.ts';
import type {
  DeploymentDiscovery,
  DeploymentTransport,
  DiscoveryFailure,
  DiscoveryRequest,
  DiscoveryResult,
  RequestIdentity,
  TransportFailure,
} from '../../actors/ports.ts';
import { describeHeaders, describeStatus, quote } from './describe-response.ts';
import { fetchResponse, type FetchedResponse, type FetchResult } from './fetch-response.ts';
import { MANIFEST_MEDIA_TYPES, parseManifest } from './manifest.ts';
import { NO_REQUEST_IDENTITY } from './request-identity.ts';

export interface DiscoveryOptions {
  readonly transport: DeploymentTransport;
  /** Default: requests are not signed. */
  readonly identity?: RequestIdentity | undefined;
  /** Headers of every request, after those of the deployment and of the identity. */
  readonly commonHeaders: ReadonlyArray<readonly [name: string, value: string]>;
  /** For everything, tries included. Unit: milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Largest manifest. Unit: bytes, inclusive. Default 16 MiB. */
  readonly bodyBytesMax?: number | undefined;
  /** Delay before the first retry, doubled for each one after. Unit: milliseconds. Default 100. */
  readonly retryDelayMs?: number | undefined;
}

/** Retries after the first try. Source: seen on the reference 1.7.12. */
const RETRIES_MAX = 4;
const RETRY_FACTOR = 2;
/** Share of the delay that is added at random, at most. Source: the reference. */
const RETRY_JITTER_MAX = 0.3;

/** Statuses that may pass. Source: the reference. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Transport failures that may pass. */
const RETRYABLE_FAILURES: ReadonlySet<TransportFailure['kind']> = new Set([
  'connect',
  'connectionLost',
  'refused',
  'reset',
  'throttled',
  'unavailable',
] as const);

const ACCEPT = MANIFEST_MEDIA_TYPES.join(', ');
const EXPECTED_MEDIA_TYPES = `Expected one of '"${ACCEPT}"'`;

export function createDiscovery(options: DiscoveryOptions): DeploymentDiscovery {
  return { discover: (request) => discover(options, request) };
}

async function discover(
  options: DiscoveryOptions,
  request: DiscoveryRequest,
): Promise<DiscoveryResult> {
  const { address } = request;
  if (address.kind === 'http' && !/^https?$/.test(address.uri.scheme)) {
    return failed(
      'unreachable',
      `error when calling '${nameOf(address)}': the scheme is neither http nor https`,
    );
  }
  const timeoutMs = options.timeoutMs ?? 30_000;
  const exchange = new Exchange(options, request, AbortSignal.timeout(timeoutMs));
  const result = await exchange.fetchWithRetries();
  switch (result.kind) {
    case 'response':
      return checkMode(address, readResponse(result.response, exchange.httpVersion));
    case 'failed':
      return failed(failureKind(result.failure), result.failure.message);
    case 'tooLarge':
      return badResponse('the manifest is too large');
    case 'abandoned':
      return failed(
        'unreachable',
        `error when calling '${nameOf(address)}': no complete response within ${timeoutMs} ms`,
      );
  }
}

function nameOf(address: EndpointAddress): string {
  return address.kind === 'http' ? formatDeploymentUri(address.uri) : address.arn;
}

/** A function is called once and answers once, so that nothing can stream. */
function checkMode({ kind }: EndpointAddress, result: DiscoveryResult): DiscoveryResult {
  const streams =
    result.kind === 'discovered' && result.discovered.manifest.protocolMode === 'BidiStream';
  if (kind !== 'lambda' || !streams) return result;
  return failed(
    'unsupportedMode',
    'the endpoint offers bidirectional streams, which AWS Lambda cannot carry. Serve it with the Lambda handler of its SDK.',
  );
}

/** The tries of one discovery. */
class Exchange {
  /** Of the requests, hence of the response. */
  httpVersion: HttpEndpoint['httpVersion'];
  readonly #options: DiscoveryOptions;
  readonly #request: DiscoveryRequest;
  readonly #signal: AbortSignal;

  constructor(options: DiscoveryOptions, request: DiscoveryRequest, signal: AbortSignal) {
    this.#options = options;
    this.#request = request;
    this.#signal = signal;
    const isHttp11 = request.useHttp11 || request.address.kind === 'lambda';
    this.httpVersion = isHttp11 ? 'HTTP/1.1' : 'HTTP/2.0';
  }

  async fetchWithRetries(): Promise<FetchResult> {
    let delayMs = this.#options.retryDelayMs ?? 100;
    for (let retries = 0; ; retries += 1) {
      const result = await this.#fetch();
      if (retries === RETRIES_MAX || !mayPass(result)) return result;
      const jitteredMs = delayMs * (1 + Math.random() * RETRY_JITTER_MAX);
      const waited = await this.#wait(jitteredMs);
      if (!waited) return result;
      delayMs *= RETRY_FACTOR;
    }
  }

  /** Over TLS the peer chooses the version; in clear text it has been chosen beforehand. */
  async #fetch(): Promise<FetchResult> {
    const result = await this.#fetchOnce();
    const speaksOnlyHttp11 = result.kind === 'failed' && result.failure.kind === 'http11Only';
    if (!speaksOnlyHttp11 || !isSecure(this.#request.address)) return result;
    this.httpVersion = 'HTTP/1.1';
    return this.#fetchOnce();
  }

  #fetchOnce(): Promise<FetchResult> {
    const { transport, identity, commonHeaders, bodyBytesMax } = this.#options;
    const path = '/discover';
    const request = {
      endpoint: this.#endpoint(),
      method: 'GET',
      path,
      headers: [
        ['accept', ACCEPT],
        ...Object.entries(this.#request.additionalHeaders),
        ...(identity ?? NO_REQUEST_IDENTITY).headersFor(path, undefined),
        ...commonHeaders,
      ],
    } as const;
    const bounds = { bodyBytesMax: bodyBytesMax ?? 16 * 1024 * 1024, signal: this.#signal };
    return fetchResponse(transport, request, bounds);
  }

  #endpoint(): DeploymentEndpoint {
    const { address } = this.#request;
    if (address.kind === 'lambda') return address;
    return { kind: 'http', uri: formatDeploymentUri(address.uri), httpVersion: this.httpVersion };
  }

  async #wait(delayMs: number): Promise<boolean> {
    try {
      await delay(delayMs, undefined, { signal: this.#signal });
      return true;
    } catch {
      // Only the signal rejects it.
      return false;
    }
  }
}

function isSecure(address: EndpointAddress): boolean {
  return address.kind === 'http' && address.uri.scheme === 'https';
}

function mayPass(result: FetchResult): boolean {
  if (result.kind === 'response') return RETRYABLE_STATUSES.has(result.response.status);
  return result.kind === 'failed' && RETRYABLE_FAILURES.has(result.failure.kind);
}

function failureKind({ kind }: TransportFailure): DiscoveryFailure['kind'] {
  return kind === 'http11Only' || kind === 'denied' ? kind : 'unreachable';
}

function readResponse(
  { status, headers, body }: FetchedResponse,
  httpVersion: HttpEndpoint['httpVersion'],
): DiscoveryResult {
  const response = { status, headers, body: Buffer.from(body).toString() };
  const refusal = findResponseFault(response);
  if (refusal !== undefined) return refusal;
  const result = parseManifest(response.body);
  switch (result.kind) {
    case 'manifest': {
      const sdkVersion = headers['x-restate-server'];
      const discovered = { manifest: result.manifest, httpVersion, sdkVersion };
      return { kind: 'discovered', discovered };
    }
    case 'badResponse':
      return badResponse(result.reason);
    case 'unsupportedProtocol':
      return failed('unsupportedProtocol', result.reason);
    case 'undecodable':
      return failed(
        'undecodable',
        `received a bad response from the SDK that cannot be decoded: ${result.reason}. Discovery response: ${quote(response.body)}`,
      );
  }
}

type ManifestResponse = Omit<FetchedResponse, 'body'> & { readonly body: string };

function findResponseFault({
  status,
  headers,
  body,
}: ManifestResponse): DiscoveryResult | undefined {
  if (status < 200 || status > 299) {
    const what =
      status === 404
        ? `'404'. Make sure the provided URI has the correct path where the Restate SDK endpoint is mounted.`
        : `${describeStatus(status)}.`;
    return failed(
      'unreachable',
      `got status code ${what} Response headers: ${describeHeaders(headers)}. Body: ${quote(body)}`,
    );
  }
  const contentType = headers['content-type'];
  if (contentType === undefined) {
    return badResponse(
      `No content type header was specified. ${EXPECTED_MEDIA_TYPES} content type.`,
    );
  }
  if (!MANIFEST_MEDIA_TYPES.includes(contentType)) {
    return badResponse(
      `Bad content type header: ${JSON.stringify(contentType)}. ${EXPECTED_MEDIA_TYPES}`,
    );
  }
  return undefined;
}

function badResponse(reason: string): DiscoveryResult {
  return failed('badResponse', `received a bad response from the SDK: ${reason}`);
}

function failed(kind: DiscoveryFailure['kind'], message: string): DiscoveryResult {
  return { kind: 'discoveryFailed', failure: { kind, message } };
}
