import type { Access } from '../http/access.ts';
import type { HttpHandler } from '../http/exchange.ts';
import { guardHandler, type GuardedHandler } from '../http/guard.ts';
import { refusals } from './errors.ts';
import { refusalResponse, withOrigin } from './respond.ts';

/** No challenge for Basic: browsers would ask for a password in the middle of somebody's page. */
const CHALLENGE = ['www-authenticate', 'Bearer realm="Reprise ingress"'] as const;

/** Asks clients for a credential, but for health and for what browsers ask beforehand. */
export function guardIngress(handler: HttpHandler, access: Access | undefined): GuardedHandler {
  return guardHandler(handler, {
    access,
    isOpen: ({ method, path }) => method === 'OPTIONS' || path === '/restate/health',
    refuse: (request) => {
      const response = refusalResponse(refusals.unauthorized());
      return withOrigin(request, { ...response, headers: [CHALLENGE, ...response.headers] });
    },
  });
}
