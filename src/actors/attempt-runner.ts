// Runs one attempt: one HTTP exchange with a deployment, driven by the attempt machine.
// Thread: partition worker.
import { applyToAttempt } from './attempt/apply.ts';
import type { AttemptCommand } from './attempt/command.ts';
import type { AttemptEffect, AttemptResult } from './attempt/effect.ts';
import type { AttemptFailure } from './attempt/failure.ts';
import { attemptFailure, STREAM_BROKEN } from './attempt/failure.ts';
import { resolveEntry } from './attempt/resolve-entry.ts';
import type { EntryContext } from './attempt/resolve-entry.ts';
import type { RetryState } from './attempt/retry-policy.ts';
import type { CommandMessage, DeploymentMessage } from './attempt/service-message.ts';
import { MessageType } from './attempt/service-message.ts';
import type { AttemptState } from './attempt/state.ts';
import { unreachable } from './domain/assert.ts';
import type { AwaitedFuture } from './domain/awaited-future.ts';
import { formatDuration } from './domain/duration.ts';
import { invocationIdBytes, randomSeedOf } from './domain/ids.ts';
import { targetKey } from './domain/invocation.ts';
import { originOfCallee, type TraceOrigin } from './domain/trace.ts';
import type { Pin } from './domain/invocation.ts';
import type { NotificationEntry } from './domain/journal.ts';
import { ATTEMPT_DRAIN_MS, TIMER_MS_MAX } from './domain/limits.ts';
import type { Outcome } from './domain/outcome.ts';
import type { Deployment } from './domain/schema.ts';
import type { ScopeFeatures } from './domain/scope.ts';
import type { AttemptStatistics, ExchangeStatistics, ExchangeType } from './domain/statistics.ts';
import type { UnixMillis } from './domain/time.ts';
import type { ProposedEntry } from './partition/command.ts';
import type { AttemptInput } from './partition/effect.ts';
import type {
  AttemptObserver,
  DeploymentStream,
  DeploymentTransport,
  MessageReader,
  MessageWriter,
  ReceivedMessage,
  RequestIdentity,
  SchemaReader,
  ServiceProtocol,
  TransportFailure,
} from './ports.ts';
import type { AttemptSpan, InvocationTracer } from './tracer.ts';
import type { EffectiveOptions } from './schema/resolve.ts';

const SERVER_HEADER = 'x-restate-server';

/** What every attempt of a thread shares. */
export interface AttemptEnvironment {
  readonly transport: DeploymentTransport;
  readonly protocol: ServiceProtocol;
  readonly schema: SchemaReader;
  readonly observer: AttemptObserver;
  readonly tracer?: InvocationTracer | undefined;
  readonly defaults: EntryContext['defaults'];
  readonly scopeFeatures: ScopeFeatures;
  readonly identity: RequestIdentity;
  /** Messages of a deployment from this size on are reported. Unit: bytes, inclusive. */
  readonly messageBytesWarning: number;
  /** Headers sent with every attempt, after those of the deployment and of the identity. */
  readonly commonHeaders: ReadonlyArray<readonly [name: string, value: string]>;
  readonly now: () => UnixMillis;
  readonly randomBytes: () => Uint8Array;
}

/** What one attempt is about. */
export interface AttemptPlan {
  readonly input: AttemptInput;
  readonly deployment: Deployment;
  readonly pin: Pin;
  readonly options: EffectiveOptions;
  readonly retryState: RetryState;
}

/** Hears what an attempt proposes and how it ends. */
export interface AttemptListener {
  entryProposed(runner: AttemptRunner, entry: ProposedEntry): void;
  runCompletionProposed(runner: AttemptRunner, completionId: number, outcome: Outcome): void;
  finished(runner: AttemptRunner, result: AttemptResult): void;
}

export class AttemptRunner {
  readonly plan: AttemptPlan;
  readonly startedAtMs: UnixMillis;
  readonly #environment: AttemptEnvironment;
  readonly #listener: AttemptListener;
  readonly #state: AttemptState;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  readonly #span: AttemptSpan | undefined;
  readonly #exchange: ExchangeStatistics;
  #stream: DeploymentStream | undefined;
  #streamIsOver = false;
  #timer: NodeJS.Timeout | undefined;
  #lastActivityMs: number;
  #server: string | undefined;

  constructor(
    environment: AttemptEnvironment,
    plan: AttemptPlan,
    listener: AttemptListener,
    statistics: AttemptStatistics,
  ) {
    const { protocol, now } = environment;
    this.plan = plan;
    this.#environment = environment;
    this.#listener = listener;
    this.#state = initialState(plan, protocol);
    this.#reader = protocol.createReader(plan.pin.protocolVersion);
    this.#writer = protocol.createWriter();
    this.#span = environment.tracer?.attemptStarted(plan);
    this.#exchange = statistics.exchanges[exchangeTypeOf(plan.deployment)];
    this.startedAtMs = now();
    this.#lastActivityMs = this.startedAtMs;
  }

  /** What the deployment waits for, as far as it has told. */
  get awaitingOn(): AwaitedFuture | undefined {
    return this.#state.awaitingOn;
  }

  /** What the deployment calls itself, once it has answered. */
  get server(): string | undefined {
    return this.#server;
  }

  /** Until the last message, whoever sent it. Not negative, whatever the clock does. */
  get durationMs(): number {
    return Math.max(0, this.#lastActivityMs - this.startedAtMs);
  }

  /** A command entry was proposed since the attempt began. */
  get proposedEntry(): boolean {
    return this.#state.proposedEntry;
  }

  get #isFinished(): boolean {
    return this.#state.phase === 'finished';
  }

  start(): void {
    const { deployment, input, options } = this.plan;
    const { target } = input;
    const path = `/invoke/${target.service}/${target.handler}`;
    this.#stream = this.#environment.transport.open(
      {
        endpoint: deployment.endpoint,
        method: 'POST',
        path,
        headers: this.#requestHeaders(path),
      },
      {
        onResponse: (status, headers) => {
          this.#server = headers[SERVER_HEADER];
          this.#exchange.countResponse(status);
          this.#apply({ kind: 'responded', status, headers });
        },
        onData: (chunk) => this.#read(chunk),
        onEnd: () => this.#endStream({ kind: 'responseEnded' }),
        onFailure: (failure) => this.#endStream(streamFailed(failure)),
      },
    );
    this.#writeReplay();
    const isHalfDuplex =
      deployment.protocolMode === 'RequestResponse' || options.inactivityTimeoutMs === 0;
    if (isHalfDuplex) this.#apply({ kind: 'inactive' });
    else this.#armInactivityTimer(options.inactivityTimeoutMs);
  }

  notify(entry: NotificationEntry): void {
    this.#apply({ kind: 'notified', entry });
  }

  ackCommand(commandIndex: number): void {
    this.#apply({ kind: 'commandAcked', commandIndex });
  }

  abandon(): void {
    this.#apply({ kind: 'abandoned' });
  }

  /** Asks for a suspension; the abort timeout starts. */
  suspend(): void {
    this.#apply({ kind: 'inactive' });
  }

  /** Asks for a suspension if nothing was sent either way for `silentMs`. */
  yieldIfSilent(silentMs: number): void {
    if (this.#environment.now() - this.#lastActivityMs >= silentMs) this.suspend();
  }

  #requestHeaders(path: string): Array<readonly [string, string]> {
    const { input, deployment } = this.plan;
    const { contentType } = this.#state;
    const headers: Array<readonly [string, string]> = [
      ['content-type', contentType],
      ['accept', contentType],
      ['x-restate-invocation-id', input.invocationId],
    ];
    const key = targetKey(input.target);
    if (key !== undefined) headers.push(['x-restate-service-key', encodeURIComponent(key)]);
    if (this.#span !== undefined) headers.push(...this.#span.headers);
    for (const name in deployment.additionalHeaders) {
      headers.push([name, deployment.additionalHeaders[name] ?? '']);
    }
    const { identity, commonHeaders } = this.#environment;
    headers.push(...identity.headersFor(path, key), ...commonHeaders);
    return headers;
  }

  #writeReplay(): void {
    const { input, retryState } = this.plan;
    this.#writer.writeMessage({
      kind: 'start',
      id: invocationIdBytes(input.invocationId),
      debugId: input.invocationId,
      knownEntries: input.journal.length,
      stateMap: input.state,
      partialState: input.partialState,
      key: targetKey(input.target) ?? '',
      retryCountSinceLastStoredEntry: retryState.retryCountSinceLastStoredEntry,
      durationSinceLastStoredEntryMs: Math.max(0, this.#environment.now() - input.modifiedAtMs),
      randomSeed: randomSeedOf(input.invocationId),
      scope: input.target.scope,
      limitKey: input.limitKey,
      idempotencyKey: this.#environment.scopeFeatures.scopes ? input.idempotencyKey : undefined,
    });
    for (const entry of input.journal) this.#writer.writeEntry(entry);
    this.#write();
  }

  #write(): void {
    const bytes = this.#writer.take();
    this.#exchange.sentBytes += bytes.byteLength;
    this.#stream?.write(bytes);
  }

  #read(chunk: Uint8Array): void {
    // Nobody would take it out of the reader any more.
    if (this.#isFinished) return;
    this.#lastActivityMs = this.#environment.now();
    this.#exchange.receivedBytes += chunk.byteLength;
    this.#reader.push(chunk);
    while (!this.#isFinished) {
      const received = this.#reader.next();
      if (received.kind === 'needMoreBytes') return;
      this.#apply(this.#commandOf(received));
    }
  }

  #commandOf(received: ReceivedMessage & { kind: 'message' | 'invalid' }): AttemptCommand {
    if (received.kind === 'invalid') return { kind: 'broken', failure: failureOfInvalid(received) };
    const { message, payload, ackRequested } = received;
    const { messageBytesWarning } = this.#environment;
    if (payload.byteLength >= messageBytesWarning) this.#reportLarge(message.kind, payload);
    if (!isCommand(message)) return { kind: 'controlReceived', message, ackRequested };
    const resolution = resolveEntry(message, this.#entryContext());
    if (resolution.kind === 'refused') return { kind: 'broken', failure: resolution.failure };
    const { callee, targetId, awakeableSignalIndex } = resolution;
    const entry = { message, payload, callee, targetId, awakeableSignalIndex, ackRequested };
    const trace = this.#span && this.#traceOfCallee(this.#span, message);
    return { kind: 'entryReceived', entry: trace === undefined ? entry : { ...entry, trace } };
  }

  #traceOfCallee({ spanId }: AttemptSpan, { kind }: CommandMessage): TraceOrigin | undefined {
    const { invocationId, trace } = this.plan.input;
    if (trace === undefined || (kind !== 'call' && kind !== 'oneWayCall')) return undefined;
    return originOfCallee({ invocationId, trace }, spanId, kind);
  }

  #reportLarge(message: DeploymentMessage['kind'], { byteLength }: Uint8Array): void {
    const { input, deployment } = this.plan;
    this.#environment.observer.largeMessageReceived({
      invocationId: input.invocationId,
      target: input.target,
      deploymentId: deployment.id,
      message,
      bytes: byteLength,
    });
  }

  #entryContext(): EntryContext {
    const { schema, defaults, scopeFeatures, now, randomBytes, protocol } = this.#environment;
    return {
      target: this.plan.input.target,
      schema: schema.current(),
      defaults,
      scopeFeatures,
      nowMs: now(),
      randomBytes,
      encodeInput: (headers, value) => protocol.encodeInput(headers, value),
    };
  }

  #endStream(command: AttemptCommand): void {
    this.#streamIsOver = true;
    this.#apply(command);
    if (this.#isFinished) this.#clearTimer();
  }

  #apply(command: AttemptCommand): void {
    const effects: AttemptEffect[] = [];
    applyToAttempt(this.#state, command, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: AttemptEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#lastActivityMs = this.#environment.now();
        this.#writer.writeMessage(effect.message);
        return this.#write();
      case 'endInput':
        this.#stream?.end();
        return;
      case 'reset':
        this.#span?.ended('abandoned');
        this.#clearTimer();
        this.#stream?.reset();
        return;
      case 'drain':
        return this.#drain();
      case 'proposeEntry':
        this.#span?.commandProposed(effect.entry.message);
        return this.#listener.entryProposed(this, effect.entry);
      case 'proposeRunCompletion':
        this.#span?.runCompletionProposed(effect.completionId);
        return this.#listener.runCompletionProposed(this, effect.completionId, effect.outcome);
      case 'armAbortTimeout':
        return this.#armAbortTimer(this.plan.options.abortTimeoutMs);
      case 'finish':
        this.#span?.ended(effect.result.kind);
        return this.#listener.finished(this, effect.result);
      default:
        return unreachable(effect);
    }
  }

  #drain(): void {
    this.#clearTimer();
    if (this.#streamIsOver) return;
    this.#timer = setTimeout(() => this.#stream?.reset(), ATTEMPT_DRAIN_MS);
  }

  // One timer per attempt that looks at the last activity when it fires, because re-arming a timer for
  // every frame would cost more than the frame.
  #armInactivityTimer(afterMs: number): void {
    this.#armIdleTimer(afterMs, this.plan.options.inactivityTimeoutMs, { kind: 'inactive' });
  }

  #armAbortTimer(afterMs: number): void {
    const { abortTimeoutMs } = this.plan.options;
    const abortTimeout = formatDuration(abortTimeoutMs);
    this.#lastActivityMs = this.#environment.now();
    this.#armIdleTimer(afterMs, abortTimeoutMs, { kind: 'abortTimeoutFired', abortTimeout });
  }

  #armIdleTimer(afterMs: number, timeoutMs: number, command: AttemptCommand): void {
    this.#clearTimer();
    this.#timer = setTimeout(
      () => {
        const silentMs = this.#environment.now() - this.#lastActivityMs;
        if (silentMs >= timeoutMs) this.#apply(command);
        else this.#armIdleTimer(timeoutMs - silentMs, timeoutMs, command);
      },
      Math.min(afterMs, TIMER_MS_MAX),
    );
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function exchangeTypeOf({ endpoint, protocolMode }: Deployment): ExchangeType {
  if (endpoint.kind !== 'http') return 'Lambda';
  return protocolMode === 'BidiStream' ? 'Http/bidi-stream' : 'Http/request-response';
}

function initialState({ input, pin }: AttemptPlan, protocol: ServiceProtocol): AttemptState {
  let outcome: Outcome | undefined;
  for (const entry of input.journal) {
    if (entry.kind === 'command' && entry.type === MessageType.output) {
      outcome = protocol.decodeOutput(entry.payload);
    }
  }
  return {
    phase: 'streaming',
    protocolVersion: pin.protocolVersion,
    contentType: protocol.contentType(pin.protocolVersion),
    replayed: input.journal,
    completionIdsOf: (entry) => protocol.completionIdsOf(entry),
    runs: new Map(),
    awaitingOn: undefined,
    outcome,
    proposedEntry: false,
  };
}

const CONTROL_KINDS: ReadonlySet<DeploymentMessage['kind']> = new Set([
  'suspension',
  'error',
  'end',
  'proposeRunCompletion',
  'awaitingOn',
]);

function isCommand(message: DeploymentMessage): message is CommandMessage {
  return !CONTROL_KINDS.has(message.kind);
}

function failureOfInvalid({ reason, text }: ReceivedMessage & { kind: 'invalid' }): AttemptFailure {
  switch (reason) {
    case 'tooLarge':
      return attemptFailure('RT0003', text);
    // Whatever the retry policy, as on the reference: the handler would wait for the same again.
    case 'tooDeep':
      return { ...attemptFailure('RT0025', text), behavior: 'pause' };
    case 'malformed':
      return attemptFailure('RT0012', text);
  }
}

function streamFailed(failure: TransportFailure): AttemptCommand {
  return { kind: 'broken', failure: failureOfStream(failure) };
}

function failureOfStream({ kind, message, retryAfterMs }: TransportFailure): AttemptFailure {
  switch (kind) {
    case 'reset':
    case 'connectionLost':
      return STREAM_BROKEN;
    case 'throttled':
      return { ...attemptFailure('RT0023', message), retryAfterMs };
    case 'tooLarge':
      return attemptFailure('RT0019', message);
    case 'connect':
    case 'denied':
    case 'http11Only':
    case 'refused':
    case 'protocol':
    case 'unavailable':
    case 'callFailed':
      return attemptFailure('RT0010', message);
  }
}
