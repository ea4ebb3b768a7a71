// A deployment without an SDK: the test sees the first message of each attempt and answers by hand.
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { encodeDeploymentMessage } from './deployment-messages.ts';
import { EventQueue } from './event-queue.ts';
import { MANIFEST_CONTENT_TYPE, manifestOf } from './manifest-endpoint.ts';
import { FieldMap } from './protobuf.ts';

const FRAME_HEADER_BYTES = 8;

export interface RawAttempt {
  readonly path: string;
  readonly stream: ServerHttp2Stream;
  /** The payload of the start message. */
  readonly start: FieldMap;
  /** Resolves when the server has ended its side. */
  readonly inputEnded: Promise<void>;
}

/** The frames of a complete attempt that returns a value. */
export function outputOf(value: Uint8Array): Uint8Array {
  const outcome = { kind: 'success', value } as const;
  const output = encodeDeploymentMessage({ kind: 'output', outcome, name: '' });
  return Buffer.concat([output, encodeDeploymentMessage({ kind: 'end' })]);
}

/** Answers an attempt with these frames. */
export function answer({ stream }: RawAttempt, frames: Uint8Array): void {
  stream.respond({ ':status': 200, 'content-type': 'application/vnd.restate.invocation.v6' });
  stream.end(frames);
}

export class RawDeployment {
  readonly attempts = new EventQueue<RawAttempt>();
  readonly #services: readonly unknown[];
  readonly #server = createServer();
  readonly #sessions = new Set<{ destroy(): void }>();

  private constructor(services: readonly unknown[]) {
    this.#services = services;
    this.#server.on('session', (session) => this.#sessions.add(session));
    this.#server.on('stream', (stream, headers) => this.#serve(stream, String(headers[':path'])));
  }

  static async start(...services: readonly unknown[]): Promise<RawDeployment> {
    const deployment = new RawDeployment(services);
    await new Promise<void>((resolve) => {
      deployment.#server.listen(0, '127.0.0.1', resolve);
    });
    return deployment;
  }

  get url(): string {
    // It listens on TCP.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  nextAttempt(): Promise<RawAttempt> {
    return this.attempts.next('attempt');
  }

  close(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #serve(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => {});
    if (path === '/discover') {
      stream.respond({ ':status': 200, 'content-type': MANIFEST_CONTENT_TYPE });
      stream.end(JSON.stringify(manifestOf(...this.#services)));
      return;
    }
    const inputEnded = new Promise<void>((resolve) => stream.once('end', () => resolve()));
    let received = Buffer.alloc(0);
    let isSeen = false;
    stream.on('data', (chunk: Buffer) => {
      if (isSeen) return;
      received = Buffer.concat([received, chunk]);
      const start = firstPayload(received);
      if (start === undefined) return;
      isSeen = true;
      this.attempts.push({ path, stream, start: new FieldMap(start), inputEnded });
    });
  }
}

function firstPayload(bytes: Buffer): Uint8Array | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  const end = FRAME_HEADER_BYTES + bytes.readUInt32BE(4);
  return bytes.length < end ? undefined : bytes.subarray(FRAME_HEADER_BYTES, end);
}
