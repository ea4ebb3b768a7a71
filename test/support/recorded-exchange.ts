import type { DeploymentEndpoint, HttpEndpoint } from '../../src/actors/domain/endpoint.ts';
import type {
  DeploymentRequest,
  DeploymentStream,
  DeploymentStreamListener,
  DeploymentTransport,
  TransportFailure,
} from '../../src/actors/ports.ts';
import { EventQueue } from './event-queue.ts';

export type ExchangeEvent =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'failure'; readonly failure: TransportFailure };

export interface ExchangeOptions extends Partial<Omit<DeploymentRequest, 'endpoint'>> {
  readonly httpVersion?: HttpEndpoint['httpVersion'] | undefined;
}

/** One exchange of a transport with everything its listener heard, in order. */
export class RecordedExchange implements DeploymentStreamListener {
  readonly stream: DeploymentStream;
  readonly events: ExchangeEvent[] = [];
  readonly #queue = new EventQueue<ExchangeEvent>();

  /** `where` is the URI of an HTTP endpoint, or any endpoint. */
  constructor(
    transport: DeploymentTransport,
    where: string | DeploymentEndpoint,
    options: ExchangeOptions = {},
  ) {
    const { httpVersion = 'HTTP/2.0', ...request } = options;
    this.stream = transport.open(
      {
        endpoint: typeof where === 'string' ? { kind: 'http', uri: where, httpVersion } : where,
        method: 'POST',
        path: '/invoke/A/b',
        headers: [],
        ...request,
      },
      this,
    );
  }

  /** Status and headers of the response. */
  response(): Promise<Extract<ExchangeEvent, { kind: 'response' }>> {
    return this.#next('response');
  }

  /** The next chunk of the response. */
  async data(): Promise<string> {
    return Buffer.from((await this.#next('data')).bytes).toString('latin1');
  }

  /** How the exchange ended. */
  async outcome(): Promise<'end' | TransportFailure> {
    const last = await this.#queue.next(
      'end of the exchange',
      ({ kind }) => kind === 'end' || kind === 'failure',
      20_000,
    );
    return last.kind === 'failure' ? last.failure : 'end';
  }

  /** The bytes of the response received so far. */
  get received(): Buffer {
    return Buffer.concat(
      this.events.flatMap((event) => (event.kind === 'data' ? [event.bytes] : [])),
    );
  }

  onResponse(status: number, headers: Readonly<Record<string, string>>): void {
    this.#record({ kind: 'response', status, headers });
  }

  onData(chunk: Uint8Array): void {
    this.#record({ kind: 'data', bytes: chunk });
  }

  onEnd(): void {
    this.#record({ kind: 'end' });
  }

  onFailure(failure: TransportFailure): void {
    this.#record({ kind: 'failure', failure });
  }

  #record(event: ExchangeEvent): void {
    this.events.push(event);
    this.#queue.push(event);
  }

  async #next<Kind extends ExchangeEvent['kind']>(
    kind: Kind,
  ): Promise<Extract<ExchangeEvent, { kind: Kind }>> {
    const isWanted = (event: ExchangeEvent): event is Extract<ExchangeEvent, { kind: Kind }> =>
      event.kind === kind;
    const event = await this.#queue.next(kind, isWanted);
    if (!isWanted(event)) throw new Error(`${event.kind} instead of ${kind}`);
    return event;
  }
}
