// AWS's Invoke API: clients, credentials, and what their errors mean.
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { LambdaEndpoint } from '../../actors/domain/endpoint.ts';
import { regionOf } from '../../actors/domain/lambda-arn.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { describeSocketError, type FailureReason } from './failures.ts';
import type { LambdaSettings } from './function-call.ts';

/** Source: the reference's `connect-timeout`. Unit: milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

const STATUS_TOO_LARGE = 413;
const STATUS_TOO_MANY_REQUESTS = 429;

export interface InvokeAnswer {
  /** What the function returned, or, for an error, what it threw. */
  readonly payload: Uint8Array;
  readonly isFunctionError: boolean;
}

// AWS's packages tell every process on an older Node, once, which Node their coming versions need. That
// is for those who choose the versions, not for those who run the server.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** One client for each region and role, with the credentials that it keeps until they expire. */
export class LambdaClients {
  readonly #settings: LambdaSettings;
  readonly #ownCredentials: NonNullable<LambdaClientConfig['credentials']>;
  readonly #clients = new Map<string, LambdaClient>();

  constructor(settings: LambdaSettings) {
    this.#settings = settings;
    this.#ownCredentials = fromNodeProviderChain(profileOf(settings));
  }

  /** Rejects with an error that `invokeFailure` explains. */
  async invoke(
    endpoint: LambdaEndpoint,
    event: Uint8Array,
    abortSignal: AbortSignal,
  ): Promise<InvokeAnswer> {
    const command = new InvokeCommand({ FunctionName: endpoint.arn, Payload: event });
    const answer = await this.#clientFor(endpoint).send(command, { abortSignal });
    return {
      payload: answer.Payload ?? new Uint8Array(0),
      isFunctionError: answer.FunctionError !== undefined,
    };
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }

  #clientFor({ arn, assumeRoleArn }: LambdaEndpoint): LambdaClient {
    const region = regionOf(arn);
    // No region holds a line feed.
    const key = `${region}\n${assumeRoleArn ?? ''}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = this.#openClient(region, assumeRoleArn);
      this.#clients.set(key, client);
    }
    return client;
  }

  #openClient(region: string, assumeRoleArn: string | undefined): LambdaClient {
    // Attempts are bounded before they come here.
    const agent = { keepAlive: true, maxSockets: Infinity };
    return new LambdaClient({
      ...profileOf(this.#settings),
      region,
      credentials: this.#credentials(region, assumeRoleArn),
      // Attempts and discovery have retries and timeouts of their own.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: 0,
        socketTimeout: 0,
        httpAgent: agent,
        httpsAgent: agent,
      },
      streamCollector: (stream: AsyncIterable<Uint8Array>) =>
        collect(stream, this.#settings.answerBytesMax),
    });
  }

  #credentials(
    region: string,
    assumeRoleArn: string | undefined,
  ): NonNullable<LambdaClientConfig['credentials']> {
    if (assumeRoleArn === undefined) return this.#ownCredentials;
    return fromTemporaryCredentials({
      masterCredentials: this.#ownCredentials,
      params: {
        RoleArn: assumeRoleArn,
        // Source: seen on the reference.
        RoleSessionName: `restate-${Math.floor(Date.now() / 1000)}`,
        ExternalId: this.#settings.externalId,
      },
      clientConfig: { ...profileOf(this.#settings), region },
    });
  }
}

function profileOf({ profile }: LambdaSettings): { readonly profile?: string } {
  return profile === undefined ? {} : { profile };
}

class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
}

async function collect(stream: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytesCount = 0;
  for await (const chunk of stream) {
    bytesCount += chunk.length;
    // Leaving the loop ends the connection.
    if (bytesCount > bytesMax) throw new AnswerTooLargeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What an error of `invoke` means. */
export function invokeFailure(error: unknown): FailureReason {
  if (!(error instanceof Error)) return { kind: 'callFailed', text: String(error) };
  if (error instanceof AnswerTooLargeError) {
    return { kind: 'tooLarge', text: 'the answer is too large' };
  }
  const status = statusOf(error);
  const text = status === undefined ? describeSocketError(error) : describeError(error);
  if (status === STATUS_TOO_LARGE) return { kind: 'tooLarge', text };
  if (status === STATUS_TOO_MANY_REQUESTS) {
    return { kind: 'throttled', text, retryAfterMs: retryAfterOf(error) };
  }
  if (status !== undefined) return { kind: status >= 500 ? 'unavailable' : 'callFailed', text };
  return { kind: isOfConnection(error) ? 'connect' : 'callFailed', text };
}

/** An answer that is not in AWS's form gets advice for programmers added to its message. */
function describeError({ name, message }: Error): string {
  return `${name}: ${message.replace(/\n *Deserialization error: .*$/s, '')}`;
}

/** The status of the refusal that AWS answered with; an answer may also break off after a good one. */
function statusOf(error: Error): number | undefined {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const status: unknown = 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' && status >= 300 ? status : undefined;
}

function retryAfterOf(error: Error): FailureReason['retryAfterMs'] {
  const seconds: unknown = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
  if (typeof seconds !== 'string' || !/^\d{1,9}$/.test(seconds)) return undefined;
  return durationMs(Number(seconds) * 1000);
}

/** Errors of sockets have a code of the system, those of timeouts a name. */
function isOfConnection(error: Error): boolean {
  return error.name === 'TimeoutError' || ('code' in error && typeof error.code === 'string');
}
