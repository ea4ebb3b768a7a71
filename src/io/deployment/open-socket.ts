import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Place } from './proxy.ts';

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

/** Starts connecting; `onReady` hears that bytes can be sent, with TLS after the handshake. */
export function openSocket(
  place: Place,
  trust: tls.SecureContext,
  onReady: () => void,
): net.Socket {
  const { host, port, secure } = place;
  if (!secure) return net.connect({ host, port, noDelay: true }, onReady);
  const socket = tls.connect(
    {
      host,
      port,
      secureContext: trust,
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
