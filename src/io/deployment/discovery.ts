// Discovery: asks an endpoint for its manifest. Thread: main. Redirects are never followed, and the
// body, the number of tries and the time are bounded, since the endpoint may be anybody's.
import { STATUS_CODES } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { formatDeploymentUri, type DeploymentUri } from '../../actors/domain/deployment-uri.ts';
import type { Deployment } from '../../actors/domain/schema.ts';
import type {
  DeploymentDiscovery,
  DeploymentTransport,
  DiscoveryFailure,
  DiscoveryRequest,
  DiscoveryResult,
  RequestIdentity,
  TransportFailure,
} from '../../actors/ports.ts';
import { fetchManifest, type FetchResult, type ManifestResponse } from './fetch-manifest.ts';
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
] as const);

const ACCEPT = MANIFEST_MEDIA_TYPES.join(', ');
const EXPECTED_MEDIA_TYPES = `Expected one of '"${ACCEPT}"'`;

/** How much of a response an error message quotes. Unit: characters. */
const QUOTE_LENGTH_MAX = 16 * 1024;

export function createDiscovery(options: DiscoveryOptions): DeploymentDiscovery {
  return { discover: (request) => discover(options, request) };
}

async function discover(
  options: DiscoveryOptions,
  request: DiscoveryRequest,
): Promise<DiscoveryResult> {
  const uri = formatDeploymentUri(request.uri);
  if (request.uri.scheme !== 'http' && request.uri.scheme !== 'https') {
    return failed(
      'unreachable',
      `error when calling '${uri}': the scheme is neither http nor https`,
    );
  }
  const timeoutMs = options.timeoutMs ?? 30_000;
  const exchange = new Exchange(options, request, AbortSignal.timeout(timeoutMs));
  const result = await exchange.fetchWithRetries();
  switch (result.kind) {
    case 'response':
      return readResponse(result.response, exchange.httpVersion);
    case 'failed':
      return failed(failureKind(result.failure), result.failure.message);
    case 'tooLarge':
      return badResponse('the manifest is too large');
    case 'abandoned':
      return failed(
        'unreachable',
        `error when calling '${uri}': no complete response within ${timeoutMs} ms`,
      );
  }
}

/** The tries of one discovery. */
class Exchange {
  /** Of the requests, hence of the response. */
  httpVersion: Deployment['httpVersion'];
  readonly #options: DiscoveryOptions;
  readonly #request: DiscoveryRequest;
  readonly #signal: AbortSignal;

  constructor(options: DiscoveryOptions, request: DiscoveryRequest, signal: AbortSignal) {
    this.#options = options;
    this.#request = request;
    this.#signal = signal;
    this.httpVersion = request.useHttp11 ? 'HTTP/1.1' : 'HTTP/2.0';
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
    if (!speaksOnlyHttp11 || !isSecure(this.#request.uri)) return result;
    this.httpVersion = 'HTTP/1.1';
    return this.#fetchOnce();
  }

  #fetchOnce(): Promise<FetchResult> {
    const { transport, identity, commonHeaders, bodyBytesMax } = this.#options;
    const path = '/discover';
    const request = {
      address: { uri: formatDeploymentUri(this.#request.uri), httpVersion: this.httpVersion },
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
    return fetchManifest(transport, request, bounds);
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

function isSecure({ scheme }: DeploymentUri): boolean {
  return scheme === 'https';
}

function mayPass(result: FetchResult): boolean {
  if (result.kind === 'response') return RETRYABLE_STATUSES.has(result.response.status);
  return result.kind === 'failed' && RETRYABLE_FAILURES.has(result.failure.kind);
}

function failureKind({ kind }: TransportFailure): DiscoveryFailure['kind'] {
  return kind === 'http11Only' ? 'http11Only' : 'unreachable';
}

function readResponse(
  response: ManifestResponse,
  httpVersion: Deployment['httpVersion'],
): DiscoveryResult {
  const refusal = findResponseFault(response);
  if (refusal !== undefined) return refusal;
  const result = parseManifest(response.body);
  switch (result.kind) {
    case 'manifest': {
      const sdkVersion = response.headers['x-restate-server'];
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

function findResponseFault({
  status,
  headers,
  body,
}: ManifestResponse): DiscoveryResult | undefined {
  if (status < 200 || status > 299) {
    const what =
      status === 404
        ? `'404'. Make sure the provided URI has the correct path where the Restate SDK endpoint is mounted.`
        : `'${status} ${STATUS_CODES[status] ?? '<unknown status code>'}'.`;
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

function describeHeaders(headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries(headers).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{${quote(fields.join(', '))}}`;
}

function quote(text: string): string {
  return text.length <= QUOTE_LENGTH_MAX ? text : `${text.slice(0, QUOTE_LENGTH_MAX)}…`;
}

function badResponse(reason: string): DiscoveryResult {
  return failed('badResponse', `received a bad response from the SDK: ${reason}`);
}

function failed(kind: DiscoveryFailure['kind'], message: string): DiscoveryResult {
  return { kind: 'discoveryFailed', failure: { kind, message } };
}
