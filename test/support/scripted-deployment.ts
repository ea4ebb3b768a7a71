// A deployment that a test plays by hand, frame by frame: it sees what each attempt is sent, and says
// what it wants.
import type { ServerHttp2Stream } from 'node:http2';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../src/actors/attempt/service-message.ts';
import { FrameDecoder } from '../../src/io/service-protocol/frame-codec.ts';
import { decodeServerMessage, encodeDeploymentMessage } from './deployment-messages.ts';
import { EventQueue } from './event-queue.ts';
import { startEndpoint } from './odd-deployment.ts';
import type { OddDeployment } from './odd-deployment.ts';

export type SentToDeployment = ReturnType<typeof decodeServerMessage> & { readonly type: number };

/** How long a test waits for an attempt, retry delays included. Unit: milliseconds. */
const ATTEMPT_MS_MAX = 20_000;

export class ScriptedDeployment {
  readonly #endpoint: OddDeployment;
  readonly #attempts: EventQueue<ScriptedAttempt>;

  private constructor(endpoint: OddDeployment, attempts: EventQueue<ScriptedAttempt>) {
    this.#endpoint = endpoint;
    this.#attempts = attempts;
  }

  /** `fields` replace those of the manifest, for example its range of protocol versions. */
  static async start(
    services: readonly unknown[],
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<ScriptedDeployment> {
    const attempts = new EventQueue<ScriptedAttempt>();
    const endpoint = await startEndpoint(
      services,
      (stream, path, contentType) => attempts.push(new ScriptedAttempt(stream, path, contentType)),
      fields,
    );
    return new ScriptedDeployment(endpoint, attempts);
  }

  get url(): string {
    return this.#endpoint.url;
  }

  /** The next attempt on a handler, which is named by the end of the path. */
  nextAttempt(handler: string): Promise<ScriptedAttempt> {
    const isIts = ({ path }: ScriptedAttempt): boolean => path.endsWith(`/${handler}`);
    return this.#attempts.next(`attempt on ${handler}`, isIts, ATTEMPT_MS_MAX);
  }

  /** Nobody has asked for these attempts yet. */
  get unseenAttemptsCount(): number {
    return this.#attempts.pending.length;
  }

  dispose(): void {
    this.#endpoint.dispose();
  }
}

export class ScriptedAttempt {
  readonly path: string;
  readonly contentType: string;
  /** The server ends the request: it wants nothing more of this attempt, or no more awaiting. */
  readonly inputEnded: Promise<void>;
  readonly #stream: ServerHttp2Stream;
  readonly #sent = new EventQueue<SentToDeployment>();

  constructor(stream: ServerHttp2Stream, path: string, contentType: string) {
    this.#stream = stream;
    this.path = path;
    this.contentType = contentType;
    this.inputEnded = new Promise((resolve) => {
      stream.once('end', resolve);
    });
    const frames = new FrameDecoder();
    stream.on('data', (chunk: Buffer) => {
      frames.push(chunk);
      for (let frame = frames.next(); frame.kind === 'frame'; frame = frames.next()) {
        this.#sent.push({ ...decodeServerMessage(frame.type, frame.payload), type: frame.type });
      }
    });
    stream.respond({ ':status': 200, 'content-type': contentType });
  }

  get protocolVersion(): number {
    return Number(/\.v(\d+)$/.exec(this.contentType)?.[1]);
  }

  next(): Promise<SentToDeployment> {
    return this.#sent.next('message of the server');
  }

  /** The journal that the attempt starts with. */
  async replay(): Promise<readonly SentToDeployment[]> {
    const start = await this.next();
    if (start.kind !== 'start') throw new Error(`an attempt starts with ${start.kind}`);
    const entries: SentToDeployment[] = [];
    while (entries.length < start.knownEntries) entries.push(await this.next());
    return entries;
  }

  say(...messages: readonly DeploymentMessage[]): void {
    for (const message of messages) {
      this.write(encodeDeploymentMessage(message, 0, this.protocolVersion));
    }
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  /** Says this last, and ends the response once the server has heard it. */
  async finish(...messages: readonly DeploymentMessage[]): Promise<void> {
    this.say(...messages);
    await this.inputEnded;
    this.#stream.end();
  }

  /** Answers with a JSON value. */
  answer(value: unknown): Promise<void> {
    const content = new TextEncoder().encode(JSON.stringify(value));
    const outcome = { kind: 'success', value: content } as const;
    return this.finish({ kind: 'output', outcome, name: '' }, { kind: 'end' });
  }

  reset(): void {
    this.#stream.destroy();
  }
}

/** What the attempt was started with besides its input: `sleep`, `¬run 1`, `¬17`, `¬17 failed`. */
export function describeReplay(entries: readonly SentToDeployment[]): readonly string[] {
  return entries.slice(1).map((entry) => {
    if (entry.kind !== 'notification') return commandName(entry.type);
    const { id, result } = entry;
    const failed = result.kind === 'failure' ? ' failed' : '';
    if (id.kind === 'completion')
      return `¬${commandName(0x0400 | (entry.type & 0xff))} ${id.completionId}${failed}`;
    return `¬${id.kind === 'signal' ? id.index : id.name}${failed}`;
  });
}

function commandName(type: number): string {
  return (
    Object.entries(MessageType).find(([, value]) => value === type)?.[0] ?? `0x${type.toString(16)}`
  );
}
