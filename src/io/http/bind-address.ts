import { relative } from 'node:path';

/** How the address of a unix socket begins; its path follows. */
const UNIX_SCHEME = 'unix:';

/** The path of a unix socket's address, `undefined` for any other address. */
export function unixSocketPath(address: string): string | undefined {
  return address.startsWith(UNIX_SCHEME) ? address.slice(UNIX_SCHEME.length) : undefined;
}

/** `unix:/path`, for an absolute path. */
export function unixSocketAddress(path: string): string {
  return UNIX_SCHEME + path;
}

/** What the system has room for. Unit: bytes. Node cuts longer paths off without a word. */
const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;

/** The shorter one of the absolute path and the path from the working directory. */
export function shortSocketPath(path: string): string {
  const fromHere = relative('', path);
  const shorter = fromHere.length < path.length ? fromHere : path;
  if (Buffer.byteLength(shorter) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(
      `expected a path of at most ${SOCKET_PATH_BYTES_MAX} bytes for a unix socket, found ${path}`,
    );
  }
  return shorter;
}

export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

/** Parses `host:port` and `[v6]:port`; an empty host means every interface. Throws on anything else. */
export function parseBindAddress(text: string): BindAddress {
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new Error(`expected a bind address like 0.0.0.0:8080 or [::]:8080, found '${text}'`);
  }
  return { host: v6 ?? (name === undefined || name === '' ? '::' : name), port };
}

/** Only this machine reaches it. */
export function isLoopback({ host }: BindAddress): boolean {
  return host === '::1' || host === 'localhost' || /^(?:::ffff:)?127\./.test(host);
}

/** `http://host:port/`; a listener on every interface is named by the loopback address. */
export function listenerUrl({ host, port }: BindAddress): string {
  if (host === '::' || host === '0.0.0.0') return `http://127.0.0.1:${port}/`;
  return host.includes(':') ? `http://[${host}]:${port}/` : `http://${host}:${port}/`;
}
