// One request to a deployment: everything that may go wrong on the way to a complete response.
import { EMPTY_BYTES } from '../../actors/domain/outcome.ts';
import type {
  DeploymentStreamListener,
  DeploymentTransport,
  DeploymentRequest,
  TransportFailure,
} from '../../actors/ports.ts';

export interface FetchedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type FetchResult =
  | { readonly kind: 'response'; readonly response: FetchedResponse }
  | { readonly kind: 'failed'; readonly failure: TransportFailure }
  | { readonly kind: 'tooLarge' }
  /** The signal was aborted before the response was complete. */
  | { readonly kind: 'abandoned' };

/** Never rejects. `bodyBytesMax` is inclusive. */
export function fetchResponse(
  transport: DeploymentTransport,
  request: DeploymentRequest,
  { bodyBytesMax, signal }: { readonly bodyBytesMax: number; readonly signal: AbortSignal },
  requestBody: Uint8Array = EMPTY_BYTES,
): Promise<FetchResult> {
  if (signal.aborted) return Promise.resolve({ kind: 'abandoned' });
  return new Promise((resolve) => {
    const settle = (result: FetchResult): void => {
      signal.removeEventListener('abort', abandon);
      resolve(result);
    };
    const collector = new ResponseCollector(bodyBytesMax, settle, () => stream.reset());
    const abandon = (): void => {
      stream.reset();
      settle({ kind: 'abandoned' });
    };
    signal.addEventListener('abort', abandon, { once: true });
    const stream = transport.open(request, collector);
    if (requestBody.byteLength > 0) stream.write(requestBody);
    stream.end();
  });
}

class ResponseCollector implements DeploymentStreamListener {
  readonly #bodyBytesMax: number;
  readonly #settle: (result: FetchResult) => void;
  readonly #reset: () => void;
  readonly #chunks: Uint8Array[] = [];
  #bytesCount = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};

  constructor(bodyBytesMax: number, settle: (result: FetchResult) => void, reset: () => void) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#settle = settle;
    this.#reset = reset;
  }

  onResponse(status: number, headers: Readonly<Record<string, string>>): void {
    this.#status = status;
    this.#headers = headers;
  }

  onData(chunk: Uint8Array): void {
    this.#bytesCount += chunk.byteLength;
    if (this.#bytesCount <= this.#bodyBytesMax) {
      this.#chunks.push(chunk);
      return;
    }
    this.#reset();
    this.#settle({ kind: 'tooLarge' });
  }

  onEnd(): void {
    const body = Buffer.concat(this.#chunks);
    const response = { status: this.#status, headers: this.#headers, body };
    this.#settle({ kind: 'response', response });
  }

  onFailure(failure: TransportFailure): void {
    this.#settle({ kind: 'failed', failure });
  }
}
