import type { ListenerLog } from './answer.ts';
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
  if (options.prefer === 'node') return startNodeListener(options);
  const uws = loadUws();
  if (uws.kind === 'loaded') return startUwsListener(uws.binding, options);
  if (options.prefer === 'uws') throw new Error(uws.reason);
  options.log.info(`HTTP is served by node:http because ${uws.reason}`);
  return startNodeListener(options);
}
