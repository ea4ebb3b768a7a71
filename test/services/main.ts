// Entry of a service process: serves the services of the modules named by its arguments over h2c and
// tells the parent process the port.
import * as restate from '@restatedev/restate-sdk';
import { createServer } from 'node:http2';

interface ServiceModule {
  readonly services: restate.EndpointOptions['services'];
}

async function loadServices(moduleName: string): Promise<restate.EndpointOptions['services']> {
  const module: ServiceModule = await import(new URL(`./${moduleName}.js`, import.meta.url).href);
  return module.services;
}

const services = (await Promise.all(process.argv.slice(2).map(loadServices))).flat();
const server = createServer(restate.createEndpointHandler({ services }));
server.listen(Number(process.env['SERVICE_PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port is bound');
  process.send?.({ port: address.port });
});

// When a server dies under many open streams, SDK 1.17 may throw outside of any handler. The streams are
// gone and their invocations get new attempts; the process must be there for them.
process.on('uncaughtException', (error) => console.error(error));

process.on('disconnect', () => process.exit(0));
