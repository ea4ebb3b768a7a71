// A whole server in one synchronous object: partitions over memory stores whose flushes and crashes are
// chosen by a seeded generator, simulated handlers, and a model of what must come out.
import assert from 'node:assert/strict';
import { awaitAny } from '../../src/actors/domain/awaited-future.ts';
import { invocationIdFor } from '../../src/actors/domain/make-invocation-id.ts';
import { partitionOf } from '../../src/actors/domain/ids.ts';
import type { InvocationId, PartitionNumber } from '../../src/actors/domain/ids.ts';
import type { InvocationTarget } from '../../src/actors/domain/invocation.ts';
import { inScope } from '../../src/actors/domain/invocation.ts';
import { levelsOf } from '../../src/actors/domain/scope.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import { apply } from '../../src/actors/partition/apply.ts';
import type {
  InvocationOperation,
  PartitionCommand,
  ResolvedCallee,
  Submission,
} from '../../src/actors/partition/command.ts';
import type {
  AttemptInput,
  PartitionEffect,
  RequestReply,
} from '../../src/actors/partition/effect.ts';
import type { ServiceKey } from '../../src/actors/partition/state.ts';
import type { PartitionStore } from '../../src/actors/ports.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';
import { openPartitionStore } from '../../src/storage/partition-store.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { SimulatedAttempt } from './simulated-handler.ts';
import type { Step } from './simulated-handler.ts';

const PARTITIONS_COUNT = 3;
const RETENTION_MS = durationMs(1_000_000_000);
const RULES = {
  eagerStateBytesMax: 1_000_000,
  pausesAtOnce: false,
  isTracing: false,
  usesLazyState: () => false,
  findDeployment: () => undefined,
  completionIdsOf: () => [],
};
const KEYS = ['a', 'b', 'c'];

/** At most two, and at times one, of its invocations run at once; of those with the limit key, one. */
const SCOPE = 'limited';
const LIMIT_KEY = 'key';
const SCOPE_SLOTS_MAX = 2;

/** More steps than any script has, so that a zombie always has something to propose. */
const ZOMBIE_SCRIPT: readonly Step[] = Array.from({ length: 12 }, () => ({
  kind: 'command',
  message: { kind: 'clearAllState', name: 'zombie' },
}));

interface Batch {
  readonly effects: readonly PartitionEffect[];
  isFlushed: boolean;
}

interface Partition {
  readonly number: PartitionNumber;
  backend: MemoryBackend;
  store: PartitionStore;
  mailbox: PartitionCommand[];
  batches: Batch[];
  attempts: Map<InvocationId, SimulatedAttempt>;
  /** Attempts that have ended but whose deployment goes on proposing. */
  zombies: SimulatedAttempt[];
  waiting: Map<InvocationId, string[]>;
  dueMs: number;
}

interface Request {
  readonly requestId: string;
  readonly command: PartitionCommand & { kind: 'submit' };
  reply: RequestReply | undefined;
}

export class World {
  readonly requests: Request[] = [];
  crashesCount = 0;
  readonly #random: SeededRandom;
  readonly #partitions: Partition[];
  #nowMs = 1_000_000;
  #scopeSlots = SCOPE_SLOTS_MAX;
  /** Steps whose completion a handler has observed; they must not execute again. */
  readonly #observedSteps = new Set<string>();
  readonly #acceptedIncrements = new Map<string, Set<InvocationId>>();
  readonly #pendingCallees = new Map<InvocationId, InvocationTarget>();

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#partitions = Array.from({ length: PARTITIONS_COUNT }, (_, index) =>
      this.#open(index as PartitionNumber, new MemoryBackend({ holdsCommits: true })),
    );
  }

  submitRandom(): void {
    const target = this.#randomTarget();
    const id = this.#newId(target);
    const requestId = `r${this.requests.length}`;
    const submission: Submission = {
      invocationId: id,
      target,
      source: { kind: 'ingress', requestId },
      input: new Uint8Array(0),
      limitKey: this.#randomLimitKey(target),
      executeAtMs: this.#random.below(4) === 0 ? unixMillis(this.#nowMs + 40) : undefined,
      completionRetentionMs: RETENTION_MS,
      journalRetentionMs: RETENTION_MS,
    };
    const nowMs = unixMillis(this.#nowMs);
    const command = { kind: 'submit', nowMs, requestId, submission, awaitOutcome: true } as const;
    this.requests.push({ requestId, command, reply: undefined });
    this.#countIncrement(target, id);
    this.#partitionOf(id).mailbox.push(command);
  }

  /** One random thing happens. */
  step({ mayCrash }: { readonly mayCrash: boolean }): void {
    const partition = this.#pick(this.#partitions);
    const choice = this.#random.below(mayCrash ? 200 : 190);
    if (choice < 70) this.#applyBatch(partition);
    else if (choice < 110) this.#flush(partition);
    else if (choice < 170) this.#moveAttempt(partition);
    else if (choice < 190) this.#advanceTime(partition);
    else if (choice < 194) this.#crash(partition);
    else if (choice < 196) this.#signalSomebody();
    else if (choice < 197) this.#changeRule();
    else this.#operateOnSomebody();
  }

  /** Everything that can happen without further input has happened. */
  isSettled(): boolean {
    return this.requests.every(({ reply }) => reply !== undefined);
  }

  /** Awakened and resumed by the outside until they end, as their resolvers would retry. */
  signalEverybody(): void {
    for (const { command, reply } of this.requests) {
      if (reply !== undefined) continue;
      this.#signal(command.submission.invocationId);
      this.#operate(command.submission.invocationId, { kind: 'resume', deployment: 'keep' });
    }
  }

  /** Every accepted increment happened exactly once. Call when settled and quiet. */
  checkCounters(): void {
    for (const [key, ids] of this.#acceptedIncrements) {
      const { store } = this.#partitionOf([...ids][0] ?? assert.fail('no increments'));
      const owner = ownerOfCounter(key);
      const value = store.getUserState(owner, new TextEncoder().encode('counter'));
      assert.equal(new TextDecoder().decode(value), String(ids.size), `counter of key ${key}`);
      assert.equal(store.getLock(owner), undefined, `lock of key ${key}`);
    }
  }

  /** Nobody has a slot any more, or waits for one. Call when settled and quiet. */
  checkSlotLedgers(): void {
    for (const partition of this.#partitions) checkSlotLedger(partition);
  }

  /** No message waits to be delivered and nothing is unfinished. */
  isQuiet(): boolean {
    return this.#partitions.every(
      ({ mailbox, batches, store }) =>
        mailbox.length === 0 &&
        batches.length === 0 &&
        [...store.outboxMessages()].length === 0 &&
        [...store.unfinishedInvocations('all')].length === 0,
    );
  }

  #applyBatch(partition: Partition): void {
    const count = 1 + this.#random.below(8);
    const commands = partition.mailbox.splice(0, count);
    if (commands.length === 0) return;
    const effects: PartitionEffect[] = [];
    const rules = { ...RULES, concurrencyLimitOf: (level: string) => this.#limitOf(level) };
    for (const command of commands) apply(partition.store, rules, command, effects);
    const batch: Batch = { effects, isFlushed: !partition.store.hasUncommittedWrites() };
    if (!batch.isFlushed) void partition.store.commit();
    partition.batches.push(batch);
  }

  #flush(partition: Partition): void {
    if (partition.backend.flushNext()) {
      const batch = partition.batches.find(({ isFlushed }) => !isFlushed);
      if (batch !== undefined) batch.isFlushed = true;
    }
    // A crash can fall between the flush and the release.
    if (this.#random.below(3) === 0) return;
    while (partition.batches[0]?.isFlushed === true) {
      for (const effect of partition.batches.shift()?.effects ?? [])
        this.#release(partition, effect);
    }
  }

  #release(partition: Partition, effect: PartitionEffect): void {
    const { attempts, waiting } = partition;
    switch (effect.kind) {
      case 'trace':
        return;
      case 'reply':
        return this.#reply(effect.requestId, effect.reply);
      case 'replyWhenCompleted': {
        const requests = waiting.get(effect.invocationId) ?? [];
        waiting.set(effect.invocationId, [...requests, effect.requestId]);
        return;
      }
      case 'outcomeReached': {
        const { target, outcome, invocationId } = effect;
        for (const requestId of waiting.get(invocationId) ?? []) {
          this.#reply(requestId, { kind: 'completed', target, outcome });
        }
        waiting.delete(invocationId);
        return;
      }
      case 'startAttempt': {
        const { input } = effect;
        checkAnsweredOnce(input);
        this.#checkExclusive(partition, input.target, input.invocationId);
        checkSlots([...attempts.values()], input);
        const steps = this.#scriptOf(input.target, input.invocationId);
        attempts.set(input.invocationId, new SimulatedAttempt(input, steps));
        return;
      }
      case 'attemptDue':
      case 'retryAttempt': {
        const { invocationId, epoch } = effect;
        const nowMs = unixMillis(this.#nowMs);
        partition.mailbox.push({ kind: 'beginAttempt', nowMs, invocationId, epoch });
        return;
      }
      case 'notifyAttempt': {
        const attempt = attempts.get(effect.invocationId);
        if (attempt?.input.epoch === effect.epoch) attempt.notify(effect.entry);
        return;
      }
      case 'releaseAttempt':
        attempts.delete(effect.invocationId);
        return;
      case 'pauseAttempt': {
        const { invocationId, epoch } = effect;
        if (attempts.has(invocationId)) return;
        const nowMs = unixMillis(this.#nowMs);
        partition.mailbox.push({ kind: 'beginAttempt', nowMs, invocationId, epoch });
        return;
      }
      case 'ackCommand':
      case 'hastenAttempt':
      case 'cleanMore':
        return;
      case 'serveMoreSlots':
        partition.mailbox.push({ kind: 'serveSlots', nowMs: unixMillis(this.#nowMs) });
        return;
      case 'send': {
        const { sequence, message } = effect;
        const delivery = {
          nowMs: unixMillis(this.#nowMs),
          from: partition.number,
          sequence,
          message,
        };
        this.#partition(effect.to).mailbox.push({ kind: 'deliver', ...delivery });
        return;
      }
      case 'ackDelivery': {
        const { to, sequence } = effect;
        this.#partition(to).mailbox.push({ kind: 'outboxAcked', to: partition.number, sequence });
        return;
      }
      case 'armTimer':
        partition.dueMs = Math.min(partition.dueMs, effect.dueMs);
        return;
    }
  }

  #moveZombie(partition: Partition): void {
    const zombie = partition.zombies.pop();
    const move = zombie?.nextMove();
    if (zombie === undefined || move?.kind !== 'propose') return;
    const { invocationId, epoch } = zombie.input;
    const nowMs = unixMillis(this.#nowMs);
    const { message, payload } = move;
    if (message.kind === 'call' || message.kind === 'oneWayCall') return;
    const pin = { deploymentId: 'dp_1zombie' as never, protocolVersion: 6 };
    const entry = { message, payload, ackRequested: false };
    partition.mailbox.push({ kind: 'entryProposed', invocationId, epoch, nowMs, pin, entry });
  }

  #moveAttempt(partition: Partition): void {
    this.#moveZombie(partition);
    const attempts = [...partition.attempts.values()];
    if (attempts.length === 0) return;
    const attempt = this.#pick(attempts);
    const { invocationId, epoch, journal } = attempt.input;
    const nowMs = unixMillis(this.#nowMs);
    const identity = { invocationId, epoch, nowMs };
    const pin = { deploymentId: 'dp_1test' as never, protocolVersion: 6 };
    for (const name of attempt.observedRuns()) this.#observedSteps.add(`${invocationId}/${name}`);
    const move = attempt.nextMove();
    switch (move.kind) {
      case 'propose': {
        const { message, payload } = move;
        const callee =
          message.kind === 'call' || message.kind === 'oneWayCall'
            ? this.#callee(message.handler, message.key)
            : undefined;
        const entry = { message, payload, callee, ackRequested: false };
        partition.mailbox.push({ kind: 'entryProposed', ...identity, pin, entry });
        return;
      }
      case 'execute': {
        const step = `${invocationId}/${move.name}`;
        assert.ok(!this.#observedSteps.has(step), `completed step ${step} runs again`);
        const outcome = { kind: 'success', value: new Uint8Array(1) } as const;
        const { completionId } = move;
        partition.mailbox.push({
          kind: 'runCompletionProposed',
          ...identity,
          pin,
          completionId,
          outcome,
        });
        return;
      }
      case 'blocked': {
        if (this.#random.below(3) !== 0) return;
        const end = {
          kind: 'suspended',
          awaiting: awaitAny([move.on]),
          replayedLength: journal.length,
        } as const;
        partition.attempts.delete(invocationId);
        partition.zombies.unshift(new SimulatedAttempt(attempt.input, ZOMBIE_SCRIPT));
        partition.mailbox.push({ kind: 'attemptEnded', ...identity, end });
        return;
      }
      case 'end': {
        partition.attempts.delete(invocationId);
        const fails = this.#random.below(10) === 0;
        const end = fails
          ? ({ kind: 'retry', delayMs: this.#pick([durationMs(1), durationMs(5000)]) } as const)
          : ({ kind: 'ended', outcome: move.outcome } as const);
        partition.mailbox.push({ kind: 'attemptEnded', ...identity, end });
        return;
      }
    }
  }

  #advanceTime(partition: Partition): void {
    this.#nowMs += this.#random.below(20);
    if (partition.dueMs > this.#nowMs) return;
    partition.dueMs = Number.POSITIVE_INFINITY;
    partition.mailbox.push({ kind: 'timersDue', nowMs: unixMillis(this.#nowMs) });
  }

  /** The thread of one partition dies: memory and unflushed batches are gone. */
  #crash(partition: Partition): void {
    this.crashesCount += 1;
    checkSlotLedger(partition);
    const reopened = this.#open(partition.number, partition.backend.crash());
    Object.assign(partition, reopened);
    for (const { requestId, command, reply } of this.requests) {
      if (reply !== undefined) continue;
      if (this.#partitionOf(command.submission.invocationId) === partition) {
        partition.mailbox.push({ ...command, requestId });
      }
    }
    for (const other of this.#partitions) {
      if (other !== partition) other.mailbox.push({ kind: 'resendOutbox', to: partition.number });
    }
  }

  #open(number: PartitionNumber, backend: MemoryBackend): Partition {
    const options = { backend, partition: number, partitionsCount: PARTITIONS_COUNT };
    return {
      number,
      backend,
      store: openPartitionStore(options),
      mailbox: [{ kind: 'recover', nowMs: unixMillis(this.#nowMs) }],
      batches: [],
      attempts: new Map(),
      zombies: [],
      waiting: new Map(),
      dueMs: Number.POSITIVE_INFINITY,
    };
  }

  #signalSomebody(): void {
    const waiting = this.requests.filter(({ reply }) => reply === undefined);
    if (waiting.length > 0) this.#signal(this.#pick(waiting).command.submission.invocationId);
  }

  /** Only what counts nothing is killed: whether an increment happened before cannot be told. */
  #operateOnSomebody(): void {
    const waiting = this.requests.filter(({ reply }) => reply === undefined);
    if (waiting.length === 0) return;
    const { submission } = this.#pick(waiting).command;
    const mayBeKilled = ['steps', 'wait'].includes(submission.target.handler);
    const kinds = mayBeKilled
      ? (['kill', 'pause', 'resume'] as const)
      : (['pause', 'resume'] as const);
    const kind = this.#pick<'kill' | 'pause' | 'resume'>(kinds);
    const operation = kind === 'resume' ? { kind, deployment: 'keep' as const } : { kind };
    this.#operate(submission.invocationId, operation);
  }

  #operate(invocationId: InvocationId, operation: InvocationOperation): void {
    this.#partitionOf(invocationId).mailbox.push({
      kind: 'operate',
      nowMs: unixMillis(this.#nowMs),
      requestId: 'operate',
      invocationId,
      operation,
    });
  }

  #signal(invocationId: InvocationId): void {
    this.#partitionOf(invocationId).mailbox.push({
      kind: 'signal',
      nowMs: unixMillis(this.#nowMs),
      requestId: 'signal',
      invocationId,
      signal: { kind: 'signal', index: 17 },
      result: { kind: 'void' },
    });
  }

  #reply(requestId: string, reply: RequestReply): void {
    const request = this.requests.find((candidate) => candidate.requestId === requestId);
    if (request === undefined) return;
    assert.equal(reply.kind, 'completed', `request ${requestId}`);
    if (request.reply?.kind === 'completed' && reply.kind === 'completed') {
      assert.deepEqual(reply.outcome, request.reply.outcome, `second reply to ${requestId}`);
    }
    request.reply = reply;
  }

  #checkExclusive(partition: Partition, target: InvocationTarget, id: InvocationId): void {
    if (target.kind !== 'virtualObject') return;
    for (const { input } of partition.attempts.values()) {
      const isSameKey =
        input.target.kind === 'virtualObject' &&
        input.target.key === target.key &&
        input.target.scope === target.scope;
      assert.ok(!isSameKey || input.invocationId === id, `two attempts hold key ${target.key}`);
    }
  }

  #scriptOf(target: InvocationTarget, id: InvocationId): readonly Step[] {
    const key = KEYS[id.charCodeAt(30) % KEYS.length] ?? 'a';
    switch (target.handler) {
      case 'steps':
        return [run('first', 1), run('second', 2), sleep(3, this.#nowMs + 30), run('third', 4)];
      case 'wait':
        return [
          run('before', 1),
          { kind: 'await', id: { kind: 'signal', index: 17 } },
          run('after', 2),
        ];
      case 'parent':
        return [run('prepare', 1), call('add', key, 2), call('steps', '', 4), run('finish', 6)];
      case 'fork':
        return [send('add', key, 1), run('done', 2)];
      default:
        return [{ kind: 'increment' }];
    }
  }

  #callee(handler: string, key: string): ResolvedCallee {
    const target = this.#randomlyScoped(
      handler === 'add' ? counter(key) : { kind: 'service', service: 'Service', handler },
    );
    const limitKey = this.#randomLimitKey(target);
    const invocationId = this.#newId(target);
    this.#pendingCallees.set(invocationId, target);
    const retention = { completionRetentionMs: RETENTION_MS, journalRetentionMs: RETENTION_MS };
    return { invocationId, target, input: new Uint8Array(0), limitKey, ...retention };
  }

  /** Increments by callees count once their caller's entry is stored, which the stores tell. */
  countStoredCallees(): void {
    for (const [id, target] of this.#pendingCallees) {
      if (this.#partitionOf(id).store.getInvocation(id) !== undefined)
        this.#countIncrement(target, id);
    }
  }

  #countIncrement(target: InvocationTarget, id: InvocationId): void {
    if (target.kind !== 'virtualObject') return;
    const name = `${target.scope ?? ''}/${target.key}`;
    const ids = this.#acceptedIncrements.get(name) ?? new Set();
    this.#acceptedIncrements.set(name, ids.add(id));
  }

  #randomTarget(): InvocationTarget {
    const handler = this.#pick(['steps', 'wait', 'parent', 'fork', 'add', 'add']);
    return this.#randomlyScoped(
      handler === 'add'
        ? counter(this.#pick(KEYS))
        : { kind: 'service', service: 'Service', handler },
    );
  }

  #randomlyScoped(target: InvocationTarget): InvocationTarget {
    return inScope(target, this.#random.below(3) === 0 ? SCOPE : undefined);
  }

  #randomLimitKey({ scope }: InvocationTarget): string | undefined {
    return scope !== undefined && this.#random.below(2) === 0 ? LIMIT_KEY : undefined;
  }

  #limitOf(level: string): number {
    return level === SCOPE ? this.#scopeSlots : 1;
  }

  #changeRule(): void {
    this.#scopeSlots = 1 + this.#random.below(SCOPE_SLOTS_MAX);
    for (const { mailbox } of this.#partitions) {
      mailbox.push({ kind: 'serveSlots', nowMs: unixMillis(this.#nowMs) });
    }
  }

  #newId(target: InvocationTarget): InvocationId {
    return invocationIdFor({
      target,
      random: this.#random.bytes(16),
      nowMs: unixMillis(this.#nowMs),
    });
  }

  #partitionOf(id: InvocationId): Partition {
    return this.#partition(partitionOf(id, PARTITIONS_COUNT));
  }

  #partition(number: PartitionNumber): Partition {
    return this.#partitions[number] ?? assert.fail(`no partition ${number}`);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)] ?? assert.fail('nothing to pick from');
  }
}

/** A completion delivered twice would show up as a second notification. */
function checkAnsweredOnce({ invocationId, journal }: AttemptInput): void {
  const answered = new Set<number>();
  for (const entry of journal) {
    if (entry.kind !== 'notification' || entry.id.kind !== 'completion') continue;
    const { completionId } = entry.id;
    assert.ok(
      !answered.has(completionId),
      `${invocationId}: completion ${completionId} came twice`,
    );
    answered.add(completionId);
  }
}

/** The slots that the partition counts are those that its stored invocations have. */
function checkSlotLedger({ mailbox, store }: Partition): void {
  // Not derived yet.
  if (mailbox[0]?.kind === 'recover') return;
  const taken = new Map<string, number>();
  let waitersCount = 0;
  for (const { target, limitKey, status, epoch } of store.unfinishedInvocations('all')) {
    if (target.scope === undefined) continue;
    if (status.kind === 'inboxed' && status.isForSlot === true) waitersCount += 1;
    if (status.kind !== 'invoked' || epoch === 0) continue;
    if (status.slot?.kind === 'queued') waitersCount += 1;
    if (status.slot !== undefined) continue;
    for (const level of levelsOf(target.scope, limitKey)) {
      taken.set(level, (taken.get(level) ?? 0) + 1);
    }
  }
  const { blocked, blockedBy } = store.slots;
  assert.deepEqual(store.slots.taken, taken);
  assert.equal(blocked.size > 0, waitersCount > 0);
  const linesCount = [...blocked.values()].reduce((count, lines) => count + lines.size, 0);
  assert.equal(linesCount, blockedBy.size);
}

/** Fewer slots never end what runs, so that the most there ever were may be taken. */
function checkSlots(
  attempts: readonly SimulatedAttempt[],
  { invocationId, target, limitKey }: AttemptInput,
): void {
  if (target.scope === undefined) return;
  const others = attempts
    .map(({ input }) => input)
    .filter((input) => input.target.scope !== undefined && input.invocationId !== invocationId);
  assert.ok(others.length < SCOPE_SLOTS_MAX, `${others.length} others run in the scope`);
  if (limitKey === undefined) return;
  const sameKey = others.filter((other) => other.limitKey === limitKey);
  assert.equal(sameKey.length, 0, 'others run with the limit key');
}

/** `name` is the scope, if there is one, a slash, and the key. */
function ownerOfCounter(name: string): ServiceKey {
  const [scope = '', key = ''] = name.split('/');
  return scope === '' ? { service: 'Counter', key } : { service: 'Counter', key, scope };
}

function counter(key: string): InvocationTarget {
  return { kind: 'virtualObject', service: 'Counter', key, handler: 'add', mode: 'exclusive' };
}

function run(name: string, completionId: number): Step {
  return { kind: 'run', name, completionId };
}

function sleep(completionId: number, wakeUpTimeMs: number): Step {
  const message = { kind: 'sleep', wakeUpTimeMs, completionId, name: '' } as const;
  return { kind: 'command', message, awaits: { kind: 'completion', completionId } };
}

function call(handler: string, key: string, completionId: number): Step {
  const parameters = callParameters(handler, key, completionId + 1);
  const message = { kind: 'call', completionId, ...parameters } as const;
  return { kind: 'command', message, awaits: { kind: 'completion', completionId } };
}

function send(handler: string, key: string, idx: number): Step {
  const message = {
    kind: 'oneWayCall',
    invokeTimeMs: 0,
    ...callParameters(handler, key, idx),
  } as const;
  return { kind: 'command', message };
}

function callParameters(handler: string, key: string, invocationIdNotificationIdx: number) {
  const service = handler === 'add' ? 'Counter' : 'Service';
  const parameter = new Uint8Array(0);
  return { service, handler, key, parameter, headers: [], invocationIdNotificationIdx, name: '' };
}
