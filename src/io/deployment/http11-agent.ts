// What needs undici. It is loaded with the first request over HTTP/1.1, since few servers send any and
// loading it takes as long as all of Reprise.
import { Agent, buildConnector } from 'undici';
import { DestinationDeniedError } from './destinations.ts';
import type { ConnectionOptions } from './http2-connection.ts';
import { routeTo } from './open-socket.ts';
import { withoutBrackets } from './proxy.ts';

export type ConnectorOptions = Pick<
  ConnectionOptions,
  'trust' | 'connectTimeoutMs' | 'proxy' | 'destinations'
>;

export function createAgent(options: ConnectorOptions): Agent {
  return new Agent({
    pipelining: 1,
    // Attempts have timeouts of their own.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: createConnector(options),
  });
}

function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { trust, connectTimeoutMs, destinations } = options;
  const connector = { timeout: connectTimeoutMs, secureContext: trust };
  const connectToProxy = buildConnector(connector);
  const connect = buildConnector({ ...connector, lookup: destinations.lookup });
  return (request, callback) => {
    const { protocol, hostname, port } = request;
    const secure = protocol === 'https:';
    const host = withoutBrackets(hostname);
    const target = { host, port: Number(port) || (secure ? 443 : 80), secure };
    const route = routeTo(target, options);
    if (route instanceof DestinationDeniedError) {
      callback(route, null);
    } else if (route.place === target) {
      connect(request, callback);
    } else {
      const { place } = route;
      connectToProxy(
        {
          ...request,
          protocol: place.secure ? 'https:' : 'http:',
          hostname: place.host,
          port: String(place.port),
        },
        callback,
      );
    }
  };
}
