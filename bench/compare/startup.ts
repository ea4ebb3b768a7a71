// From exec to the first answered call, in a fresh directory, with the registration in between.
import { HttpClient } from '../../test/support/http.ts';
import { startServer } from '../../test/support/servers.ts';
import type { DeploymentProcess } from '../deployments/deployment-process.ts';
import { register } from '../measure/register.ts';
import { serverOptionsOf } from './contestant.ts';
import type { ServerSetup } from './server-setups.ts';

/** Unit: milliseconds. */
export async function measureStartup(
  setup: ServerSetup,
  deployment: DeploymentProcess,
): Promise<number> {
  const beganAtMs = performance.now();
  const server = await startServer(serverOptionsOf(setup));
  const client = new HttpClient(server.ingressUrl);
  try {
    await register(server.adminUrl, deployment.url);
    const reply = await client.post('/Bench/empty');
    if (reply.status !== 200) throw new Error(`first call: ${reply.status} ${reply.text()}`);
    return performance.now() - beganAtMs;
  } finally {
    client.close();
    await server.dispose();
  }
}
