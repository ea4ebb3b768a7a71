// One server on several addresses: TCP, and a unix socket for clients on the same machine.
import type { ListenerLog } from './answer.ts';
import { unixSocketPath } from './bind-address.ts';
import type { HttpListener, HttpListenerOptions } from './exchange.ts';
import { startNodeListener } from './node-listener.ts';
import { loadUws } from './uws-binding.ts';
import { startUwsListener } from './uws-listener.ts';

export interface StartHttpListenerOptions extends HttpListenerOptions {
  /** `auto` takes uWebSockets.js where its native addon loads, and node:http elsewhere. */
  readonly prefer: 'auto' | 'uws' | 'node';
  readonly log: ListenerLog;
}

/** Listens with the server library that `prefer` asks for. Rejects when the address cannot be bound. */
export async function startHttpListener(options: StartHttpListenerOptions): Promise<HttpListener> {
  // uWebSockets.js 20.30 does not listen on unix sockets, and nobody has TLS there.
  if (unixSocketPath(options.bindAddress) !== undefined) {
    return startNodeListener({ ...options, tls: undefined });
  }
  // Nor does uWebSockets.js 20.30 give a connection away; and in TLS it has neither HTTP/2 nor a choice of
  // clients by name, and does not read certificates again.
  const needsNode = options.takeHttp2 !== undefined || options.tls !== undefined;
  if (needsNode || options.prefer === 'node') return startNodeListener(options);
  const uws = loadUws();
  if (uws.kind === 'loaded') return startUwsListener(uws.binding, options);
  if (options.prefer === 'uws') throw new Error(uws.reason);
  options.log.info(`HTTP is served by node:http because ${uws.reason}`);
  return startNodeListener(options);
}

export interface StartHttpListenersOptions extends Omit<StartHttpListenerOptions, 'bindAddress'> {
  /** At least one. */
  readonly bindAddresses: readonly string[];
  /** What is different on unix sockets, whose clients the file system has let in already. */
  readonly onSockets?: Partial<Pick<HttpListenerOptions, 'handler' | 'takeHttp2'>> | undefined;
}

/**
 * Listens on every address. Rejects when one of them cannot be bound, but for a unix socket beside
 * others: not every file system has sockets, and their paths must be short.
 */
export async function startHttpListeners({
  bindAddresses,
  onSockets,
  ...options
}: StartHttpListenersOptions): Promise<ListenerGroup> {
  const listeners: HttpListener[] = [];
  for (const bindAddress of bindAddresses) {
    const isSocket = unixSocketPath(bindAddress) !== undefined;
    const chosen = isSocket ? { ...options, ...onSockets } : options;
    try {
      listeners.push(await startHttpListener({ ...chosen, bindAddress }));
    } catch (error) {
      if (listeners.length > 0 && isSocket) {
        options.log.warn(`nothing listens on ${bindAddress}`, { error });
        continue;
      }
      await Promise.all(listeners.map((listener) => listener.close()));
      throw error;
    }
  }
  return new ListenerGroup(listeners);
}

/** Listeners on several addresses, as one. */
export class ListenerGroup implements HttpListener {
  readonly #listeners: readonly HttpListener[];

  constructor(listeners: readonly HttpListener[]) {
    this.#listeners = listeners;
  }

  get url(): string {
    return this.#listeners[0]?.url ?? '';
  }

  /** Of all addresses. */
  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  drain(): void {
    for (const listener of this.#listeners) listener.drain();
  }

  openExchangesCount(): number {
    return this.#listeners.reduce((count, listener) => count + listener.openExchangesCount(), 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}
