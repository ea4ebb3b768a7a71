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
import { countRows } from '../measure/lmdb-files.ts';
import { cpuSecondsOf, memoryOf, processTree, type MemorySample } from '../measure/processes.ts';
import { register } from '../measure/register.ts';

/** Requests in flight while a campaign fills a server. */
const CONCURRENCY = 128;
/** The server is at rest when it used less than this share of a core for one interval. */
const REST_SHARE = 0.05;
const REST_INTERVAL_MS = 300;
const REST_TIMEOUT_MS = 60_000;
const WARM_UP_CALLS = 2000;
/** Calls after a restart; enough to reach every partition. */
const FIRST_CALLS = 200;
/** The default, which tests override. */
const PARTITIONS = '24';
/** Unit of `blocks` in file statistics. */
const BLOCK_BYTES = 512;

export interface RestartTimes {
  /** From the start of the process until ingress and admin API answer. */
  readonly readyMs: number;
  /** From the start of the process until calls to all partitions are answered. */
  readonly servingMs: number;
}

type Environment = Readonly<Record<string, string>>;

export class Stage {
  readonly client: HttpClient;
  readonly #server: TestServer;
  readonly #deployment: DeploymentProcess;

  private constructor(server: TestServer, deployment: DeploymentProcess) {
    this.client = new HttpClient(server.ingressUrl);
    this.#server = server;
    this.#deployment = deployment;
  }

  static async open(environment: Environment = {}): Promise<Stage> {
    const deployment = await startDeployment('standin');
    const server = await startServer({
      kind: 'reprise',
      environment: { RESTATE_DEFAULT_NUM_PARTITIONS: PARTITIONS, ...environment },
    });
    await register(server.adminUrl, deployment.url);
    return new Stage(server, deployment);
  }

  /** Has the code paths compiled and the pools filled before anything is looked at. */
  async warmUp(): Promise<void> {
    await this.fill('/Bench/empty', WARM_UP_CALLS);
  }

  /** As fast as the server takes them. */
  fill(path: string, requestsCount: number, body?: string): Promise<LoadResult> {
    const { ingressUrl: url } = this.#server;
    const concurrency = Math.min(CONCURRENCY, requestsCount);
    return runLoad({ url, path, body, concurrency, extent: { requestsCount } });
  }

  /** Keeps the server busy for some time. */
  load(path: string, seconds: number): Promise<LoadResult> {
    const { ingressUrl: url } = this.#server;
    const extent = { warmSeconds: 0, measuredSeconds: seconds };
    return runLoad({ url, path, concurrency: CONCURRENCY, extent });
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
    const pids = processTree(this.#server.pid);
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
    return memoryOf(processTree(this.#server.pid));
  }

  /** Disk space of the data directory. Unit: bytes. */
  diskBytes(): number {
    return readdirSync(this.#server.dataDirectory, { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(join(this.#server.dataDirectory, path)))
      .filter((stats) => stats.isFile())
      .reduce((total, { blocks }) => total + blocks * BLOCK_BYTES, 0);
  }

  /** Rows of all partitions. */
  countRows(): Promise<number> {
    return countRows(this.#server.dataDirectory);
  }

  /** Kills the server and starts it again on what it left. Gives the time of its start. */
  async restart(environment: Environment = {}): Promise<number> {
    await this.#server.kill('SIGKILL');
    const startedAtMs = performance.now();
    await this.#server.restart(environment);
    return startedAtMs;
  }

  async measureRestart(): Promise<RestartTimes> {
    const startedAtMs = await this.restart();
    const readyMs = performance.now() - startedAtMs;
    await this.fill('/Bench/empty', FIRST_CALLS);
    return { readyMs, servingMs: performance.now() - startedAtMs };
  }

  async close(): Promise<void> {
    this.client.close();
    await this.#server.dispose();
    await this.#deployment.dispose();
  }
}
