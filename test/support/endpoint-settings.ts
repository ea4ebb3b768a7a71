/** How a service process serves its services. Plain data: it travels in an environment variable. */
export interface EndpointSettings {
  /**
   * Default `h2c`. `http1` and `https1` speak HTTP/1.1 only, `h2` offers both over TLS; `lambda` stands
   * in for AWS, where every function is these services.
   */
  readonly transport?: 'h2c' | 'http1' | 'h2' | 'https1' | 'lambda' | undefined;
  /** `protocolMode` of the manifest. Default: by the HTTP version of the request. */
  readonly bidirectional?: boolean | undefined;
  /** Only requests signed with one of these keys are taken. */
  readonly identityKeys?: readonly string[] | undefined;
  /** Each request becomes an effect: see `requestEffect`. */
  readonly recordsRequests?: boolean | undefined;
  /** Only over h2c. Default: none. */
  readonly faults?: FaultSettings | undefined;
}

/** Requests that fail on purpose. */
export interface FaultSettings {
  readonly seed: number;
  /** Share of the invocations' attempts, between 0 and 1. */
  readonly share: number;
}

/** One request as the endpoint saw it. */
export interface SeenRequest {
  readonly path: string;
  /** In the order of the wire, pseudo-header fields included. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

const REQUEST_PREFIX = 'request ';

export function requestEffect(path: string, rawHeaders: readonly string[]): string {
  const headers: Array<[string, string]> = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push([rawHeaders[at]?.toLowerCase() ?? '', rawHeaders[at + 1] ?? '']);
  }
  return REQUEST_PREFIX + JSON.stringify({ path, headers } satisfies SeenRequest);
}

/** The requests among the effects. */
export function seenRequests(effects: readonly string[]): readonly SeenRequest[] {
  return effects
    .filter((effect) => effect.startsWith(REQUEST_PREFIX))
    .map((effect): SeenRequest => JSON.parse(effect.slice(REQUEST_PREFIX.length)));
}
