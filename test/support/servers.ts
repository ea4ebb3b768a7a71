// Starts the server under test as a child process. Both servers take the same flags and environment.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrackedChild, type ChildExit } from './child.ts';
import { HttpClient } from './http.ts';
import { findFreePorts } from './ports.ts';
import { waitFor } from './wait.ts';

export type ServerKind = 'reprise' | 'reference';

const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const REFERENCE_BINARY_IN_PACKAGE =
  'node_modules/@restatedev/restate-server-linux-x64/bin/restate-server';
/** Keeps the reference off the network and off unix sockets; Reprise ignores what it does not know. */
const REFERENCE_ENVIRONMENT: Environment = {
  DO_NOT_TRACK: '1',
  RESTATE_DISABLE_TELEMETRY: '1',
  RESTATE_LISTEN_MODE: 'tcp',
  RUST_BACKTRACE: '0',
};

/** The server under test: environment variable `REPRISE_TEST_SERVER`, default `reprise`. */
export const serverUnderTest: ServerKind = readServerKind();

/** Environment that switches version 7 of the service protocol on or off. */
export const PROTOCOL_V7 = { RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7: 'true' } as const;
export const NO_PROTOCOL_V7 = { RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7: 'false' } as const;

/** `REPRISE_TEST_PROTOCOL_V7=1` has every server of a test run speak version 7. */
const testsProtocolV7 = process.env['REPRISE_TEST_PROTOCOL_V7'] === '1';

/** For tests that the reference server does not pass: the reason, or `false` to run. */
export function skippedOnReference(reason: string): string | false {
  return serverUnderTest === 'reference' && reason;
}

export interface ServerOptions {
  /** Default: the server under test. */
  readonly kind?: ServerKind | undefined;
  /** Default: a temporary directory that is removed with the server. */
  readonly dataDirectory?: string | undefined;
  readonly environment?: Environment | undefined;
  /** Default: `node-1`. */
  readonly nodeName?: string | undefined;
}

interface StartOptions {
  /** Default: the server's own. */
  readonly baseDir?: string | undefined;
  readonly flags?: readonly string[] | undefined;
}

type Environment = Readonly<Record<string, string>>;

/** Starts a server on free loopback ports and waits until it serves. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.prepare(options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.dispose();
    throw error;
  }
}

/** Runs the server's executable to its end, for flags that print something and for refused starts. */
export async function runServerCommand(
  args: readonly string[],
  environment: Environment = {},
): Promise<ChildExit & { readonly stdout: string; readonly stderr: string }> {
  const child = launch(serverUnderTest, args, environment);
  const timer = setTimeout(() => child.signal('SIGKILL'), 30_000);
  const exit = await child.exited;
  clearTimeout(timer);
  return { ...exit, stdout: child.stdout, stderr: child.stderr };
}

export class TestServer {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  readonly nodeUrl: string;
  /** Of the PostgreSQL protocol; the reference does not listen there. */
  readonly postgresPort: number;
  /** The `--base-dir` of the server. */
  readonly dataDirectory: string;
  readonly #ownsDataDirectory: boolean;
  readonly #kind: ServerKind;
  readonly #environment: Environment;
  #child: TrackedChild | undefined;
  #pastOutput = '';

  private constructor(
    dataDirectory: string,
    ports: readonly number[],
    {
      kind = serverUnderTest,
      environment,
      nodeName = 'node-1',
      dataDirectory: given,
    }: ServerOptions,
  ) {
    const [ingress, admin, node, postgres] = ports;
    this.ingressUrl = `http://127.0.0.1:${ingress}`;
    this.adminUrl = `http://127.0.0.1:${admin}`;
    this.nodeUrl = `http://127.0.0.1:${node}`;
    this.postgresPort = postgres ?? 0;
    this.dataDirectory = dataDirectory;
    this.#kind = kind;
    this.#ownsDataDirectory = given === undefined;
    this.#environment = {
      RESTATE_NODE_NAME: nodeName,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADMIN__QUERY_ENGINE__PGSQL_BIND_ADDRESS: `127.0.0.1:${postgres}`,
      RESTATE_DEFAULT_NUM_PARTITIONS: '4',
      ...(testsProtocolV7 && PROTOCOL_V7),
      ...environment,
    };
  }

  /** Reserves ports and a data directory; starts nothing. */
  static async prepare(options: ServerOptions = {}): Promise<TestServer> {
    const dataDirectory =
      options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'reprise-server-')));
    return new TestServer(dataDirectory, await findFreePorts(4), options);
  }

  get pid(): number {
    return this.#runningChild().pid;
  }

  /** Resolves when the current process has ended. */
  get exited(): Promise<ChildExit> {
    return this.#runningChild().exited;
  }

  /** Everything printed, by every process of this server so far. */
  get logs(): string {
    return this.#pastOutput + (this.#child?.output ?? '');
  }

  /** Standard output of the current process. */
  get stdout(): string {
    return this.#runningChild().stdout;
  }

  /** Starts the process and waits until its ingress and its admin API answer. */
  async start(
    environment: Environment = {},
    { baseDir = this.dataDirectory, flags = [] }: StartOptions = {},
  ): Promise<void> {
    if (this.#child !== undefined) this.#pastOutput += this.#child.output;
    const child = launch(this.#kind, ['--base-dir', baseDir, ...flags], {
      ...this.#environment,
      ...environment,
    });
    this.#child = child;
    await this.#awaitAnswer(child, this.ingressUrl, '/restate/health');
    await this.#awaitAnswer(child, this.adminUrl, '/health');
  }

  /**
   * Starts again on the same data directory and the same ports, after `kill` or `stop`. What is set
   * here holds for this process only.
   */
  restart(environment: Environment = {}, options: StartOptions = {}): Promise<void> {
    return this.start(environment, options);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ChildExit> {
    return this.#runningChild().kill(signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#runningChild().signal(signal);
  }

  /** Asks the process to end, then makes it end. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.hasExited()) return;
    const timer = setTimeout(() => child.signal('SIGKILL'), 10_000);
    await child.kill('SIGTERM');
    clearTimeout(timer);
  }

  /** Ends the process at once and removes the data directory if this server made it. */
  async dispose(): Promise<void> {
    if (this.#child !== undefined && !this.#child.hasExited()) await this.#child.kill('SIGKILL');
    if (process.env['REPRISE_TEST_LOGS'] === '1') console.error(this.logs);
    if (this.#ownsDataDirectory) await rm(this.dataDirectory, { recursive: true, force: true });
  }

  #runningChild(): TrackedChild {
    if (this.#child === undefined) throw new Error('the server was never started');
    return this.#child;
  }

  async #awaitAnswer(child: TrackedChild, baseUrl: string, path: string): Promise<void> {
    const client = new HttpClient(baseUrl);
    try {
      await waitFor(
        `an answer from ${baseUrl}${path}`,
        async () => {
          if (child.hasExited()) throw new Error(`the server ended at start:\n${child.output}`);
          const reply = await client.request({ path, timeoutMs: 5000 }).catch(() => undefined);
          return reply?.status === 200 ? reply : undefined;
        },
        { timeoutMs: 60_000, intervalMs: 10 },
      );
    } finally {
      client.close();
    }
  }
}

/** Starts the server's executable with these arguments only. */
export function launch(
  kind: ServerKind,
  args: readonly string[],
  environment: Environment,
): TrackedChild {
  const [command, leadingArgs] = executable(kind);
  return new TrackedChild(
    spawn(command, [...leadingArgs, ...args], {
      env: { ...inheritedEnvironment(), ...REFERENCE_ENVIRONMENT, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** Configuration of the developer's shell must not reach the server under test. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const configures =
    /^(?:RESTATE_|NODE_|AWS_|OTEL_|(?:RUST_LOG|HTTP_PROXY|NO_PROXY|MEMORY_LIMIT)$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !configures.test(name));
  return Object.fromEntries(kept);
}

function executable(kind: ServerKind): readonly [command: string, leadingArgs: readonly string[]] {
  if (kind === 'reference') return [referenceBinary(), []];
  return [process.execPath, [join(PROJECT_ROOT, 'dist/reprise/main.js')]];
}

/** `RESTATE_SERVER_BIN`, else what `npm run reference:install` installed. */
function referenceBinary(): string {
  const path =
    process.env['RESTATE_SERVER_BIN'] ??
    join(PROJECT_ROOT, '.scratch/reference', REFERENCE_BINARY_IN_PACKAGE);
  if (!existsSync(path)) {
    throw new Error(`no reference server at ${path}; run 'npm run reference:install' first`);
  }
  return path;
}

function readServerKind(): ServerKind {
  const kind = process.env['REPRISE_TEST_SERVER'] ?? 'reprise';
  if (kind === 'reprise' || kind === 'reference') return kind;
  throw new Error(`REPRISE_TEST_SERVER must be 'reprise' or 'reference', not '${kind}'`);
}
