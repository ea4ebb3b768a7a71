// A registered schema and a gateway that records what it is asked and answers as it is told.
import { MessageType } from '../../../src/actors/attempt/service-message.ts';
import type { DeploymentId, InvocationId } from '../../../src/actors/domain/ids.ts';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import type { NotificationResult, Outcome } from '../../../src/actors/domain/outcome.ts';
import {
  EMPTY_SCHEMA,
  type Handler,
  type HandlerOptions,
  type HandlerType,
  type InputRule,
  type Schema,
  type ServiceRevision,
  type ServiceType,
} from '../../../src/actors/domain/schema.ts';
import { NO_SCOPE_FEATURES } from '../../../src/actors/domain/scope.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import type { SignalId } from '../../../src/actors/partition/command.ts';
import type { RequestReply } from '../../../src/actors/partition/effect.ts';
import type { IngressSubmission, InvocationGateway } from '../../../src/actors/ports.ts';
import type { IngressContext, IngressOptions } from '../../../src/io/ingress/context.ts';
import { createIngressHandler } from '../../../src/io/ingress/server.ts';
import { decodeServerMessage, type InputMessage } from '../../support/deployment-messages.ts';
import { type RawRequest, type RawResponse, sendRequest } from '../../support/raw-http.ts';
import { withListener } from '../http/listeners.ts';

/** 2026-11-23T02:10:49.523Z. */
export const NOW_MS = unixMillis(Date.UTC(2026, 10, 23, 2, 10, 49, 523));

const NO_INPUT: InputRule = { kind: 'noBodyAndNoContentType' };
const JSON_RULES: readonly InputRule[] = [
  NO_INPUT,
  { kind: 'contentType', contentType: 'application/json' },
];

export interface HandlerShape {
  readonly type?: HandlerType;
  readonly public?: boolean;
  readonly options?: HandlerOptions;
  readonly inputRules?: readonly InputRule[];
  readonly outputContentType?: string | undefined;
  readonly setContentTypeIfEmpty?: boolean;
}

/** As the TypeScript SDK registers a handler that says nothing about itself. */
function handlerOf(name: string, shape: HandlerShape): Handler {
  return {
    name,
    public: true,
    options: {},
    inputRules: JSON_RULES,
    outputContentType: 'application/json',
    setContentTypeIfEmpty: false,
    inputDescription: 'application/json',
    outputDescription: 'application/json',
    ...shape,
  };
}

export function serviceOf(
  name: string,
  type: ServiceType,
  handlers: Readonly<Record<string, HandlerShape>>,
  options: HandlerOptions = {},
): ServiceRevision {
  const entries = Object.entries(handlers);
  return {
    name,
    type,
    revision: 1,
    deploymentId: 'dp_11bnGiHbkfDHqKPHMoQDmpj' as DeploymentId,
    public: true,
    options,
    handlers: new Map(entries.map(([key, shape]) => [key, handlerOf(key, shape)])),
  };
}

function contentTypeRule(contentType: string): InputRule {
  return { kind: 'contentType', contentType };
}

/** The services that the reference contract's examples use, and some for single rules. */
export const SERVICES: readonly ServiceRevision[] = [
  serviceOf('Echo', 'Service', {
    echo: {},
    nothing: {},
    hidden: { public: false },
    empty: { inputRules: [NO_INPUT] },
    any: { inputRules: [NO_INPUT, contentTypeRule('*/*')] },
    text: { inputRules: [contentTypeRule('text/*')] },
    plain: { inputRules: [contentTypeRule('text/plain')] },
    schema: {
      inputRules: [NO_INPUT, { kind: 'contentTypeAndBody', contentType: 'application/json' }],
    },
    impossible: { inputRules: [] },
    binary: { outputContentType: 'application/octet-stream' },
    alwaysTyped: { setContentTypeIfEmpty: true },
  }),
  serviceOf('Obj', 'VirtualObject', { key: { type: 'Exclusive' }, shared: { type: 'Shared' } }),
  serviceOf('Wf', 'Workflow', { run: { type: 'Workflow' }, shared: { type: 'Shared' } }),
  serviceOf('Priv', 'Service', { hi: { public: false } }),
];

export type GatewayRequest =
  | { readonly kind: 'call' | 'send'; readonly submission: IngressSubmission }
  | { readonly kind: 'attach' | 'getOutput'; readonly invocationId: InvocationId }
  | {
      readonly kind: 'signal';
      readonly invocationId: InvocationId;
      readonly signal: SignalId;
      readonly result: NotificationResult;
    };

/** What the handler of a submission is given. */
export function handlerInput({ input }: IngressSubmission): InputMessage {
  const message = decodeServerMessage(MessageType.input, input);
  if (message.kind !== 'input') throw new Error(`expected an input, found ${message.kind}`);
  return message;
}

type Answer = (request: GatewayRequest) => RequestReply | Promise<RequestReply>;

export class RecordingGateway implements InvocationGateway {
  readonly requests: GatewayRequest[] = [];
  answer: Answer = defaultAnswer;

  send(submission: IngressSubmission): Promise<RequestReply> {
    return this.#ask({ kind: 'send', submission });
  }

  call(submission: IngressSubmission): Promise<RequestReply> {
    return this.#ask({ kind: 'call', submission });
  }

  attach(invocationId: InvocationId): Promise<RequestReply> {
    return this.#ask({ kind: 'attach', invocationId });
  }

  getOutput(invocationId: InvocationId): Promise<RequestReply> {
    return this.#ask({ kind: 'getOutput', invocationId });
  }

  signal(
    invocationId: InvocationId,
    signal: SignalId,
    result: NotificationResult,
  ): Promise<RequestReply> {
    return this.#ask({ kind: 'signal', invocationId, signal, result });
  }

  async #ask(request: GatewayRequest): Promise<RequestReply> {
    this.requests.push(request);
    return this.answer(request);
  }

  /** The only submission so far. */
  get submission(): IngressSubmission {
    const [request] = this.requests;
    if (this.requests.length !== 1 || request === undefined || !('submission' in request)) {
      throw new Error(`expected one submission, found ${JSON.stringify(this.requests)}`);
    }
    return request.submission;
  }
}

/** Calls echo their body; sends are new; nothing is found. */
function defaultAnswer(request: GatewayRequest): RequestReply {
  switch (request.kind) {
    case 'call': {
      const { target } = request.submission;
      const { value } = handlerInput(request.submission);
      return { kind: 'completed', target, outcome: { kind: 'success', value } };
    }
    case 'send': {
      const { executeAtMs } = request.submission;
      return { kind: 'accepted', isNew: true, executeAtMs };
    }
    case 'attach':
    case 'getOutput':
      return { kind: 'notFound' };
    case 'signal':
      return { kind: 'signalAccepted' };
  }
}

/** Completes Echo/echo with an outcome. */
export function completedWith(outcome: Outcome, expiresAtMs?: number): Answer {
  return () => ({
    kind: 'completed',
    target: { kind: 'service', service: 'Echo', handler: 'echo' },
    outcome,
    expiresAtMs: expiresAtMs === undefined ? undefined : unixMillis(expiresAtMs),
  });
}

export interface Ingress {
  readonly url: string;
  readonly gateway: RecordingGateway;
  readonly errors: readonly string[];
  readonly send: (request: RawRequest) => Promise<RawResponse>;
  /** Replaces what is registered. */
  readonly register: (services: readonly ServiceRevision[]) => void;
}

export interface IngressSettings extends Partial<IngressOptions> {
  readonly random?: IngressContext['random'];
}

/** Serves the ingress on a free port while `use` runs. */
export async function withIngress(
  prefer: 'uws' | 'node',
  use: (ingress: Ingress) => Promise<void>,
  settings: IngressSettings = {},
): Promise<void> {
  const gateway = new RecordingGateway();
  let schema = schemaOf(SERVICES);
  const handler = createIngressHandler({
    schema: { current: () => schema },
    gateway,
    options: {
      requestBodyBytesMax: 32 * 1024 * 1024,
      defaults: HANDLER_DEFAULTS,
      scopeFeatures: NO_SCOPE_FEATURES,
      ...settings,
    },
    clock: () => NOW_MS,
    random: settings.random ?? ((bytesCount) => new Uint8Array(bytesCount)),
  });
  await withListener(prefer, handler, async ({ url }, { errors }) => {
    await use({
      url,
      gateway,
      errors,
      send: (request) => sendRequest(url, request),
      register: (services) => {
        schema = schemaOf(services);
      },
    });
  });
}

function schemaOf(services: readonly ServiceRevision[]): Schema {
  const byName = new Map(services.map((service) => [service.name, service]));
  return { ...EMPTY_SCHEMA, services: byName };
}
