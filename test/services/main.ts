// Entry of a service process: serves the services of the modules named by its arguments and tells the
// parent process the port. SERVICE_ENDPOINT says how they are served; without it, over h2c.
import * as restate from '@restatedev/restate-sdk';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { Server } from 'node:net';
import { SERVER_CERTIFICATE, SERVER_PRIVATE_KEY } from '../support/certificate.ts';
import { requestEffect, type EndpointSettings } from '../support/endpoint-settings.ts';
import { record } from './effects.ts';
import { withFaults } from './faults.ts';

interface ServiceModule {
  readonly services: restate.EndpointOptions['services'];
}

type Handler = ReturnType<typeof restate.createEndpointHandler>;

async function loadServices(moduleName: string): Promise<restate.EndpointOptions['services']> {
  const module: ServiceModule = await import(new URL(`./${moduleName}.js`, import.meta.url).href);
  return module.services;
}

function createHandler(
  services: restate.EndpointOptions['services'],
  { bidirectional, identityKeys }: EndpointSettings,
): Handler {
  return restate.createEndpointHandler({
    services,
    ...(bidirectional !== undefined && { bidirectional }),
    ...(identityKeys !== undefined && { identityKeys: [...identityKeys] }),
  });
}

async function createServer(
  services: restate.EndpointOptions['services'],
  settings: EndpointSettings,
): Promise<Server> {
  const identity = { cert: SERVER_CERTIFICATE, key: SERVER_PRIVATE_KEY };
  if (settings.transport === 'lambda') {
    const { createFunctionServer } = await import('./function-server.ts');
    return createFunctionServer(services, settings);
  }
  const handler = createHandler(services, settings);
  switch (settings.transport) {
    case 'http1':
      return http.createServer(handler);
    case 'https1':
      return https.createServer(identity, handler);
    case 'h2':
      return http2.createSecureServer({ ...identity, allowHTTP1: true }, handler);
    case 'h2c':
    case undefined:
      return http2.createServer(
        settings.faults === undefined ? handler : withFaults(handler, settings.faults),
      );
  }
}

const settings: EndpointSettings = JSON.parse(process.env['SERVICE_ENDPOINT'] ?? '{}');
const services = (await Promise.all(process.argv.slice(2).map(loadServices))).flat();
const server = await createServer(services, settings);
if (settings.recordsRequests === true && settings.transport !== 'lambda') {
  server.prependListener('request', ({ url = '', rawHeaders }: http.IncomingMessage) => {
    record(requestEffect(url, rawHeaders));
  });
}
server.listen(Number(process.env['SERVICE_PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port is bound');
  process.send?.({ port: address.port });
});

// When a server dies under many open streams, SDK 1.17 may throw outside of any handler. The streams are
// gone and their invocations get new attempts; the process must be there for them.
process.on('uncaughtException', (error) => console.error(error));

process.on('disconnect', () => process.exit(0));
