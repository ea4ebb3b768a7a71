// What the partition machine may read and write, synchronously. Writes are visible to later reads at
// once and become durable with the batch. Implemented by storage/partition-store.ts.
import type { InvocationId, PartitionNumber } from '../domain/ids.ts';
import type { Invocation } from '../domain/invocation.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { JournalEvent } from '../domain/journal-event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { UnixMillis } from '../domain/time.ts';
import type { PartitionMessage } from './command.ts';

/** A keyed service instance: an object or a workflow run. */
export interface ServiceKey {
  readonly service: string;
  readonly key: string;
  /** The namespace of the key, if it is not the common one. */
  readonly scope?: string | undefined;
}

/** Replaces the whole user state of a key. */
export interface StateEdit {
  /** The state that the edit was made for; nothing happens when it has changed since. */
  readonly expectedVersion?: string | undefined;
  readonly entries: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** What waits for a key: an invocation or an edit of the state. */
export type InboxItem = InvocationId | StateEdit;

/**
 * Where invocations of a scope line up for slots. Each handler group has a line of its own (a limit
 * key, a service, the key of an exclusive handler), so that many of one group keep nobody else out.
 */
export interface SlotLine {
  readonly scope: string;
  readonly limitKey?: string | undefined;
  readonly service: string;
  /** Of exclusive handlers only. */
  readonly key?: string | undefined;
}

/** An invocation in a line. Those that have started before go first. */
export interface SlotWaiter {
  readonly sequence: number;
  readonly hasStarted: boolean;
  readonly invocationId: InvocationId;
}

/**
 * Who has slots and who is blocked, in memory: derived from the stored invocations by recovery, kept
 * up to date by `partition/slots.ts` from then on.
 */
export interface SlotLedger {
  /** Slots taken, by level (see `levelsOf`). A level without taken slots is absent. */
  readonly taken: Map<string, number>;
  /** Lines that are not empty, by the level that blocks them; in the order in which they are served. */
  readonly blocked: Map<string, Map<string, SlotLine>>;
  /** The level that blocks a line, by the name of the line. */
  readonly blockedBy: Map<string, string>;
}

/** A durable timer. Rows are ordered by due time, then invocation number, then completion id. */
export interface Timer {
  readonly dueMs: UnixMillis;
  readonly invocationNumber: number;
  /** 0 starts a scheduled invocation; any other number completes that Sleep entry. */
  readonly completionId: number;
  readonly invocationId: InvocationId;
}

/** A durable promise of a workflow: completed, or with invocations waiting for it. */
export type DurablePromise =
  | { readonly kind: 'completed'; readonly outcome: Outcome }
  | { readonly kind: 'awaited'; readonly listeners: readonly PromiseListener[] };

export interface PromiseListener {
  readonly invocationId: InvocationId;
  readonly completionId: number;
}

export interface OutboxMessage {
  readonly to: PartitionNumber;
  readonly sequence: number;
  readonly message: PartitionMessage;
}

/** `restless` leaves out those that something else finds when it is time: a timer, a message, a lock. */
export type WhichUnfinished = 'all' | 'restless';

export interface PartitionState {
  readonly partition: PartitionNumber;
  readonly partitionsCount: number;

  /** Next monotonic invocation number; each call returns a fresh one. */
  nextInvocationNumber(): number;

  getInvocation(id: InvocationId): Invocation | undefined;
  putInvocation(invocation: Invocation): void;
  deleteInvocation(invocation: Invocation): void;
  /** Stored invocations that are not completed, in number order. */
  unfinishedInvocations(which: WhichUnfinished): Iterable<Invocation>;

  appendJournal(invocationNumber: number, index: number, entry: JournalEntry): void;
  /** Entries `from` (inclusive) to `to` (exclusive), in order. Asserts that none is missing. */
  readJournal(invocationNumber: number, from: number, to: number): JournalEntry[];
  deleteJournal(invocationNumber: number, length: number): void;

  /** Events of an invocation, numbered from 0. */
  putEvent(invocationNumber: number, index: number, event: JournalEvent): void;
  getEvent(invocationNumber: number, index: number): JournalEvent | undefined;
  deleteEvents(invocationNumber: number, count: number): void;

  getUserState(owner: ServiceKey, stateKey: Uint8Array): Uint8Array | undefined;
  setUserState(owner: ServiceKey, stateKey: Uint8Array, value: Uint8Array): void;
  clearUserState(owner: ServiceKey, stateKey: Uint8Array): void;
  clearAllUserState(owner: ServiceKey): void;
  /** In lexicographic key order, without copying more than the caller consumes. */
  listUserState(owner: ServiceKey): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;

  /** The invocation that holds the key, if any. */
  getLock(owner: ServiceKey): InvocationId | undefined;
  setLock(owner: ServiceKey, holder: InvocationId): void;
  releaseLock(owner: ServiceKey): void;

  /** Appends to the queue of the key and returns the entry's sequence number. */
  pushInbox(owner: ServiceKey, item: InboxItem): number;
  /** Removes and returns the head of the queue. */
  popInbox(owner: ServiceKey): InboxItem | undefined;
  removeFromInbox(owner: ServiceKey, sequence: number): void;

  readonly slots: SlotLedger;
  /** Appends to the line and returns the entry's sequence number. */
  pushSlotWaiter(line: SlotLine, hasStarted: boolean, invocationId: InvocationId): number;
  firstSlotWaiter(line: SlotLine): SlotWaiter | undefined;
  removeSlotWaiter(line: SlotLine, hasStarted: boolean, sequence: number): void;

  putTimer(timer: Timer): void;
  deleteTimer(timer: Timer): void;
  /** The earliest timers, at most `limit`; only those due by then when `dueByMs` is given. */
  firstTimers(limit: number, dueByMs?: UnixMillis): Timer[];

  getPromise(owner: ServiceKey, promiseKey: string): DurablePromise | undefined;
  putPromise(owner: ServiceKey, promiseKey: string, promise: DurablePromise): void;
  clearAllPromises(owner: ServiceKey): void;

  /** Remembers that a part of the completed invocation expires. May be taken up to 100 ms late. */
  putExpiry(invocation: Invocation, expiresAtMs: UnixMillis): void;
  /** Forgets and returns what has expired, the earliest first; a little over `limit` at most. */
  takeExpired(nowMs: UnixMillis, limit: number): InvocationId[];

  /** Appends to the outbox for `to` and returns the message's sequence number (1, 2, …). */
  pushOutbox(to: PartitionNumber, message: PartitionMessage): number;
  /** Deletes the messages for `to` up to and including `sequence`. */
  truncateOutbox(to: PartitionNumber, sequence: number): void;
  /** Every message not yet acknowledged, ordered by receiver and sequence. */
  outboxMessages(): Iterable<OutboxMessage>;

  /** Highest sequence number applied from partition `from`; 0 before the first. */
  getDedup(from: PartitionNumber): number;
  setDedup(from: PartitionNumber, sequence: number): void;
}
