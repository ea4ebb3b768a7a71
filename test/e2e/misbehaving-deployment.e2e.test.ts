// A deployment that breaks the protocol, frame by frame. Its policy ends an invocation with the first
// failed attempt, so that the attempt's error is the answer the client gets. Whatever it sends, the
// same partitions go on serving others at once.
// Source of the rows: reference contract, "Attempt failures by the server" and "Fragilities".
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MessageType, NotificationType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../src/actors/attempt/service-message.ts';
import { startServer } from '../../src/server.ts';
import type { Server } from '../../src/server.ts';
import { encodeDeploymentMessage, encodeFrame } from '../support/deployment-messages.ts';
import { HttpClient } from '../support/http.ts';
import { MANIFEST_CONTENT_TYPE, manifestOf } from '../support/manifest-endpoint.ts';
import { bytesField, numberField } from '../support/protobuf.ts';

type Behaviour = (stream: ServerHttp2Stream) => void;

interface Row {
  readonly name: string;
  readonly target: 'Odd' | 'OddObject/key';
  readonly behave: Behaviour;
  readonly message: RegExp;
  readonly status?: number | undefined;
}

const text = new TextEncoder();
const EMPTY = new Uint8Array(0);
const outcome = { kind: 'success', value: text.encode('1') } as const;
const OUTPUT = encodeDeploymentMessage({ kind: 'output', outcome, name: '' });
const END = encodeDeploymentMessage({ kind: 'end' });
const RUN = encodeDeploymentMessage({ kind: 'run', completionId: 1, name: 'step' });

function callOf(parameters: Partial<DeploymentMessage & { kind: 'call' }>): DeploymentMessage {
  return {
    kind: 'call',
    service: 'Good',
    handler: 'answer',
    parameter: EMPTY,
    headers: [],
    key: '',
    invocationIdNotificationIdx: 1,
    completionId: 2,
    name: '',
    ...parameters,
  };
}

/** Answers with a proper head, then these bytes, and leaves the stream open. */
function sends(...chunks: readonly Uint8Array[]): Behaviour {
  return (stream) => {
    respondOk(stream);
    for (const chunk of chunks) stream.write(chunk);
  };
}

function says(message: DeploymentMessage): Behaviour {
  return sends(encodeDeploymentMessage(message));
}

function respondOk(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.invocation.v6' });
}

function refuses(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (stream) => {
    stream.respond({ ':status': status, ...headers });
    stream.end('no');
  };
}

const key = text.encode('k');
const read = { kind: 'getLazyState', key, completionId: 1, name: '' } as const;
const write = { kind: 'setState', key, value: key, name: '' } as const;
const peek = { kind: 'peekPromise', key: 'p', completionId: 1, name: '' } as const;
const truncated = encodeFrame(MessageType.output, new Uint8Array(100)).subarray(0, 40);
const oversized = Buffer.from('0401000002040000', 'hex');
const garbage = Buffer.from('fe12ab00deadbeef0badf00d'.repeat(20), 'hex');

const ROWS: readonly Row[] = [
  odd('End as the first message', sends(END), /End/),
  odd('End without Output after a command', sends(RUN, END), /End/),
  odd('a custom message', sends(encodeFrame(0xfc00, EMPTY)), /custom/),
  odd('an unknown message', sends(encodeFrame(0x0008, EMPTY)), /unknown protocol.message code 0x8/),
  odd('Start', sends(encodeFrame(MessageType.start, EMPTY)), /unexpected message/),
  odd('Input', sends(encodeFrame(MessageType.input, EMPTY)), /unexpected message/),
  odd('CommandAck', sends(encodeFrame(MessageType.commandAck, EMPTY)), /unexpected message/),
  odd('a notification', sends(encodeFrame(NotificationType.sleep, EMPTY)), /unexpected message/),
  odd(
    'an Output that is no protobuf',
    sends(encodeFrame(MessageType.output, garbage)),
    /malformed/,
  ),
  odd('an Output without a result', sends(encodeFrame(MessageType.output, EMPTY)), /malformed/),
  odd('a Run that is no protobuf', sends(encodeFrame(MessageType.run, garbage)), /malformed/),
  odd('a Sleep that is no protobuf', sends(encodeFrame(MessageType.sleep, garbage)), /malformed/),
  odd('a Call that is no protobuf', sends(encodeFrame(MessageType.call, garbage)), /malformed/),
  odd(
    'a run completion without a result',
    sends(encodeFrame(MessageType.proposeRunCompletion, numberField(1, 1))),
    /missing result field/,
  ),
  odd('an empty Suspension', sends(encodeFrame(MessageType.suspension, EMPTY)), /Suspension/),
  odd('an oversized length', sends(oversized), /message size limit/),
  odd('random bytes', sends(garbage), /./),
  odd('a frame that ends early', endsWith(truncated), /unknown/),
  odd('nothing at all', endsWith(EMPTY), /unknown/),
  odd('a reset', (stream) => stream.close(2), /unknown/),
  odd(
    'a lost connection',
    (stream) => {
      respondOk(stream);
      stream.session?.destroy();
    },
    /unknown/,
  ),
  odd('404', refuses(404), /unexpected http status code: 404 Not Found/),
  odd('500', refuses(500), /unexpected http status code: 500 Internal Server Error/),
  odd('401', refuses(401), /unexpected http status code: 401 Unauthorized/),
  odd('413', refuses(413), /content too large/),
  { ...odd('415', refuses(415), /protocol version '6'/), status: 415 },
  odd('502', refuses(502), /temporary unavailable '502 Bad Gateway'/),
  odd('503', refuses(503), /rate limited due to '503 Service Unavailable'/),
  odd('429', refuses(429), /rate limited due to '429 Too Many Requests'/),
  odd('no content type', refuses(200), /unexpected content type 'None'/),
  odd(
    'another content type',
    refuses(200, { 'content-type': 'application/vnd.restate.invocation.v1' }),
    /unexpected content type 'Some\("application\/vnd.restate.invocation.v1"\)'/,
  ),
  odd(
    'a call to an unknown service',
    says(callOf({ service: 'Nope' })),
    /Nope\/answer was not found/,
  ),
  odd(
    'a call to an unknown handler',
    says(callOf({ handler: 'nope' })),
    /Good\/nope was not found/,
  ),
  odd('a key for a Service', says(callOf({ key: 'k' })), /a key was provided/),
  odd('an empty idempotency key', says(callOf({ idempotencyKey: '' })), /idempotency key .* empty/),
  odd('a state read in a Service', says(read), /doesn't have state access/),
  odd('a state write in a Service', says(write), /doesn't have state access/),
  odd('a promise in a Service', says(peek), /only Workflow services/),
  {
    ...odd('a state write in a shared handler', says(write), /cannot write state/),
    target: 'OddObject/key',
  },
  {
    ...odd('a promise in an object', says(peek), /only Workflow services/),
    target: 'OddObject/key',
  },
  odd(
    'SetState without a value',
    sends(encodeFrame(MessageType.setState, bytesField(1, key))),
    /malformed|state access/,
  ),
  odd(
    'a signal to a bad invocation id',
    says({
      kind: 'sendSignal',
      targetInvocationId: 'bad',
      signal: { kind: 'signal', index: 1 },
      result: { kind: 'void' },
      name: '',
    }),
    /bad format/,
  ),
  odd(
    'a bad awakeable id',
    says({ kind: 'completeAwakeable', awakeableId: 'sign_1zzz', outcome, name: '' }),
    /awakeable/,
  ),
  odd(
    'an attach to a bad invocation id',
    says({
      kind: 'attachInvocation',
      target: { kind: 'invocationId', invocationId: 'bad' },
      completionId: 1,
      name: '',
    }),
    /invalid invocation id bad: bad format/,
  ),
  odd('silence', respondOk, /abort timeout/),
];

function odd(name: string, behave: Behaviour, message: RegExp): Row {
  return { name, target: 'Odd', behave, message };
}

function endsWith(bytes: Uint8Array): Behaviour {
  return (stream) => {
    respondOk(stream);
    stream.end(bytes);
  };
}

const ENDS_AT_ONCE = { retryPolicyMaxAttempts: 1, retryPolicyOnMaxAttempts: 'KILL' };
const IMPATIENT = { ...ENDS_AT_ONCE, inactivityTimeout: 200, abortTimeout: 200 };
const GOOD = { name: 'Good', ty: 'SERVICE', handlers: [{ name: 'answer' }] };

function oddServices(): readonly unknown[] {
  const names = ROWS.map((_, index) => ({ name: `row${index}` }));
  const shared = names.map((handler) => ({ ...handler, ty: 'SHARED' }));
  return [
    GOOD,
    { name: 'Odd', ty: 'SERVICE', handlers: names, ...IMPATIENT },
    { name: 'OddObject', ty: 'VIRTUAL_OBJECT', handlers: shared, ...IMPATIENT },
  ];
}

describe('a deployment that sends', { skip: isReference() }, () => {
  let server: Server;
  let ingress: HttpClient;
  let deployment: { readonly url: string; dispose(): void };
  const baseDir = mkdtempSync(join(tmpdir(), 'reprise-odd-'));

  before(async () => {
    deployment = await startDeployment();
    server = await startServer({
      baseDir,
      nodeName: 'node-1',
      ingressBindAddress: '127.0.0.1:0',
      adminBindAddress: '127.0.0.1:0',
      defaultNumPartitions: 4,
      logFilter: 'off',
    });
    ingress = new HttpClient(server.ingressUrl);
    const admin = new HttpClient(server.adminUrl);
    const reply = await admin.post('/deployments', { uri: deployment.url });
    assert.equal(reply.status, 201, reply.text());
    admin.close();
  });
  after(async () => {
    ingress.close();
    await server.close();
    deployment.dispose();
    rmSync(baseDir, { recursive: true, force: true });
  });

  for (const [index, { name, target, message, status = 500 }] of ROWS.entries()) {
    test(`${name} fails the attempt only`, async () => {
      const reply = await ingress.post(`/${target}/row${index}`, 1);
      assert.equal(reply.status, status, reply.text());
      assert.equal(reply.headers['x-restate-error-source'], 'invocation');
      assert.match(String(Reflect.get(Object(reply.json()), 'message')), message);
      assert.equal((await ingress.post('/Good/answer', 1)).json(), 1);
    });
  }

  test('all of this leaves every partition serving', async () => {
    const replies = Array.from({ length: 50 }, (_, index) =>
      ingress.post('/Good/answer', 1, { 'idempotency-key': `after-${index}` }),
    );
    for (const reply of await Promise.all(replies)) assert.equal(reply.json(), 1);
  });
});

async function startDeployment(): Promise<{ readonly url: string; dispose(): void }> {
  const manifest = JSON.stringify(manifestOf(...oddServices()));
  const h2 = createServer();
  const sessions = new Set<{ destroy(): void }>();
  h2.on('session', (session) => sessions.add(session));
  h2.on('sessionError', () => undefined);
  h2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    stream.resume();
    const path = String(headers[':path']);
    if (path === '/discover') {
      stream.respond({ ':status': 200, 'content-type': MANIFEST_CONTENT_TYPE });
      stream.end(manifest);
      return;
    }
    const row = ROWS[Number(/row(\d+)$/.exec(path)?.[1] ?? -1)];
    if (row !== undefined) return row.behave(stream);
    respondOk(stream);
    stream.end(Buffer.concat([OUTPUT, END]));
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

function isReference(): boolean {
  return process.env['REPRISE_TEST_SERVER'] === 'reference';
}
