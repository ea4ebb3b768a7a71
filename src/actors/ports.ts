// Interfaces that actors own and that storage and io implement.
import type { AddressUpdate, DeploymentEndpoint, EndpointAddress } from './domain/endpoint.ts';
import type { DeploymentId, InvocationId, SubscriptionId, PartitionNumber } from './domain/ids.ts';
import type { KafkaCluster, Subscription } from './domain/kafka.ts';
import type { DiscoveredDeployment } from './domain/manifest.ts';
import type { MetricSample } from './domain/metric-sample.ts';
import type { AttemptFailure } from './attempt/failure.ts';
import type { DeploymentMessage, Header, ServerMessage } from './attempt/service-message.ts';
import type { InvocationTarget } from './domain/invocation.ts';
import type { CommandEntry, JournalEntry } from './domain/journal.ts';
import type { NotificationResult, Outcome } from './domain/outcome.ts';
import type {
  RuleChange,
  RuleChangeResult,
  RuleRemoval,
  RuleRemovalResult,
} from './domain/rule-book.ts';
import type { Deployment, Schema, ServiceRevision } from './domain/schema.ts';
import type { InvocationCounts, PartitionProgress } from './domain/statistics.ts';
import type { DurationMs } from './domain/time.ts';
import type { TraceOrigin } from './domain/trace.ts';
import type { AttemptEnd, InvocationOperation, SignalId, Submission } from './partition/command.ts';
import type { OperationOutcome, RequestReply } from './partition/effect.ts';
import type { PartitionState, ServiceKey, StateEdit } from './partition/state.ts';
import type { NewSubscription } from './schema/kafka.ts';
import type { ServiceSettings } from './schema/modify-service.ts';
import type { Refused, SchemaRefusal } from './schema/refusal.ts';

/** The state of one partition together with its only door to durability. */
export interface PartitionStore extends PartitionState {
  /** Writes applied since the last commit exist. */
  hasUncommittedWrites(): boolean;
  /**
   * Hands every write since the last commit to the log as one atomic batch. Resolves once the batch
   * is flushed to disk. Batches of one partition are flushed in the order of their commits.
   * Rejects when the batch may not be durable; the store must not be used any more then.
   */
  commit(): Promise<void>;
  /** Resolves once snapshots that other threads take show every batch committed so far. */
  settle(): Promise<void>;
  /** Of the partition as it is now; right once `unfinishedInvocations`, of either kind, was read to its end. */
  readonly invocationCounts: Readonly<InvocationCounts>;
  close(): Promise<void>;
}

export interface DeploymentRequest {
  readonly endpoint: DeploymentEndpoint;
  readonly method: 'GET' | 'POST';
  /** Absolute path below the deployment's prefix, for example `/invoke/Greeter/greet`. */
  readonly path: string;
  /** In the order they are sent; names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

/** Why a stream failed. `message` is complete enough to be shown as an invocation's last failure. */
export interface TransportFailure {
  readonly kind:
    | 'connect'
    /** The configuration forbids connections to where the deployment is. */
    | 'denied'
    | 'http11Only'
    | 'reset'
    | 'connectionLost'
    | 'refused'
    | 'protocol'
    /** Who stands between the server and the deployment cannot serve now. */
    | 'unavailable'
    | 'throttled'
    /** The request or its answer is larger than somebody on the way takes. */
    | 'tooLarge'
    /** The call was not allowed, or what was called failed before it could answer. */
    | 'callFailed';
  readonly message: string;
  /** Wait exactly this long, if the request is sent again. */
  readonly retryAfterMs?: DurationMs | undefined;
}

/** Hears one stream. Nothing is called after `onEnd` or `onFailure`. */
export interface DeploymentStreamListener {
  onResponse(status: number, headers: Readonly<Record<string, string>>): void;
  /** The chunk belongs to the listener from now on. */
  onData(chunk: Uint8Array): void;
  /** The response is complete. */
  onEnd(): void;
  onFailure(failure: TransportFailure): void;
}

/** One full-duplex HTTP exchange. Writes after `end` or `reset`, or after a failure, are ignored. */
export interface DeploymentStream {
  /** Bytes belong to the stream from now on. Writes of one event-loop turn leave together. */
  write(bytes: Uint8Array): void;
  /** Ends the request body. */
  end(): void;
  /** Abandons the stream (RST_STREAM CANCEL); the listener hears nothing more. */
  reset(): void;
}

/** Sends requests to deployments over pooled connections. Never throws; failures reach the listener. */
export interface DeploymentTransport {
  open(request: DeploymentRequest, listener: DeploymentStreamListener): DeploymentStream;
  /** Ends every connection; open streams fail. */
  close(): Promise<void>;
}

/** Proves to deployments who calls them. */
export interface RequestIdentity {
  /**
   * Headers for one request. `path` is without the deployment's prefix; `objectKey` is that of the
   * invocation's target, `undefined` when it has none.
   */
  headersFor(
    path: string,
    objectKey: string | undefined,
  ): ReadonlyArray<readonly [name: string, value: string]>;
}

/** Persists the schema on the main thread. */
export interface SchemaStore {
  load(): Schema;
  /** Resolves once flushed. Rejects with `StorageUnavailableError` when the change may not be durable. */
  save(schema: Schema): Promise<void>;
  close(): Promise<void>;
}

/** What the ingress may ask of the invocations. Implemented by the router. */
export interface InvocationGateway {
  /** Resolves with `accepted` once durable. */
  send(submission: IngressSubmission, trace?: TraceOrigin): Promise<RequestReply>;
  /** Resolves with the outcome, however long it takes. */
  call(submission: IngressSubmission, trace?: TraceOrigin): Promise<RequestReply>;
  attach(invocationId: InvocationId): Promise<RequestReply>;
  getOutput(invocationId: InvocationId): Promise<RequestReply>;
  signal(
    invocationId: InvocationId,
    signal: SignalId,
    result: NotificationResult,
  ): Promise<RequestReply>;
}

/** What the admin API may do to invocations and their state. Implemented by the router. */
export interface InvocationOperator {
  /** Resolves once what the operation changed is durable. */
  operate(invocationId: InvocationId, operation: InvocationOperation): Promise<OperationOutcome>;
  /** Resolves once the edit is durable; it may still wait for its turn then. */
  editState(owner: ServiceKey, edit: StateEdit): Promise<void>;
}

/** A submission without its source: the gateway names the request. */
export type IngressSubmission = Omit<Submission, 'source'>;

/** Thrown by the gateway when the partition cannot be reached and the request was not kept. */
export class GatewayUnavailableError extends Error {
  override readonly name = 'GatewayUnavailableError';
}

/** What operators may ask about the partition threads. Implemented by the supervisor. */
export interface PartitionThreadInspector {
  threads(): readonly PartitionThreadState[];
  /** Asks every thread; one that does not answer soon has no report. */
  inspect(): Promise<readonly ThreadFindings[]>;
}

export interface PartitionThreadState {
  readonly thread: number;
  readonly partitions: readonly PartitionNumber[];
  /** It has recovered and takes commands. */
  readonly isReady: boolean;
  /** It has not answered the watchdog for too long. */
  readonly isHung: boolean;
  /** How long it has left the watchdog without an answer. Unit: milliseconds. */
  readonly silentMs: number;
  /** The first start included. */
  readonly startsCount: number;
}

export interface ThreadFindings extends PartitionThreadState {
  readonly report: ThreadReport | undefined;
}

/** What a partition thread says of itself. */
export interface ThreadReport {
  readonly samples: readonly MetricSample[];
  readonly partitions: readonly PartitionReport[];
  /** Versions that the partitions work with. */
  readonly schemaVersion: number;
  readonly ruleBookVersion: number;
}

export interface PartitionReport {
  readonly partition: PartitionNumber;
  readonly progress: Readonly<PartitionProgress>;
  readonly invocations: Readonly<InvocationCounts>;
}

/** The current schema; `current()` returns the same object until something changes. */
export interface SchemaReader {
  current(): Schema;
}

/** Which endpoint is asked for its manifest, and how. */
export interface DiscoveryRequest {
  readonly address: EndpointAddress;
  /** Asks an HTTP endpoint in HTTP/1.1 instead of HTTP/2. */
  readonly useHttp11: boolean;
  readonly additionalHeaders: Readonly<Record<string, string>>;
}

/** Why no usable manifest came back. `message` is shown to the client. */
export interface DiscoveryFailure {
  readonly kind:
    | 'unreachable'
    | 'denied'
    | 'http11Only'
    | 'badResponse'
    | 'unsupportedProtocol'
    | 'unsupportedMode'
    | 'undecodable';
  readonly message: string;
}

export type DiscoveryResult =
  | { readonly kind: 'discovered'; readonly discovered: DiscoveredDeployment }
  | { readonly kind: 'discoveryFailed'; readonly failure: DiscoveryFailure };

/** Asks endpoints for their manifest. Never throws and always answers within a bounded time. */
export interface DeploymentDiscovery {
  discover(request: DiscoveryRequest): Promise<DiscoveryResult>;
}

export interface RegisterDeployment extends DiscoveryRequest {
  readonly metadata: Readonly<Record<string, string>>;
  /** Replaces a deployment with the same address, and allows what `breaking` allows. */
  readonly force: boolean;
  /** Allows a service to change its type. */
  readonly breaking: boolean;
  /** Answers what would happen, and changes nothing. */
  readonly dryRun: boolean;
}

/** Fields left out keep what is stored. */
export interface UpdateDeployment {
  readonly id: DeploymentId;
  readonly address?: AddressUpdate | undefined;
  readonly additionalHeaders?: Readonly<Record<string, string>> | undefined;
  /** Replaces the stored services too. */
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

/** Why a change of the schema did not happen. */
export type SchemaChangeFailure =
  | { readonly kind: 'discoveryFailed'; readonly failure: DiscoveryFailure }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };

export type RegisterResult =
  | {
      readonly kind: 'existing' | 'created' | 'replaced';
      readonly deployment: Deployment;
    }
  | SchemaChangeFailure;

export type UpdateResult =
  | { readonly kind: 'updated'; readonly deployment: Deployment }
  | { readonly kind: 'unknownDeployment' }
  | SchemaChangeFailure;

/**
 * What the admin API may ask of the schema. A promise resolves once the change is durable; it
 * rejects when the change could not be stored, and nothing has changed then.
 */
export interface SchemaRegistry extends SchemaReader, KafkaRegistry {
  register(request: RegisterDeployment): Promise<RegisterResult>;
  update(request: UpdateDeployment): Promise<UpdateResult>;
  remove(id: DeploymentId): Promise<'removed' | 'unknownDeployment'>;
  modifyService(service: string, settings: ServiceSettings): Promise<ChangeResult<ServiceRevision>>;
  /** Makes or replaces rules of scopes, all of them or none. */
  changeRules(changes: readonly RuleChange[]): Promise<RuleChangeResult>;
  /** Removes rules of scopes, all of them or none. */
  removeRules(removals: readonly RuleRemoval[]): Promise<RuleRemovalResult>;
}

export type ChangeResult<T> = { readonly kind: 'changed'; readonly value: T } | Refused;

/** Like `SchemaRegistry`, for Kafka. */
export interface KafkaRegistry {
  createKafkaCluster(
    name: string,
    properties: KafkaCluster['properties'],
  ): Promise<ChangeResult<KafkaCluster>>;
  updateKafkaCluster(
    name: string,
    properties: KafkaCluster['properties'],
  ): Promise<ChangeResult<KafkaCluster>>;
  /** `force` removes it even if subscriptions need it. */
  removeKafkaCluster(
    name: string,
    options: { readonly force: boolean },
  ): Promise<ChangeResult<undefined>>;
  createSubscription(
    subscription: Omit<NewSubscription, 'id'>,
  ): Promise<ChangeResult<Subscription>>;
  removeSubscription(id: SubscriptionId): Promise<ChangeResult<undefined>>;
}

/** A value for a serde of a deployment: `decode` makes JSON of what handlers wrote, `encode` the reverse. */
export interface SerdeRequest {
  readonly deployment: Deployment;
  readonly service: string;
  readonly direction: 'decode' | 'encode';
  readonly serde: string;
  readonly value: Uint8Array;
}

export type SerdeResult =
  | { readonly kind: 'converted'; readonly value: Uint8Array }
  /** `message` is shown to the client. */
  | { readonly kind: 'failed'; readonly message: string };

/** Has deployments convert values. Never throws and always answers within a bounded time. */
export interface SerdeClient {
  convert(request: SerdeRequest): Promise<SerdeResult>;
}

/** One step of reading a deployment's response. */
export type ReceivedMessage =
  | {
      readonly kind: 'message';
      readonly message: DeploymentMessage;
      /** The payload bytes as received. */
      readonly payload: Uint8Array;
      readonly ackRequested: boolean;
    }
  | { readonly kind: 'needMoreBytes' }
  /** The deployment broke the protocol; nothing after this can be read. */
  | { readonly kind: 'invalid'; readonly reason: InvalidMessage; readonly text: string };

export type InvalidMessage = 'tooLarge' | 'tooDeep' | 'malformed';

/** Reads the frames of one response stream. */
export interface MessageReader {
  push(chunk: Uint8Array): void;
  next(): ReceivedMessage;
}

/** Collects frames for one request stream. */
export interface MessageWriter {
  writeMessage(message: ServerMessage): void;
  writeEntry(entry: JournalEntry): void;
  /** Everything written since the last call, in one piece. */
  take(): Uint8Array;
}

/** The service protocol without sockets. Implemented by io/service-protocol. */
export interface ServiceProtocol {
  /** Version for a new invocation, or `undefined` when the ranges do not meet. */
  negotiateVersion(min: number, max: number): number | undefined;
  contentType(version: number): string;
  createReader(version: number): MessageReader;
  createWriter(): MessageWriter;
  /** Payload of an Input entry. */
  encodeInput(headers: readonly Header[], value: Uint8Array): Uint8Array;
  /** The outcome in the payload of a journaled Output entry. */
  decodeOutput(payload: Uint8Array): Outcome;
  /** Ids of the completions that answer a journaled command entry. */
  completionIdsOf(entry: CommandEntry): readonly number[];
}

/** Hears what operators want to know of attempts. */
export interface AttemptObserver {
  attemptFailed(report: AttemptFailureReport): void;
  /** A message of a deployment is larger than is good. */
  largeMessageReceived(report: LargeMessageReport): void;
}

export interface LargeMessageReport {
  readonly invocationId: InvocationId;
  readonly target: InvocationTarget;
  readonly deploymentId: DeploymentId;
  readonly message: DeploymentMessage['kind'];
  readonly bytes: number;
}

export interface AttemptFailureReport {
  readonly invocationId: InvocationId;
  readonly target: InvocationTarget;
  /** Absent when no deployment could be found. */
  readonly deploymentId?: DeploymentId | undefined;
  readonly failure: AttemptFailure;
  /** What follows: a retry, a pause or the end of the invocation. */
  readonly end: AttemptEnd;
}

/** A value of a query, without its type. Lists are arrays, structs are objects in field order. */
export type QueryValue =
  | null
  | boolean
  | number
  /** Integers of 64 and more bits; timestamps in their unit since the epoch; durations. */
  | bigint
  /** Texts; decimals, dates, times and intervals in their text form. */
  | string
  | Uint8Array
  | readonly QueryValue[]
  | { readonly [field: string]: QueryValue };

/** Types as the reference's Arrow replies have them. */
export type QueryType =
  | {
      readonly kind:
        | 'null'
        | 'boolean'
        | 'int8'
        | 'int16'
        | 'int32'
        | 'int64'
        | 'uint8'
        | 'uint16'
        | 'uint32'
        | 'uint64'
        | 'float32'
        | 'float64'
        /** Literals and what functions make; columns of tables are `largeUtf8`. */
        | 'utf8'
        | 'largeUtf8'
        | 'largeBinary'
        | 'date'
        | 'time'
        /** Milliseconds. */
        | 'duration'
        | 'interval';
    }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'timestamp'; readonly unit: 's' | 'ms' | 'us' | 'ns'; readonly isUtc: boolean }
  | { readonly kind: 'list'; readonly element: QueryType }
  | { readonly kind: 'struct'; readonly fields: readonly QueryColumn[] };

export interface QueryColumn {
  /** Not unique: `SELECT 1 AS a, 2 AS a`. */
  readonly name: string;
  readonly type: QueryType;
  readonly nullable: boolean;
}

/** Consecutive rows of a result, by column. */
export interface QueryBatch {
  readonly rowsCount: number;
  readonly columns: ReadonlyArray<readonly QueryValue[]>;
}

export interface QueryOptions {
  /** Values of `$1`, `$2`, … in this order. */
  readonly parameters?: readonly QueryValue[] | undefined;
  /** Ends the query, before or while its batches are read. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the server's limit, which a larger value does not exceed. */
  readonly timeoutMs?: DurationMs | undefined;
  /** Rows after these are not read; no error. Default: all. */
  readonly maxRows?: number | undefined;
}

export interface QueryResult<Batch> {
  readonly columns: readonly QueryColumn[];
  /**
   * To be iterated once, to its end or until `return`; the next batch is made when it is asked for.
   * Throws `QueryError` when the query fails on the way. Empty when there are no rows.
   */
  readonly batches: AsyncIterable<Batch>;
  /** The only batch, when it is known to be that: instead of `batches`. */
  readonly whole?: Batch | undefined;
}

/** Of a statement that has not been run. */
export interface QueryDescription {
  /** `undefined` where the statement leaves the type open. */
  readonly parameterTypes: ReadonlyArray<QueryType | undefined>;
  /** Empty for a statement without result. */
  readonly columns: readonly QueryColumn[];
}

/**
 * Read-only SQL over everything the server knows. One statement at a time; throws `QueryError` of
 * `domain/query-error.ts`.
 */
export interface QueryEngine {
  /** A query is to be expected: the first one need not wait for the engine. */
  warmUp(): void;
  query(sql: string, options?: QueryOptions): Promise<QueryResult<QueryBatch>>;
  /** The same rows as one JSON document, or as one Arrow IPC stream, in pieces to be concatenated. */
  encode(
    sql: string,
    format: 'json' | 'arrow',
    options?: QueryOptions,
  ): Promise<QueryResult<Uint8Array>>;
  describe(sql: string): Promise<QueryDescription>;
}
