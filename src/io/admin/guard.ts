import type { Access } from '../http/access.ts';
import type { HttpHandler } from '../http/exchange.ts';
import { guardHandler, type GuardedHandler } from '../http/guard.ts';
import { isLoopback, parseBindAddress, unixSocketPath } from '../http/bind-address.ts';
import type { ServerSecurity } from '../http/server-security.ts';
import type { Logger } from '../log.ts';
import { AdminError, errorResponse } from './admin-error.ts';

const CHALLENGE = [
  'www-authenticate',
  'Bearer realm="Reprise admin", Basic realm="Reprise admin", charset="UTF-8"',
] as const;

/** What probes ask, of any version of the API. */
const HEALTH = /^(?:\/v[234])?\/(?:cluster-)?health$/;

/** Asks clients for a credential, but for health and for what browsers ask beforehand. */
export function guardAdmin(handler: HttpHandler, access: Access | undefined): GuardedHandler {
  return guardHandler(handler, {
    access,
    isOpen: ({ method, path }) => method === 'OPTIONS' || HEALTH.test(path),
    refuse: () => {
      const error = new AdminError('unauthorized', 'unauthorized, a valid token is required');
      const response = errorResponse(error);
      return { ...response, headers: [CHALLENGE, ...response.headers] };
    },
  });
}

export interface OperatorAddresses {
  /** Of the admin API. */
  readonly bindAddresses: readonly string[];
  /** Of the port for PostgreSQL clients, which asks for what the admin API asks for. */
  readonly sqlAddress: string | undefined;
}

/** Says so, loudly, when strangers may reach the admin API or its tables and are asked nothing. */
export function warnIfOpen(
  { bindAddresses, sqlAddress }: OperatorAddresses,
  { authenticates }: ServerSecurity,
  log: Pick<Logger, 'warn'>,
): void {
  if (authenticates) return;
  const open = bindAddresses.find(isOpen);
  if (open === undefined) {
    if (sqlAddress === undefined || !isOpen(sqlAddress)) return;
    log.warn(
      `THE PORT FOR POSTGRESQL CLIENTS IS OPEN TO THE NETWORK: it is ${sqlAddress} and asks nobody who they are. Whoever reaches it reads every invocation and every state. Set admin.query-engine.pgsql-bind-address, or auth.token-file, or keep others away by other means.`,
    );
    return;
  }
  log.warn(
    `THE ADMIN API IS OPEN TO THE NETWORK: it listens on ${open} and asks nobody who they are. Whoever reaches it controls every invocation and deployment. Set admin.bind-ip = "127.0.0.1", or auth.token-file, or keep others away by other means.`,
  );
}

function isOpen(address: string): boolean {
  return unixSocketPath(address) === undefined && !isLoopback(parseBindAddress(address));
}
