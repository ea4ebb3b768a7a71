import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenerLog } from '../http/answer.ts';
import { unixSocketAddress } from '../http/bind-address.ts';
import type { HttpListener } from '../http/exchange.ts';
import { startHttpListener } from '../http/listener.ts';
import { type ControlContext, createControlHandler } from './server.ts';
import { CONTROL_SOCKET } from './snapshot-exchange.ts';

/** Listens in the data directory. Snapshots need it and serving does not, so a failure is only told. */
export async function listenForControl(
  dataDirectory: string,
  context: ControlContext,
  log: ListenerLog,
): Promise<HttpListener | undefined> {
  const path = join(dataDirectory, CONTROL_SOCKET);
  const bindAddress = unixSocketAddress(path);
  try {
    const handler = createControlHandler(context);
    const listener = await startHttpListener({ bindAddress, prefer: 'node', log, handler });
    chmodSync(path, 0o600);
    return listener;
  } catch (error) {
    log.warn('reprise snapshot cannot reach this server while it runs', { error });
    return undefined;
  }
}
