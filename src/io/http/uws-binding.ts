// Finds and loads uWebSockets.js. Only the native addon is loaded, never the package's entry file: the
// republished package would fall back to a slow imitation, the official one patches process.nextTick.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The part of uWebSockets.js that the listener uses. */
export interface UwsBinding {
  App(): UwsApp;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: UwsListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  _cfg(option: string): void;
}

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  listen(
    host: string,
    port: number,
    options: number,
    onListening: (socket: UwsListenSocket | false) => void,
  ): UwsApp;
  /** Closes every socket of the app, the listening one included. */
  close(): UwsApp;
}

/** Opaque. */
export interface UwsListenSocket {
  readonly __listenSocket?: never;
}

/** Valid only while the route handler runs. */
export interface UwsRequest {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
  forEach(visit: (name: string, value: string) => void): void;
}

/** Valid until it is aborted or ended; every later use throws. */
export interface UwsResponse {
  onAborted(listener: () => void): UwsResponse;
  /** The chunk is neutered when the listener returns. */
  onData(listener: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  cork(write: () => void): UwsResponse;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  /** A chunk of a body of unknown length; `false` when the connection holds enough for now. */
  write(chunk: Uint8Array): boolean;
  /** The connection takes more; the listener returns whether it wrote something. */
  onWritable(listener: (offset: number) => boolean): UwsResponse;
  end(body: Uint8Array | string, closeConnection: boolean): UwsResponse;
  /** Writes no Content-Length. */
  endWithoutBody(): UwsResponse;
  close(): UwsResponse;
}

export type UwsLookup =
  | { readonly kind: 'loaded'; readonly binding: UwsBinding }
  | { readonly kind: 'missing'; readonly reason: string };

const require = createRequire(import.meta.url);

/** Loads the addon built for this platform and this version of Node.js, if there is one. */
export function loadUws(): UwsLookup {
  const { platform, arch, versions } = process;
  const fileName = `uws_${platform}_${arch}_${versions.modules}.node`;
  let folder: string;
  try {
    folder = dirname(require.resolve('uWebSockets.js'));
  } catch {
    return { kind: 'missing', reason: 'uWebSockets.js is not installed' };
  }
  // The official package keeps the addons beside its entry file, the republished one in a folder.
  const file = [join(folder, fileName), join(folder, '..', 'binaries', fileName)].find(existsSync);
  if (file === undefined) {
    const reason = `the installed uWebSockets.js has no ${fileName} for Node.js ${versions.node}`;
    return { kind: 'missing', reason };
  }
  try {
    return { kind: 'loaded', binding: require(file) as UwsBinding };
  } catch (error) {
    return { kind: 'missing', reason: `${fileName} does not load: ${String(error)}` };
  }
}
