// Where the server listens: TCP, unix sockets, ports of its own choice, and what it says about it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import type { TrackedChild } from '../support/child.ts';
import { field, stringField } from '../support/json.ts';
import { launch, serverUnderTest } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const SOCKETS = ['admin.sock', 'fabric.sock', 'ingress.sock'];

/** A server that is known only by its directory. */
class Server {
  readonly #baseDirectory = mkdtempSync(join(tmpdir(), 'reprise-listening-'));
  readonly #environment: Readonly<Record<string, string>>;
  #child: TrackedChild | undefined;

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = {
      RESTATE_NODE_NAME: 'n1',
      RESTATE_BASE_DIR: this.#baseDirectory,
      RESTATE_DEFAULT_NUM_PARTITIONS: '2',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_USE_RANDOM_PORTS: 'true',
      RESTATE_LISTEN_MODE: 'all',
      ...environment,
    };
    cleanups.push(async () => {
      await this.#child?.kill('SIGKILL');
      rmSync(this.#baseDirectory, { recursive: true });
    });
  }

  /** Starts the process and waits until its admin API answers over its socket. */
  async start(): Promise<void> {
    const child = launch(serverUnderTest, [], this.#environment);
    this.#child = child;
    await waitFor('an answer over the socket', async () => {
      assert(!child.hasExited(), child.output);
      const status = await this.get('admin.sock', '/health').catch(() => undefined);
      return status === undefined ? undefined : true;
    });
  }

  kill(signal: NodeJS.Signals) {
    assert(this.#child !== undefined, 'started');
    return this.#child.kill(signal);
  }

  pathOf(socket: string): string {
    return join(this.#baseDirectory, 'n1', socket);
  }

  sockets(): readonly string[] {
    const names = readdirSync(join(this.#baseDirectory, 'n1'));
    return names.filter((name) => SOCKETS.includes(name)).toSorted();
  }

  get(socket: string, path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = http.get({ socketPath: this.pathOf(socket), path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      request.on('error', reject);
    });
  }

  /** Paths that the node port tells of. */
  async boundSockets(): Promise<readonly string[]> {
    const health: unknown = JSON.parse(await this.get('fabric.sock', '/health'));
    const bound = field(health, 'bound_addresses');
    assert.ok(Array.isArray(bound));
    return bound
      .filter((address) => field(address, 'kind') === 'unix')
      .map((address) => stringField(address, 'address'))
      .toSorted();
  }

  async advertisedIngress(): Promise<string> {
    return stringField(JSON.parse(await this.get('admin.sock', '/version')), 'ingress_endpoint');
  }
}

async function startServer(environment: Readonly<Record<string, string>> = {}): Promise<Server> {
  const server = new Server(environment);
  await server.start();
  return server;
}

async function healthAt(url: string): Promise<number> {
  return (await fetch(new URL('/restate/health', url))).status;
}

describe('unix sockets', () => {
  test('answer beside TCP, and are gone after a stop', async () => {
    const server = await startServer();
    assert.deepEqual(server.sockets(), SOCKETS);
    assert.equal(await server.get('ingress.sock', '/restate/health'), '{"services":[]}');
    const url = await server.advertisedIngress();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assert.equal(await healthAt(url), 200);
    assert.deepEqual(
      await server.boundSockets(),
      SOCKETS.map((socket) => server.pathOf(socket)),
    );
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null });
    assert.deepEqual(server.sockets(), []);
  });

  test('that a killed process left behind are replaced', async () => {
    const server = await startServer();
    await server.kill('SIGKILL');
    assert.deepEqual(server.sockets(), SOCKETS);
    await server.start();
    assert.equal(await server.get('ingress.sock', '/restate/health'), '{"services":[]}');
  });

  test('are all there is when nothing else is wanted', async () => {
    const server = await startServer({ RESTATE_LISTEN_MODE: 'unix' });
    assert.equal(await server.advertisedIngress(), `unix:${server.pathOf('ingress.sock')}`);
    assert.equal(await server.get('ingress.sock', '/restate/health'), '{"services":[]}');
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null });
  });

  test('are left out for the server that says so', async () => {
    const server = await startServer({ RESTATE_INGRESS__LISTEN_MODE: 'tcp' });
    assert.equal(existsSync(server.pathOf('ingress.sock')), false);
    assert.equal(await healthAt(await server.advertisedIngress()), 200);
  });
});

describe('the advertised address', () => {
  const rows: ReadonlyArray<
    readonly [environment: Readonly<Record<string, string>>, advertised: RegExp]
  > = [
    [{ RESTATE_ADVERTISED_HOST: 'localhost' }, /^http:\/\/localhost:\d+\/$/],
    [{ RESTATE_INGRESS__ADVERTISED_HOST: 'of.the.ingress' }, /^http:\/\/of\.the\.ingress:\d+\/$/],
    [{ RESTATE_INGRESS__ADVERTISED_ADDRESS: 'https://else.where/x' }, /^https:\/\/else\.where\/x$/],
  ];
  for (const [environment, advertised] of rows) {
    test(`follows ${Object.keys(environment).join()}`, async () => {
      const server = await startServer(environment);
      assert.match(await server.advertisedIngress(), advertised);
    });
  }

  test('of a server on every interface is one that others can reach', async () => {
    const server = await startServer({ RESTATE_INGRESS__BIND_IP: '::' });
    const { hostname } = new URL(await server.advertisedIngress());
    assert.notEqual(hostname, '[::]');
    assert.equal(await healthAt(await server.advertisedIngress()), 200);
  });
});
