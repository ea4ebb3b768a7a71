// Functions of AWS Lambda as deployments. An exchange is one call: the request is collected, sent when it
// ends, and answered as a whole. What knows AWS is loaded with the first call, since most servers never
// make one and it takes 20 MB in each thread.
import { assert } from '../../actors/domain/assert.ts';
import type { LambdaEndpoint } from '../../actors/domain/endpoint.ts';
import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
  DeploymentTransport,
} from '../../actors/ports.ts';
import { connectionLost, failureOf, type FailureReason } from './failures.ts';
import type { FunctionCall, FunctionReply, LambdaSettings } from './function-call.ts';
import type { FunctionCaller } from './lambda-call.ts';

export class LambdaTransport implements DeploymentTransport {
  readonly #settings: LambdaSettings;
  readonly #exchanges = new Set<LambdaExchange>();
  #caller: Promise<FunctionCaller> | undefined;
  #closed: FailureReason | undefined;

  constructor(settings: LambdaSettings) {
    this.#settings = settings;
  }

  open(request: DeploymentRequest, listener: DeploymentStreamListener): DeploymentStream {
    const { endpoint } = request;
    assert(endpoint.kind === 'lambda', 'an endpoint of the Lambda transport has an ARN');
    const exchange = new LambdaExchange({ ...request, endpoint }, listener, {
      call: (functionCall) => this.#call(functionCall),
      forget: () => this.#exchanges.delete(exchange),
    });
    this.#exchanges.add(exchange);
    if (this.#closed !== undefined) exchange.failLater(this.#closed);
    return exchange;
  }

  async close(): Promise<void> {
    this.#closed = connectionLost('the server is shutting down');
    for (const exchange of this.#exchanges) exchange.failLater(this.#closed);
    // Whoever waits for the caller hears that it could not be loaded.
    const caller = await this.#caller?.catch(() => undefined);
    caller?.close();
  }

  async #call(functionCall: FunctionCall): Promise<FunctionReply> {
    if (this.#closed !== undefined) return { kind: 'failed', reason: this.#closed };
    this.#caller ??= import('./lambda-call.ts').then(
      ({ FunctionCaller }) => new FunctionCaller(this.#settings),
    );
    const caller = await this.#caller;
    return caller.call(functionCall);
  }
}

interface ExchangePlace {
  readonly call: (functionCall: FunctionCall) => Promise<FunctionReply>;
  /** The exchange is over. */
  readonly forget: () => void;
}

class LambdaExchange implements DeploymentStream {
  readonly #request: DeploymentRequest & { readonly endpoint: LambdaEndpoint };
  readonly #listener: DeploymentStreamListener;
  readonly #place: ExchangePlace;
  readonly #abort = new AbortController();
  #chunks: Uint8Array[] = [];
  #requestEnded = false;
  #closed = false;

  constructor(
    request: DeploymentRequest & { readonly endpoint: LambdaEndpoint },
    listener: DeploymentStreamListener,
    place: ExchangePlace,
  ) {
    this.#request = request;
    this.#listener = listener;
    this.#place = place;
  }

  write(bytes: Uint8Array): void {
    if (!this.#requestEnded && !this.#closed) this.#chunks.push(bytes);
  }

  end(): void {
    if (this.#requestEnded || this.#closed) return;
    this.#requestEnded = true;
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    const call = { ...this.#request, body, signal: this.#abort.signal };
    this.#place.call(call).then(
      (reply) => this.#settle(reply),
      // A defect: a caller answers with a failure. The attempt is tried again, and nobody else suffers.
      (error: unknown) => this.#fail({ kind: 'callFailed', text: String(error) }),
    );
  }

  reset(): void {
    if (this.#closed) return;
    this.#close();
    this.#abort.abort();
  }

  /** Not at once, so that no failure is heard before the caller has the stream. */
  failLater(reason: FailureReason): void {
    setImmediate(() => {
      this.#fail(reason);
      this.#abort.abort();
    });
  }

  /** The listener may reset the stream whenever it is called. */
  #settle(reply: FunctionReply): void {
    if (reply.kind === 'failed') return this.#fail(reply.reason);
    if (!this.#closed) this.#listener.onResponse(reply.status, reply.headers);
    if (!this.#closed && reply.body.length > 0) this.#listener.onData(reply.body);
    if (this.#closed) return;
    this.#close();
    this.#listener.onEnd();
  }

  #fail(reason: FailureReason): void {
    if (this.#closed) return;
    this.#close();
    this.#listener.onFailure(failureOf(this.#request.endpoint.arn, reason));
  }

  #close(): void {
    this.#closed = true;
    this.#chunks = [];
    this.#place.forget();
  }
}
