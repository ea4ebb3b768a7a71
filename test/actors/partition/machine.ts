// One partition of two over a memory store, driven command by command.
import { must } from '../../../src/actors/domain/assert.ts';
import type { DeploymentId, PartitionNumber } from '../../../src/actors/domain/ids.ts';
import type { Invocation, InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { AwaitedFuture } from '../../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import type { NotificationResult, Outcome } from '../../../src/actors/domain/outcome.ts';
import { durationMs, unixMillis } from '../../../src/actors/domain/time.ts';
import type { CommandMessage } from '../../../src/actors/attempt/service-message.ts';
import { apply } from '../../../src/actors/partition/apply.ts';
import type {
  AttemptEnd,
  PartitionCommand,
  PartitionMessage,
  ProposedEntry,
  InvocationOperation,
  SignalId,
  Submission,
} from '../../../src/actors/partition/command.ts';
import type { PartitionRules } from '../../../src/actors/partition/context.ts';
import type { AttemptInput, PartitionEffect } from '../../../src/actors/partition/effect.ts';
import type { PartitionStore } from '../../../src/actors/ports.ts';
import { MemoryBackend } from '../../../src/storage/memory-backend.ts';
import { openPartitionStore } from '../../../src/storage/partition-store.ts';
import { T0, describeEffect, describeEntry, describeStatus, idOf } from './describe.ts';

export const HERE = 0 as PartitionNumber;
export const ELSEWHERE = 1 as PartitionNumber;
export const PIN = { deploymentId: 'dp_1test' as DeploymentId, protocolVersion: 6 };
export const RETENTION_MS = 60_000;
export const VOID: NotificationResult = { kind: 'void' };

export const GREET: InvocationTarget = { kind: 'service', service: 'Greeter', handler: 'greet' };
export const RUN: InvocationTarget = {
  kind: 'workflow',
  service: 'Signup',
  key: 'w',
  handler: 'run',
  mode: 'run',
};
export const WORKFLOW_SHARED: InvocationTarget = { ...RUN, handler: 'approve', mode: 'shared' };

export function add(key = 'k'): InvocationTarget {
  return { kind: 'virtualObject', service: 'Counter', key, handler: 'add', mode: 'exclusive' };
}

export function read(key = 'k'): InvocationTarget {
  return { kind: 'virtualObject', service: 'Counter', key, handler: 'read', mode: 'shared' };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function success(text: string): Outcome & { kind: 'success' } {
  return { kind: 'success', value: bytes(text) };
}

export function completion(completionId: number): NotificationId {
  return { kind: 'completion', completionId };
}

export function signalId(index: number): SignalId {
  return { kind: 'signal', index };
}

export interface SubmitOptions {
  readonly target?: InvocationTarget | undefined;
  readonly requestId?: string | undefined;
  readonly delayMs?: number | undefined;
  readonly completionRetentionMs?: number | undefined;
  readonly journalRetentionMs?: number | undefined;
  readonly limitKey?: string | undefined;
}

/** An entry with the parts a test cares about; the rest is as the deployment would send it. */
export type EntryParts = Partial<ProposedEntry> & { readonly message: CommandMessage };

export const REACHABLE_STATES = [
  'scheduled',
  'inboxed',
  'invoked',
  'suspended',
  'paused',
  'completed',
] as const;
export type ReachableState = (typeof REACHABLE_STATES)[number];

export class Machine {
  store: PartitionStore;
  nowMs = T0;
  /** Slots by level; the others have any number. */
  readonly limits = new Map<string, number>();
  #backend = new MemoryBackend();
  readonly #rules: PartitionRules;

  constructor(rules: Partial<PartitionRules> = {}) {
    this.#rules = {
      eagerStateBytesMax: 1_000_000,
      pausesAtOnce: false,
      isTracing: true,
      concurrencyLimitOf: (level) => this.limits.get(level) ?? Infinity,
      usesLazyState: () => false,
      findDeployment: () => undefined,
      completionIdsOf: () => [],
      ...rules,
    };
    this.store = this.#open();
  }

  #open(): PartitionStore {
    return openPartitionStore({ backend: this.#backend, partition: HERE, partitionsCount: 2 });
  }

  /** Opens the store again over what is flushed, and recovers. */
  async restart(): Promise<string[]> {
    await this.store.commit();
    this.store = this.#open();
    return this.apply({ kind: 'recover', nowMs: unixMillis(this.nowMs) });
  }

  effects(command: PartitionCommand): PartitionEffect[] {
    const effects: PartitionEffect[] = [];
    apply(this.store, this.#rules, command, effects);
    return effects;
  }

  apply(command: PartitionCommand): string[] {
    return this.effects(command).map(describeEffect);
  }

  call(name: string, options: SubmitOptions = {}): string[] {
    return this.#submit(name, options, true);
  }

  send(name: string, options: SubmitOptions = {}): string[] {
    return this.#submit(name, options, false);
  }

  #submit(name: string, options: SubmitOptions, awaitOutcome: boolean): string[] {
    const requestId = options.requestId ?? `r-${name}`;
    const submission = this.submission(name, options);
    const nowMs = unixMillis(this.nowMs);
    return this.apply({ kind: 'submit', nowMs, requestId, submission, awaitOutcome });
  }

  submission(name: string, options: SubmitOptions = {}): Submission {
    const { target = GREET, delayMs } = options;
    return {
      invocationId: idOf(name),
      target,
      source: { kind: 'ingress', requestId: options.requestId ?? `r-${name}` },
      input: bytes(`input of ${name}`),
      ...(options.limitKey !== undefined && { limitKey: options.limitKey }),
      executeAtMs: delayMs === undefined ? undefined : unixMillis(this.nowMs + delayMs),
      completionRetentionMs: durationMs(options.completionRetentionMs ?? RETENTION_MS),
      journalRetentionMs: durationMs(options.journalRetentionMs ?? RETENTION_MS),
    };
  }

  /** The rules of scopes have changed. */
  limit(limits: Readonly<Record<string, number>>): string[] {
    this.limits.clear();
    for (const [level, limit] of Object.entries(limits)) this.limits.set(level, limit);
    return this.apply({ kind: 'serveSlots', nowMs: unixMillis(this.nowMs) });
  }

  /** An exclusive invocation `name` of key `k` in the given state. `holder` holds the key of an inboxed one. */
  bring(name: string, state: ReachableState, options: SubmitOptions = {}): void {
    const { target = add() } = options;
    if (state === 'inboxed') this.send('holder', { target });
    this.send(name, { ...options, target, delayMs: state === 'scheduled' ? 1000 : undefined });
    if (state === 'suspended') this.suspend(name, [completion(9)]);
    if (state === 'paused') {
      this.end(name, { kind: 'pause', failure: { code: 500, message: 'broken' } });
    }
    if (state === 'completed') this.succeed(name, 'done');
  }

  propose(name: string, parts: EntryParts, epoch = this.#epoch(name)): string[] {
    return this.apply({
      kind: 'entryProposed',
      nowMs: unixMillis(this.nowMs),
      invocationId: idOf(name),
      epoch,
      pin: PIN,
      entry: { payload: bytes(parts.message.kind), ackRequested: false, ...parts },
    });
  }

  end(name: string, end: AttemptEnd, epoch = this.#epoch(name)): string[] {
    const nowMs = unixMillis(this.nowMs);
    return this.apply({ kind: 'attemptEnded', nowMs, invocationId: idOf(name), epoch, end });
  }

  succeed(name: string, value: string): string[] {
    return this.end(name, { kind: 'ended', outcome: success(value) });
  }

  suspend(name: string, awaiting: readonly NotificationId[], replayedLength = 1): string[] {
    return this.suspendOn(name, awaitAny(awaiting), replayedLength);
  }

  suspendOn(name: string, awaiting: AwaitedFuture, replayedLength = 1): string[] {
    return this.end(name, { kind: 'suspended', awaiting, replayedLength });
  }

  signal(name: string, signal: SignalId, result: NotificationResult = VOID): string[] {
    const nowMs = unixMillis(this.nowMs);
    const invocationId = idOf(name);
    return this.apply({ kind: 'signal', nowMs, requestId: 's', invocationId, signal, result });
  }

  cancel(name: string): string[] {
    return this.signal(name, signalId(1));
  }

  operate(name: string, operation: InvocationOperation): string[] {
    const nowMs = unixMillis(this.nowMs);
    const invocationId = idOf(name);
    return this.apply({ kind: 'operate', nowMs, requestId: 'op', invocationId, operation });
  }

  deliver(sequence: number, message: PartitionMessage): string[] {
    const nowMs = unixMillis(this.nowMs);
    return this.apply({ kind: 'deliver', nowMs, from: ELSEWHERE, sequence, message });
  }

  /** Lets time pass and the timers fire. */
  advance(ms: number): string[] {
    this.nowMs += ms;
    return this.apply({ kind: 'timersDue', nowMs: unixMillis(this.nowMs) });
  }

  begin(name: string, epoch = this.#epoch(name)): AttemptInput | undefined {
    const nowMs = unixMillis(this.nowMs);
    const effects = this.effects({ kind: 'beginAttempt', nowMs, invocationId: idOf(name), epoch });
    return effects.find((effect) => effect.kind === 'startAttempt')?.input;
  }

  invocation(name: string): Invocation | undefined {
    return this.store.getInvocation(idOf(name));
  }

  status(name: string): string {
    const invocation = this.invocation(name);
    return invocation === undefined ? 'absent' : describeStatus(invocation);
  }

  journal(name: string): string[] {
    const { number, journalLength } = must(this.invocation(name), `${name} exists`);
    return this.store.readJournal(number, 0, journalLength).map(describeEntry);
  }

  #epoch(name: string): number {
    return must(this.invocation(name), `${name} exists`).epoch;
  }
}
