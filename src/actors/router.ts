// Routes each request to the thread of its partition and its reply back. Thread: main.
//   R1. A request is answered exactly once: with the partition's reply, or with a refusal.
//   R2. A request in flight when its thread is replaced is sent again if that cannot repeat anything.
import { assert, must } from './domain/assert.ts';
import type { AttemptStatus } from './domain/attempt-status.ts';
import { partitionOf, partitionOfKey } from './domain/ids.ts';
import type { InvocationId, PartitionNumber } from './domain/ids.ts';
import { underTrace } from './domain/invocation.ts';
import { keyedPartitionKey } from './domain/make-invocation-id.ts';
import type { NotificationResult } from './domain/outcome.ts';
import type { Schema } from './domain/schema.ts';
import type { UnixMillis } from './domain/time.ts';
import type { TraceOrigin } from './domain/trace.ts';
import type { SnapshotNeeds, ToMainThread, ToPartitionThread } from './messages.ts';
import { GatewayUnavailableError } from './ports.ts';
import type { IngressSubmission, InvocationGateway, InvocationOperator } from './ports.ts';
import type { InvocationOperation, PartitionCommand, SignalId } from './partition/command.ts';
import type { OperationOutcome, RequestReply } from './partition/effect.ts';
import type { ServiceKey, StateEdit } from './partition/state.ts';
import { QueryCensus } from './query-census.ts';
import type { ThreadChannel } from './thread-channel.ts';

export type PartitionThreadChannel = ThreadChannel<ToMainThread, ToPartitionThread>;

interface PendingRequest {
  readonly partition: PartitionNumber;
  readonly command: PartitionCommand;
  readonly resolve: (reply: RequestReply) => void;
  readonly reject: (error: Error) => void;
}

type ThreadState =
  | { readonly kind: 'absent' }
  /** Nothing can be stored; requests are refused instead of waiting for a successor. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'recovering'; readonly channel: PartitionThreadChannel }
  | { readonly kind: 'ready'; readonly channel: PartitionThreadChannel };

export interface RouterOptions {
  readonly partitionsCount: number;
  readonly threadsCount: number;
  readonly now: () => UnixMillis;
  /** Makes the request ids of this process unlike those of any other. */
  readonly bootId: string;
  readonly schema: () => Schema;
}

/** Requests to partitions. */
export interface RequestStatistics {
  readonly inFlightCount: number;
  /** By partition. */
  readonly answeredCounts: Float64Array;
  readonly refusedCounts: Float64Array;
}

export class Router implements InvocationGateway, InvocationOperator {
  readonly #options: RouterOptions;
  readonly #threads: ThreadState[];
  readonly #pending = new Map<string, PendingRequest>();
  readonly #census = new QueryCensus();
  readonly #answeredCounts: Float64Array;
  readonly #refusedCounts: Float64Array;
  #requestsCount = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#threads = Array.from({ length: options.threadsCount }, () => ({ kind: 'absent' }));
    this.#answeredCounts = new Float64Array(options.partitionsCount);
    this.#refusedCounts = new Float64Array(options.partitionsCount);
  }

  send(submission: IngressSubmission, trace?: TraceOrigin): Promise<RequestReply> {
    return this.#submit(submission, trace, false);
  }

  call(submission: IngressSubmission, trace?: TraceOrigin): Promise<RequestReply> {
    return this.#submit(submission, trace, true);
  }

  attach(invocationId: InvocationId): Promise<RequestReply> {
    const requestId = this.#nextRequestId();
    return this.#request(requestId, invocationId, { kind: 'attach', requestId, invocationId });
  }

  getOutput(invocationId: InvocationId): Promise<RequestReply> {
    const requestId = this.#nextRequestId();
    return this.#request(requestId, invocationId, { kind: 'getOutput', requestId, invocationId });
  }

  signal(
    invocationId: InvocationId,
    signal: SignalId,
    result: NotificationResult,
  ): Promise<RequestReply> {
    const requestId = this.#nextRequestId();
    const nowMs = this.#options.now();
    const command = { kind: 'signal', nowMs, requestId, invocationId, signal, result } as const;
    return this.#request(requestId, invocationId, command);
  }

  async operate(
    invocationId: InvocationId,
    operation: InvocationOperation,
  ): Promise<OperationOutcome> {
    const requestId = this.#nextRequestId();
    const nowMs = this.#options.now();
    const command = { kind: 'operate', nowMs, requestId, invocationId, operation } as const;
    const reply = await this.#request(requestId, invocationId, command);
    assert(reply.kind === 'operated', 'an operation is answered with its outcome');
    return reply.outcome;
  }

  async editState(owner: ServiceKey, edit: StateEdit): Promise<void> {
    const requestId = this.#nextRequestId();
    const nowMs = this.#options.now();
    const partitionKey = keyedPartitionKey(owner.scope ?? owner.key);
    const partition = partitionOfKey(partitionKey, this.#options.partitionsCount);
    const command = { kind: 'editState', nowMs, requestId, owner, edit } as const;
    await this.#requestOf(partition, requestId, command);
  }

  /**
   * Resolves once snapshots show everything that is flushed, with what is known of the attempts in
   * question. A thread that starts, or is being replaced, is waited for; one that can store nothing may
   * lack what was flushed, and has the query refused.
   */
  settle(needs: SnapshotNeeds): Promise<readonly AttemptStatus[]> {
    const { partitionsCount } = this.#options;
    const { ids } = needs;
    const asked = ids && new Set(ids.map((id) => this.#threadOf(partitionOf(id, partitionsCount))));
    const threads = [...(asked ?? this.#threads.keys())];
    const settled = this.#census.take(threads, (thread, requestId) =>
      this.#postIfReady(thread, { kind: 'settle', requestId, ...needs }),
    );
    for (const thread of threads) {
      const state = this.#threads[thread];
      if (state?.kind === 'unavailable') this.#census.refuse(thread, state.reason);
    }
    return settled;
  }

  /** Partitions that live on a thread. */
  partitionsOf(thread: number): PartitionNumber[] {
    const partitions: PartitionNumber[] = [];
    for (
      let number = thread;
      number < this.#options.partitionsCount;
      number += this.#threads.length
    ) {
      partitions.push(number as PartitionNumber);
    }
    return partitions;
  }

  threadStarted(thread: number, channel: PartitionThreadChannel): void {
    this.#threads[thread] = { kind: 'recovering', channel };
    channel.postAlone({ kind: 'schema', schema: this.#options.schema() });
  }

  /** Every thread has recovered its partitions. */
  isReady(): boolean {
    return this.#threads.every(({ kind }) => kind === 'ready');
  }

  /** The thread cannot store anything: whoever waits for it is told, and whoever asks from now on. */
  storageFailed(thread: number, message: string): void {
    const reason = `the partition can store nothing now (${message}).`;
    this.#threads[thread] = { kind: 'unavailable', reason };
    this.#refusePending((partition) => this.#threadOf(partition) === thread, reason);
    this.#census.refuse(thread, reason);
  }

  /** The thread is gone, with everything that was on its way to or from it. */
  threadLost(thread: number): void {
    if (this.#threads[thread]?.kind === 'unavailable') return;
    this.#threads[thread] = { kind: 'absent' };
    const reason = 'the partition restarted while it handled the request';
    this.#refusePending(
      (partition, command) => this.#threadOf(partition) === thread && !isRepeatable(command),
      reason,
    );
  }

  get statistics(): RequestStatistics {
    return {
      inFlightCount: this.#pending.size,
      answeredCounts: this.#answeredCounts,
      refusedCounts: this.#refusedCounts,
    };
  }

  receive(thread: number, message: ToMainThread): void {
    switch (message.kind) {
      case 'ready':
        return this.#threadReady(thread);
      case 'storageFailed':
        return this.storageFailed(thread, message.failure.message);
      case 'reply': {
        const pending = this.#pending.get(message.requestId);
        if (pending === undefined) return;
        this.#pending.delete(message.requestId);
        count(this.#answeredCounts, pending.partition);
        pending.resolve(message.reply);
        return;
      }
      case 'settled':
        return this.#census.hear(message.requestId, thread, message.statuses);
      case 'deliver':
      case 'ackDelivery':
        return this.#postIfReady(this.#threadOf(message.to), message);
      case 'pong':
      case 'report':
      case 'snapshotStepDone':
        // For the supervisor.
        return;
    }
  }

  publishSchema(schema: Schema): void {
    for (const thread of this.#threads) {
      if ('channel' in thread) thread.channel.postAlone({ kind: 'schema', schema });
    }
  }

  /** Refuses everything that still waits; the process is about to end. */
  close(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new GatewayUnavailableError('the server stops'));
  }

  #submit(
    submission: IngressSubmission,
    trace: TraceOrigin | undefined,
    awaitOutcome: boolean,
  ): Promise<RequestReply> {
    const requestId = this.#nextRequestId();
    const { invocationId } = submission;
    return this.#request(requestId, invocationId, {
      kind: 'submit',
      nowMs: this.#options.now(),
      requestId,
      submission: {
        invocationId,
        hasNewId: submission.hasNewId,
        target: submission.target,
        source: underTrace({ kind: 'ingress', requestId }, trace),
        input: submission.input,
        idempotencyKey: submission.idempotencyKey,
        limitKey: submission.limitKey,
        executeAtMs: submission.executeAtMs,
        completionRetentionMs: submission.completionRetentionMs,
        journalRetentionMs: submission.journalRetentionMs,
      },
      awaitOutcome,
    });
  }

  #request(
    requestId: string,
    concerns: InvocationId,
    command: PartitionCommand,
  ): Promise<RequestReply> {
    const partition = partitionOf(concerns, this.#options.partitionsCount);
    return this.#requestOf(partition, requestId, command);
  }

  #requestOf(
    partition: PartitionNumber,
    requestId: string,
    command: PartitionCommand,
  ): Promise<RequestReply> {
    const state = this.#threads[this.#threadOf(partition)];
    if (state?.kind === 'unavailable') {
      count(this.#refusedCounts, partition);
      return Promise.reject(new GatewayUnavailableError(state.reason));
    }
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { partition, command, resolve, reject });
      this.#postIfReady(this.#threadOf(partition), { kind: 'command', partition, command });
    });
  }

  #refusePending(
    isRefused: (partition: PartitionNumber, command: PartitionCommand) => boolean,
    reason: string,
  ): void {
    for (const [requestId, { partition, command, reject }] of this.#pending) {
      if (!isRefused(partition, command)) continue;
      this.#pending.delete(requestId);
      count(this.#refusedCounts, partition);
      reject(new GatewayUnavailableError(reason));
    }
  }

  #threadReady(thread: number): void {
    const state = must(this.#threads[thread], 'a thread that reports is known');
    if (state.kind !== 'recovering') return;
    this.#threads[thread] = { kind: 'ready', channel: state.channel };
    // Keeps R2: whatever the lost thread had not answered is asked again.
    for (const { partition, command } of this.#pending.values()) {
      if (this.#threadOf(partition) !== thread) continue;
      state.channel.post({ kind: 'command', partition, command: sentAgain(command) });
    }
    this.#census.askAgain(thread);
    const to = this.partitionsOf(thread);
    for (let other = 0; other < this.#threads.length; other += 1) {
      if (other !== thread) this.#postIfReady(other, { kind: 'resendOutbox', to });
    }
  }

  #postIfReady(thread: number, message: ToPartitionThread): void {
    const state = this.#threads[thread];
    if (state?.kind === 'ready') state.channel.post(message);
  }

  #threadOf(partition: PartitionNumber): number {
    return partition % this.#threads.length;
  }

  #nextRequestId(): string {
    this.#requestsCount += 1;
    return this.#options.bootId + this.#requestsCount.toString(36);
  }
}

function count(counts: Float64Array, partition: PartitionNumber): void {
  counts[partition] = (counts[partition] ?? 0) + 1;
}

/** The partition may have taken the command before it lost its thread. */
function sentAgain(command: PartitionCommand): PartitionCommand {
  if (command.kind !== 'submit') return command;
  return { ...command, submission: { ...command.submission, hasNewId: false } };
}

/** Applied twice, the command has the effect of once: the invocation id tells it apart. */
function isRepeatable(command: PartitionCommand): boolean {
  // An invocation that keeps nothing would run again if its outcome was lost with the thread.
  if (command.kind === 'submit') return command.submission.completionRetentionMs > 0;
  if (command.kind === 'operate') return isRepeatableOperation(command.operation);
  // The version tells whether the edit has happened.
  if (command.kind === 'editState') return command.edit.expectedVersion !== undefined;
  return command.kind === 'attach' || command.kind === 'getOutput';
}

/** The others would answer that there is nothing left to end or to delete. */
function isRepeatableOperation({ kind }: InvocationOperation): boolean {
  return (
    kind === 'pause' || kind === 'resume' || kind === 'purgeJournal' || kind === 'restartAsNew'
  );
}
