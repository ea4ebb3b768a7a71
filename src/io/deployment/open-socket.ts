import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { DestinationDeniedError, type Destinations } from './destinations.ts';
import type { Place, Proxy } from './proxy.ts';

/**
 * What `https:` deployments are checked against: the roots of Node, `NODE_EXTRA_CA_CERTS`, and the
 * PEM certificates in `ca`. Throws when one of them cannot be read.
 */
export function createTrust(ca: string | undefined): tls.SecureContext {
  if (ca === undefined) return tls.createSecureContext({ minVersion: 'TLSv1.2' });
  const extraFile = process.env['NODE_EXTRA_CA_CERTS'];
  const extra = extraFile === undefined ? [] : [readFileSync(extraFile, 'utf8')];
  return tls.createSecureContext({
    minVersion: 'TLSv1.2',
    ca: [...tls.rootCertificates, ...extra, ca],
  });
}

/** How a deployment is reached. */
export interface Route {
  /** Where the connection goes: to the deployment or to the proxy before it. */
  readonly place: Place;
  /** Absent: to the proxy, whose address the operator has chosen. */
  readonly lookup: net.LookupFunction | undefined;
}

/** The way to `target`, or why there is none. */
export function routeTo(
  target: Place,
  {
    proxy,
    destinations,
  }: { readonly proxy: Proxy | undefined; readonly destinations: Destinations },
): Route | DestinationDeniedError {
  const place = proxy?.placeFor(target) ?? target;
  if (place !== target) {
    return destinations.refusalByName(target.host) ?? { place, lookup: undefined };
  }
  return destinations.refusalOf(target.host) ?? { place, lookup: destinations.lookup };
}

/** Starts connecting; `onReady` hears that bytes can be sent, with TLS after the handshake. */
export function openSocket(
  route: Route | DestinationDeniedError,
  trust: tls.SecureContext,
  onReady: () => void,
): net.Socket {
  if (route instanceof DestinationDeniedError) return new net.Socket().destroy(route);
  const { host, port, secure } = route.place;
  const lookup = route.lookup === undefined ? {} : { lookup: route.lookup };
  if (!secure) return net.connect({ host, port, noDelay: true, ...lookup }, onReady);
  const socket = tls.connect(
    {
      host,
      port,
      secureContext: trust,
      ...lookup,
      // HTTP/1.1 is offered so that a server that has nothing else says so instead of hanging up.
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
    },
    onReady,
  );
  return socket.setNoDelay(true);
}

/** A TLS server speaks HTTP/2 only if it chose it; without TLS it is known beforehand. */
export function speaksHttp2(socket: net.Socket): boolean {
  return !(socket instanceof tls.TLSSocket) || socket.alpnProtocol === 'h2';
}
