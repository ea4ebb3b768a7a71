import { encodePseudoFields } from './hpack-encoder.ts';
import { type Place, placeOf } from './proxy.ts';

/** Paths whose encoding is remembered for one deployment; far more than it has handlers. */
const PATHS_CACHED_MAX = 10_000;

/** What the URI of a deployment says about reaching it. */
export class DeploymentTarget implements Place {
  /** The URI in its normal form, as failures show it. */
  readonly uri: string;
  /** Scheme, host and port: what shares connections. */
  readonly origin: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly #authority: string;
  readonly #pathPrefix: string;
  readonly #query: string;
  readonly #pseudoFieldsOfPost = new Map<string, Buffer>();

  constructor(url: URL) {
    this.uri = url.href;
    this.origin = url.origin;
    const { secure, host, port } = placeOf(url);
    this.secure = secure;
    this.host = host;
    this.port = port;
    this.#authority = url.host;
    this.#pathPrefix = url.pathname.replace(/\/$/, '');
    this.#query = url.search;
  }

  /** The request target: prefix of the deployment, `path`, query of the deployment. */
  pathOf(path: string): string {
    return this.#pathPrefix + path + this.#query;
  }

  /** The encoded pseudo-header fields; `undefined` when `path` cannot be sent. */
  pseudoFields(method: string, path: string): Buffer | undefined {
    if (method !== 'POST') return this.#encode(method, path);
    const known = this.#pseudoFieldsOfPost.get(path);
    if (known !== undefined) return known;
    const encoded = this.#encode(method, path);
    if (this.#pseudoFieldsOfPost.size >= PATHS_CACHED_MAX) this.#pseudoFieldsOfPost.clear();
    if (encoded !== undefined) this.#pseudoFieldsOfPost.set(path, encoded);
    return encoded;
  }

  #encode(method: string, path: string): Buffer | undefined {
    const scheme = this.secure ? 'https' : 'http';
    return encodePseudoFields(method, scheme, this.#authority, this.pathOf(path));
  }
}

/** `undefined` when `uri` is not an absolute `http:` or `https:` URI. */
export function parseDeploymentTarget(uri: string): DeploymentTarget | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  return new DeploymentTarget(url);
}
