// A server with the stand-in deployment registered at it, and what campaigns do with the two.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HttpClient } from '../../test/support/http.ts';
import { startServer, type TestServer } from '../../test/support/servers.ts';
import { waitFor } from '../../test/support/wait.ts';
import { startDeployment, type DeploymentProcess } from '../deployments/deployment-process.ts';
import type { DeploymentStatistics } from '../deployments/statistics.ts';
import { runLoad } from '../load/load-process.ts';
import type { LoadResult } from '../load/plan.ts';
import { cpuSecondsOf, memoryOf, processTree, type MemorySample } from '../measure/processes.ts';

/** Requests in flight while a campaign fills a server. */
const CONCURRENCY = 128;
/** The server is at rest when it used less than this share of a core for one interval. */
const REST_SHARE = 0.05;
const REST_INTERVAL_MS = 300;
const REST_TIMEOUT_MS = 60_000;
/** Calls after a restart; enough to reach every partition. */
const FIRST_CALLS = 200;

export interface RestartTimes {
  /** From the start of the process until ingress and admin API answer. */
  readonly readyMs: number;
  /** From the start of the process until calls to all partitions are answered. */
  readonly servingMs: number;
}

export class Stage {
  readonly server: TestServer;
  readonly client: HttpClient;
  readonly #deployment: DeploymentProcess;

  private constructor(server: TestServer, deployment: DeploymentProcess) {
    this.server = server;
    this.client = new HttpClient(server.ingressUrl);
    this.#deployment = deployment;
  }

  static async open(environment: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const deployment = await startDeployment('standin');
    const server = await startServer({
      kind: 'reprise',
      environment: { RESTATE_DEFAULT_NUM_PARTITIONS: '24', ...environment },
    });
    const admin = new HttpClient(server.adminUrl);
    const reply = await admin.post('/deployments', { uri: deployment.url });
    admin.close();
    if (reply.status !== 201) throw new Error(`registration: ${reply.status} ${reply.text()}`);
    return new Stage(server, deployment);
  }

  /** As fast as the server takes them. */
  fill(path: string, requestsCount: number, body?: string): Promise<LoadResult> {
    const { ingressUrl: url } = this.server;
    const concurrency = Math.min(CONCURRENCY, requestsCount);
    return runLoad({ url, path, body, concurrency, extent: { requestsCount } });
  }

  /** Sends one invocation and gives its id. */
  async send(path: string, body?: unknown): Promise<string> {
    const reply = await this.client.post(path, body);
    const answer: unknown = reply.json();
    if (typeof answer !== 'object' || answer === null || !('invocationId' in answer)) {
      throw new Error(`${path}: ${reply.status} ${reply.text()}`);
    }
    return String(answer.invocationId);
  }

  statistics(): Promise<DeploymentStatistics> {
    return this.#deployment.statistics();
  }

  /** Waits until the deployment has done something so many times. */
  async waitForCount(
    kind: 'started' | 'finished' | 'suspended',
    name: string,
    count: number,
    timeoutMs = 120_000,
  ): Promise<void> {
    await waitFor(
      `${count} × ${name} ${kind}`,
      async () => ((await this.statistics())[kind][name] ?? 0) >= count || undefined,
      { timeoutMs, intervalMs: 20 },
    );
  }

  /** Waits until the server has nothing to do. */
  async rest(): Promise<void> {
    const pids = processTree(this.server.pid);
    let before = cpuSecondsOf(pids);
    await waitFor(
      'the server to be at rest',
      () => {
        const now = cpuSecondsOf(pids);
        const isAtRest = now - before < (REST_SHARE * REST_INTERVAL_MS) / 1000;
        before = now;
        return isAtRest || undefined;
      },
      { timeoutMs: REST_TIMEOUT_MS, intervalMs: REST_INTERVAL_MS },
    );
  }

  memory(): MemorySample {
    return memoryOf(processTree(this.server.pid));
  }

  /** Disk space of the data directory. Unit: bytes. */
  diskBytes(): number {
    const root = this.server.dataDirectory;
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(join(root, path)))
      .filter((stats) => stats.isFile())
      .reduce((total, { blocks }) => total + blocks * 512, 0);
  }

  /** Kills the server and starts it on what it left. */
  async restart(): Promise<RestartTimes> {
    await this.server.kill('SIGKILL');
    const startedAtMs = performance.now();
    await this.server.restart();
    const readyMs = performance.now() - startedAtMs;
    await this.fill('/Bench/empty', FIRST_CALLS);
    return { readyMs, servingMs: performance.now() - startedAtMs };
  }

  async close(): Promise<void> {
    this.client.close();
    await this.server.dispose();
    await this.#deployment.dispose();
  }
}
