// A server that takes part: its process, its data, its current deployment.
import { startServer, type TestServer } from '../../test/support/servers.ts';
import {
  startDeployment,
  type DeploymentKind,
  type DeploymentProcess,
} from '../deployments/deployment-process.ts';
import { processTree } from '../measure/processes.ts';
import { register } from '../measure/register.ts';
import type { ServerSetup } from './server-setups.ts';

export class Contestant {
  readonly setup: ServerSetup;
  readonly server: TestServer;
  #deployment: DeploymentProcess | undefined;

  private constructor(setup: ServerSetup, server: TestServer) {
    this.setup = setup;
    this.server = server;
  }

  /** In a directory of its own, unless one is given. */
  static async start(setup: ServerSetup, dataDirectory?: string): Promise<Contestant> {
    const options = { ...serverOptionsOf(setup), dataDirectory };
    return new Contestant(setup, await startServer(options));
  }

  /** Replaces the deployment. */
  async deploy(kind: DeploymentKind): Promise<void> {
    await this.#deployment?.dispose();
    this.#deployment = await startDeployment(kind);
    await register(this.server.adminUrl, this.#deployment.url);
  }

  get deployment(): DeploymentProcess {
    if (this.#deployment === undefined) throw new Error('there is no deployment yet');
    return this.#deployment;
  }

  /** The processes of the server, without those of the deployment. */
  pids(): readonly number[] {
    return processTree(this.server.pid);
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    await this.#deployment?.dispose();
  }
}

export function serverOptionsOf({ kind, partitions }: ServerSetup) {
  return { kind, environment: { RESTATE_DEFAULT_NUM_PARTITIONS: String(partitions) } } as const;
}
