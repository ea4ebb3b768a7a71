// The state of one partition over a key-value backend. Thread: the partition's, one store per partition.
//   S1. Reads see every write at once, whether it is committed, flushed, or neither.
//   S2. A commit is one batch of the backend; batches are flushed in the order of the commits.
//   S3. After a failed commit nothing more is committed: later batches would build on lost ones.
import { assert } from '../actors/domain/assert.ts';
import type { InvocationId, PartitionNumber } from '../actors/domain/ids.ts';
import type { Invocation } from '../actors/domain/invocation.ts';
import type { JournalEntry } from '../actors/domain/journal.ts';
import type { JournalEvent } from '../actors/domain/journal-event.ts';
import type { InvocationCounts } from '../actors/domain/statistics.ts';
import type { UnixMillis } from '../actors/domain/time.ts';
import type {
  DurablePromise,
  InboxItem,
  OutboxMessage,
  ServiceKey,
  SlotLedger,
  SlotLine,
  SlotWaiter,
  Timer,
  WhichUnfinished,
} from '../actors/partition/state.ts';
import type { PartitionStore } from '../actors/ports.ts';
import type { KeyValueBackend } from './key-value-backend.ts';
import { DedupTable } from './tables/dedup.ts';
import { ExpiryTable } from './tables/expiry.ts';
import { InboxTable } from './tables/inbox.ts';
import { InvocationTable } from './tables/invocation.ts';
import { JournalTable } from './tables/journal.ts';
import { JournalEventTable } from './tables/journal-event.ts';
import { LockTable } from './tables/lock.ts';
import { OutboxTable } from './tables/outbox.ts';
import { PromiseTable } from './tables/promise.ts';
import { SlotLineTable } from './tables/slot-line.ts';
import { TimerTable } from './tables/timer.ts';
import { UserStateTable } from './tables/user-state.ts';
import { forgetterOf, type SealedBatch, WriteSet } from './write-set.ts';

export interface PartitionStoreOptions {
  /** May be shared with the stores of other partitions; closing the store leaves it open. */
  readonly backend: KeyValueBackend;
  readonly partition: PartitionNumber;
  readonly partitionsCount: number;
}

/** Opens the store of one partition. At most one store of a partition may be open. */
export function openPartitionStore(options: PartitionStoreOptions): PartitionStore {
  return new BackedPartitionStore(options);
}

class BackedPartitionStore implements PartitionStore {
  readonly partition: PartitionNumber;
  readonly partitionsCount: number;
  readonly slots: SlotLedger = { taken: new Map(), blocked: new Map(), blockedBy: new Map() };
  readonly #backend: KeyValueBackend;
  readonly #writeSet = new WriteSet();
  readonly #invocations: InvocationTable;
  readonly #journals: JournalTable;
  readonly #events: JournalEventTable;
  readonly #userState: UserStateTable;
  readonly #locks: LockTable;
  readonly #inboxes: InboxTable;
  readonly #slotLines: SlotLineTable;
  readonly #timers: TimerTable;
  readonly #promises: PromiseTable;
  readonly #expiries: ExpiryTable;
  readonly #outbox: OutboxTable;
  readonly #dedup: DedupTable;
  #lastFlush: Promise<void> = Promise.resolve();
  #condition: 'open' | 'failed' | 'closed' = 'open';

  constructor({ backend, partition, partitionsCount }: PartitionStoreOptions) {
    this.partition = partition;
    this.partitionsCount = partitionsCount;
    this.#backend = backend;
    this.#invocations = new InvocationTable(backend, this.#writeSet, partition);
    this.#journals = new JournalTable(backend, this.#writeSet, partition);
    this.#events = new JournalEventTable(backend, this.#writeSet, partition);
    this.#userState = new UserStateTable(backend, this.#writeSet, partition);
    this.#locks = new LockTable(backend, this.#writeSet, partition);
    this.#inboxes = new InboxTable(backend, this.#writeSet, partition);
    this.#slotLines = new SlotLineTable(backend, this.#writeSet, partition);
    this.#timers = new TimerTable(backend, this.#writeSet, partition);
    this.#promises = new PromiseTable(backend, this.#writeSet, partition);
    this.#expiries = new ExpiryTable(backend, this.#writeSet, partition);
    this.#outbox = new OutboxTable(backend, this.#writeSet, partition);
    this.#dedup = new DedupTable(backend, this.#writeSet, partition);
  }

  hasUncommittedWrites(): boolean {
    return !this.#writeSet.isEmpty;
  }

  commit(): Promise<void> {
    assert(this.#condition === 'open', `a store is open to commit; it is ${this.#condition}`);
    if (!this.#writeSet.isEmpty) this.#lastFlush = this.#flush(this.#writeSet.seal());
    return this.#lastFlush;
  }

  settle(): Promise<void> {
    return this.#backend.settle();
  }

  async close(): Promise<void> {
    this.#condition = 'closed';
    await this.#lastFlush.catch(() => {}); // A failure has been reported by its commit.
  }

  async #flush(batch: SealedBatch): Promise<void> {
    try {
      await this.#backend.commit(batch.writes, forgetterOf(batch));
    } catch (cause) {
      if (this.#condition === 'open') this.#condition = 'failed'; // Keeps S3.
      throw new Error(`partition ${this.partition}: batch ${batch.number} may not be durable`, {
        cause,
      });
    }
  }

  get invocationCounts(): Readonly<InvocationCounts> {
    return this.#invocations.counts;
  }

  nextInvocationNumber(): number {
    return this.#invocations.nextNumber();
  }

  getInvocation(id: InvocationId): Invocation | undefined {
    return this.#invocations.get(id);
  }

  putInvocation(invocation: Invocation): void {
    this.#invocations.put(invocation);
  }

  deleteInvocation(invocation: Invocation): void {
    this.#invocations.delete(invocation);
  }

  unfinishedInvocations(which: WhichUnfinished): Iterable<Invocation> {
    return this.#invocations.open(which);
  }

  appendJournal(invocationNumber: number, index: number, entry: JournalEntry): void {
    this.#journals.append(invocationNumber, index, entry);
  }

  readJournal(invocationNumber: number, from: number, to: number): JournalEntry[] {
    return this.#journals.read(invocationNumber, from, to);
  }

  deleteJournal(invocationNumber: number, length: number): void {
    this.#journals.delete(invocationNumber, length);
  }

  putEvent(invocationNumber: number, index: number, event: JournalEvent): void {
    this.#events.put(invocationNumber, index, event);
  }

  getEvent(invocationNumber: number, index: number): JournalEvent | undefined {
    return this.#events.get(invocationNumber, index);
  }

  deleteEvents(invocationNumber: number, count: number): void {
    this.#events.delete(invocationNumber, count);
  }

  getUserState(owner: ServiceKey, stateKey: Uint8Array): Uint8Array | undefined {
    return this.#userState.get(owner, stateKey);
  }

  setUserState(owner: ServiceKey, stateKey: Uint8Array, value: Uint8Array): void {
    this.#userState.set(owner, stateKey, value);
  }

  clearUserState(owner: ServiceKey, stateKey: Uint8Array): void {
    this.#userState.clear(owner, stateKey);
  }

  clearAllUserState(owner: ServiceKey): void {
    this.#userState.clearAll(owner);
  }

  listUserState(owner: ServiceKey): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    return this.#userState.list(owner);
  }

  getLock(owner: ServiceKey): InvocationId | undefined {
    return this.#locks.get(owner);
  }

  setLock(owner: ServiceKey, holder: InvocationId): void {
    this.#locks.set(owner, holder);
  }

  releaseLock(owner: ServiceKey): void {
    this.#locks.release(owner);
  }

  pushInbox(owner: ServiceKey, item: InboxItem): number {
    return this.#inboxes.push(owner, item);
  }

  popInbox(owner: ServiceKey): InboxItem | undefined {
    return this.#inboxes.pop(owner);
  }

  removeFromInbox(owner: ServiceKey, sequence: number): void {
    this.#inboxes.remove(owner, sequence);
  }

  pushSlotWaiter(line: SlotLine, hasStarted: boolean, invocationId: InvocationId): number {
    return this.#slotLines.push(line, hasStarted, invocationId);
  }

  firstSlotWaiter(line: SlotLine): SlotWaiter | undefined {
    return this.#slotLines.first(line);
  }

  removeSlotWaiter(line: SlotLine, hasStarted: boolean, sequence: number): void {
    this.#slotLines.remove(line, hasStarted, sequence);
  }

  putTimer(timer: Timer): void {
    this.#timers.put(timer);
  }

  deleteTimer(timer: Timer): void {
    this.#timers.delete(timer);
  }

  firstTimers(limit: number, dueByMs?: UnixMillis): Timer[] {
    return this.#timers.first(limit, dueByMs);
  }

  getPromise(owner: ServiceKey, promiseKey: string): DurablePromise | undefined {
    return this.#promises.get(owner, promiseKey);
  }

  putPromise(owner: ServiceKey, promiseKey: string, promise: DurablePromise): void {
    this.#promises.put(owner, promiseKey, promise);
  }

  clearAllPromises(owner: ServiceKey): void {
    this.#promises.clearAll(owner);
  }

  putExpiry({ id, number }: Invocation, expiresAtMs: UnixMillis): void {
    this.#expiries.put(id, number, expiresAtMs);
  }

  takeExpired(nowMs: UnixMillis, limit: number): InvocationId[] {
    return this.#expiries.take(nowMs, limit);
  }

  pushOutbox(to: PartitionNumber, message: OutboxMessage['message']): number {
    return this.#outbox.push(to, message);
  }

  truncateOutbox(to: PartitionNumber, sequence: number): void {
    this.#outbox.truncate(to, sequence);
  }

  outboxMessages(): Iterable<OutboxMessage> {
    return this.#outbox.messages();
  }

  getDedup(from: PartitionNumber): number {
    return this.#dedup.get(from);
  }

  setDedup(from: PartitionNumber, sequence: number): void {
    this.#dedup.set(from, sequence);
  }
}
