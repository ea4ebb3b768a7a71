// URIs of deployments, compared and kept as written: the URL class of the platform would lower-case
// hosts, drop default ports and rewrite paths, and the reference does none of that.

export interface DeploymentUri {
  /** In lower case, without the colon. */
  readonly scheme: string;
  readonly authority: string;
  /** Starts with `/`. */
  readonly path: string;
  /** With its `?`; empty when there is none. */
  readonly query: string;
}

export type DeploymentUriResult =
  | { readonly kind: 'absolute'; readonly uri: DeploymentUri }
  /** A path (`/foo`) or an authority (`127.0.0.1:9080`) alone. */
  | { readonly kind: 'notAbsolute' }
  | { readonly kind: 'invalid' };

const PRINTABLE = /^[\x21-\x7e]+$/;
const ABSOLUTE = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]+)([^?#]*)(\?[^#]*)?(?:#.*)?$/;
const AUTHORITY = /^(?:[^@\s]*@)?(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9._~!$&'()*+,;=%-]+)(?::(\d*))?$/;
const PORT_MAX = 65_535;

export function parseDeploymentUri(text: string): DeploymentUriResult {
  if (!PRINTABLE.test(text)) return { kind: 'invalid' };
  if (text.startsWith('/') || isAuthority(text)) return { kind: 'notAbsolute' };
  const match = ABSOLUTE.exec(text);
  const [, scheme = '', authority = '', path = '', query = ''] = match ?? [];
  if (match === null || !isAuthority(authority)) return { kind: 'invalid' };
  const uri = { scheme: scheme.toLowerCase(), authority, path: path === '' ? '/' : path, query };
  return { kind: 'absolute', uri };
}

function isAuthority(text: string): boolean {
  const match = AUTHORITY.exec(text);
  return match !== null && Number(match[1] ?? 0) <= PORT_MAX;
}

/** The text that is stored and shown: the fragment dropped, an empty path written as `/`. */
export function formatDeploymentUri({ scheme, authority, path, query }: DeploymentUri): string {
  return `${scheme}://${authority}${path}${query}`;
}

/** Whether two URIs name the same deployment: same authority and path, whatever scheme and query. */
export function sameAddress(a: DeploymentUri, b: DeploymentUri): boolean {
  return a.authority.toLowerCase() === b.authority.toLowerCase() && a.path === b.path;
}
