// A server with a deployment that answers row by row as a test wants, down to the bytes, and with a
// sound service next to it. The policy of the odd handlers ends an invocation with its first failed
// attempt, so that the attempt's error is the answer the client gets.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentMessage } from '../../src/actors/attempt/service-message.ts';
import { startServer } from '../../src/server.ts';
import type { Server } from '../../src/server.ts';
import { encodeDeploymentMessage } from './deployment-messages.ts';
import { HttpClient, type HttpReply } from './http.ts';
import { MANIFEST_CONTENT_TYPE, manifestOf } from './manifest-endpoint.ts';

/** What the deployment does with one attempt; `attempt` counts from 1. */
export type Behaviour = (stream: ServerHttp2Stream, attempt: number) => void;

export interface OddRow {
  readonly name: string;
  /** Default: a Service. */
  readonly target?: 'Odd' | 'OddObject/key' | 'OddState/key' | 'OddFlow/key' | undefined;
  readonly behave: Behaviour;
}

const outcome = { kind: 'success', value: new TextEncoder().encode('1') } as const;
export const OUTPUT = encodeDeploymentMessage({ kind: 'output', outcome, name: '' });
export const END = encodeDeploymentMessage({ kind: 'end' });

/** Answers with a proper head, then these bytes, and leaves the stream open. */
export function sends(...chunks: readonly Uint8Array[]): Behaviour {
  return (stream) => {
    respondOk(stream);
    for (const chunk of chunks) stream.write(chunk);
  };
}

export function says(...messages: readonly DeploymentMessage[]): Behaviour {
  return sends(...messages.map((message) => encodeDeploymentMessage(message)));
}

/** Answers with a proper head and these bytes, then ends the stream. */
export function endsWith(...chunks: readonly Uint8Array[]): Behaviour {
  return (stream) => {
    respondOk(stream);
    stream.end(Buffer.concat(chunks));
  };
}

export function refuses(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (stream) => {
    stream.respond({ ':status': status, ...headers });
    stream.end('no');
  };
}

export function respondOk(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.invocation.v6' });
}

const ENDS_AT_ONCE = { retryPolicyMaxAttempts: 1, retryPolicyOnMaxAttempts: 'KILL' };
const IMPATIENT = { ...ENDS_AT_ONCE, inactivityTimeout: 200, abortTimeout: 200 };

function servicesFor(rows: readonly OddRow[]): readonly unknown[] {
  const names = rows.map((_, index) => ({ name: `row${index}` }));
  const handlers = (ty: string) => names.map((handler) => ({ ...handler, ty }));
  return [
    { name: 'Good', ty: 'SERVICE', handlers: [{ name: 'answer' }] },
    { name: 'Odd', ty: 'SERVICE', handlers: names, ...IMPATIENT },
    { name: 'OddObject', ty: 'VIRTUAL_OBJECT', handlers: handlers('SHARED'), ...IMPATIENT },
    { name: 'OddState', ty: 'VIRTUAL_OBJECT', handlers: handlers('EXCLUSIVE'), ...IMPATIENT },
    { name: 'OddFlow', ty: 'WORKFLOW', handlers: handlers('SHARED'), ...IMPATIENT },
  ];
}

/** Longest time for one answer, the timeouts of a silent handler included. Unit: milliseconds. */
const ANSWER_MS_MAX = 10_000;

export class OddRig {
  readonly #rows: readonly OddRow[];
  readonly #server: Server;
  readonly #ingress: HttpClient;
  readonly #deployment: OddDeployment;
  readonly #baseDir: string;

  private constructor(
    rows: readonly OddRow[],
    server: Server,
    deployment: OddDeployment,
    baseDir: string,
  ) {
    this.#rows = rows;
    this.#server = server;
    this.#ingress = new HttpClient(server.ingressUrl, 64);
    this.#deployment = deployment;
    this.#baseDir = baseDir;
  }

  static async start(rows: readonly OddRow[]): Promise<OddRig> {
    const baseDir = mkdtempSync(join(tmpdir(), 'reprise-odd-'));
    const deployment = await startDeployment(rows);
    const server = await startServer({
      baseDir,
      nodeName: 'node-1',
      ingressBindAddress: '127.0.0.1:0',
      adminBindAddress: '127.0.0.1:0',
      bindAddress: '127.0.0.1:0',
      defaultNumPartitions: 4,
      logFilter: 'off',
    });
    const rig = new OddRig(rows, server, deployment, baseDir);
    await rig.register(deployment.url);
    return rig;
  }

  async register(uri: string): Promise<void> {
    const admin = new HttpClient(this.#server.adminUrl);
    const reply = await admin.post('/deployments', { uri });
    assert.equal(reply.status, 201, reply.text());
    admin.close();
  }

  /** Calls the handler of a row. */
  answerOf(row: OddRow): Promise<HttpReply> {
    return this.post(`/${row.target ?? 'Odd'}/row${this.#rows.indexOf(row)}`);
  }

  post(path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpReply> {
    return this.#ingress.request({
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: '1',
      timeoutMs: ANSWER_MS_MAX,
    });
  }

  /** The sound service answers, on the same partitions and over the same connection. */
  async assertServes(): Promise<void> {
    assert.equal((await this.post('/Good/answer')).json(), 1);
  }

  async assertEveryPartitionServes(): Promise<void> {
    const replies = Array.from({ length: 50 }, (_, index) =>
      this.post('/Good/answer', { 'idempotency-key': `key ${index}` }),
    );
    for (const reply of await Promise.all(replies)) assert.equal(reply.json(), 1);
  }

  async dispose(): Promise<void> {
    this.#ingress.close();
    await this.#server.close();
    this.#deployment.dispose();
    rmSync(this.#baseDir, { recursive: true, force: true });
  }
}

export interface OddDeployment {
  readonly url: string;
  dispose(): void;
}

async function startDeployment(rows: readonly OddRow[]): Promise<OddDeployment> {
  const attempts = new Map<OddRow, number>();
  return startEndpoint(servicesFor(rows), (stream, path) => {
    const row = rows[Number(/row(\d+)$/.exec(path)?.[1] ?? -1)];
    if (row === undefined) return endsWith(OUTPUT, END)(stream, 1);
    const attempt = (attempts.get(row) ?? 0) + 1;
    attempts.set(row, attempt);
    row.behave(stream, attempt);
  });
}

/** Serves a manifest and leaves every other stream to `onInvoke`. `fields` replace those of the manifest. */
export async function startEndpoint(
  services: readonly unknown[],
  onInvoke: (stream: ServerHttp2Stream, path: string, contentType: string) => void,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<OddDeployment> {
  const manifest = JSON.stringify({ ...manifestOf(...services), ...fields });
  const h2 = createServer();
  const sessions = new Set<{ destroy(): void }>();
  h2.on('session', (session) => sessions.add(session));
  h2.on('sessionError', () => undefined);
  h2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    stream.resume();
    const path = String(headers[':path']);
    if (path !== '/discover') return onInvoke(stream, path, headers['content-type'] ?? '');
    stream.respond({ ':status': 200, 'content-type': MANIFEST_CONTENT_TYPE });
    stream.end(manifest);
  });
  await new Promise<void>((resolve) => {
    h2.listen(0, '127.0.0.1', resolve);
  });
  const { port } = h2.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    dispose: () => {
      for (const session of sessions) session.destroy();
      h2.close();
    },
  };
}
