// Arbitrary messages of the service protocol for property tests.
import fc from 'fast-check';
import { NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type {
  AttachTarget,
  DeploymentMessage,
  ServerMessage,
} from '../../../src/actors/attempt/service-message.ts';
import { awaitAny } from '../../../src/actors/domain/awaited-future.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import type { Failure, NotificationResult, Outcome } from '../../../src/actors/domain/outcome.ts';
import { arbitraryTree, flatten } from '../../support/awaited-trees.ts';

const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constant(0xffff_ffff),
);
const millis = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.constant(Number.MAX_SAFE_INTEGER),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 60, maxLength: 140 }),
  fc.string({ minLength: 120, maxLength: 300 }),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 100, maxLength: 400 }),
);
/** For optional texts that count as absent when they are empty. */
const someText = text.filter((value) => value !== '');
const name = text;
const completionId = uint32;

const header = fc.record({ key: text, value: text });
const headers = fc.array(header, { maxLength: 4 });
const failure: fc.Arbitrary<Failure> = fc
  .record({
    code: uint32,
    message: text,
    metadata: fc.array(fc.tuple(text, text), { maxLength: 3 }),
  })
  .map(({ code, message, metadata }) =>
    metadata.length === 0 ? { code, message } : { code, message, metadata },
  );
const failed = fc.record({ kind: fc.constant('failure' as const), failure });
const succeeded = fc.record({ kind: fc.constant('success' as const), value: bytes });
const nothing = fc.constant({ kind: 'void' as const });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(succeeded, failed);

const completion = fc.record({ kind: fc.constant('completion' as const), completionId });
const signal = fc.oneof(
  fc.record({ kind: fc.constant('signal' as const), index: uint32 }),
  fc.record({ kind: fc.constant('namedSignal' as const), name: text }),
);
const notificationId: fc.Arbitrary<NotificationId> = fc.oneof(completion, signal);

const attachTarget: fc.Arbitrary<AttachTarget> = fc.oneof(
  fc.record({ kind: fc.constant('invocationId' as const), invocationId: text }),
  fc.record({
    kind: fc.constant('idempotentRequest' as const),
    service: text,
    key: fc.option(text, { nil: undefined }),
    handler: text,
    idempotencyKey: text,
    scope: fc.option(text, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('workflow' as const),
    workflow: text,
    key: text,
    scope: fc.option(text, { nil: undefined }),
  }),
);

const callParameters = {
  service: text,
  handler: text,
  parameter: bytes,
  headers,
  key: text,
  idempotencyKey: fc.option(text, { nil: undefined }),
  scope: fc.option(someText, { nil: undefined }),
  limitKey: fc.option(someText, { nil: undefined }),
  invocationIdNotificationIdx: uint32,
  name,
};

function kind<Kind extends string>(value: Kind): { kind: fc.Arbitrary<Kind> } {
  return { kind: fc.constant(value) };
}

const future = arbitraryTree(notificationId).map(flatten);

/** The order in which a V6 suspension lists what it awaits. */
const LIST_ORDER = ['completion', 'signal', 'namedSignal'];

const arbitraries: {
  [Kind in Exclude<DeploymentMessage['kind'], 'input'>]: fc.Arbitrary<
    DeploymentMessage & { readonly kind: Kind }
  >;
} = {
  suspension: fc.record({
    ...kind('suspension'),
    awaiting: fc
      .array(notificationId, { minLength: 1, maxLength: 8 })
      .map((ids) =>
        awaitAny(ids.toSorted((a, b) => LIST_ORDER.indexOf(a.kind) - LIST_ORDER.indexOf(b.kind))),
      ),
  }),
  awaitingOn: fc.record({ ...kind('awaitingOn'), awaiting: future }),
  error: fc.record({
    ...kind('error'),
    code: uint32,
    message: text,
    stacktrace: text,
    relatedCommandIndex: fc.option(uint32, { nil: undefined }),
    relatedCommandName: fc.option(text, { nil: undefined }),
    relatedCommandType: fc.option(uint32, { nil: undefined }),
    nextRetryDelayMs: fc.option(millis, { nil: undefined }),
    behavior: fc.constantFrom('retry' as const, 'pause' as const, 'fail' as const),
  }),
  end: fc.record(kind('end')),
  proposeRunCompletion: fc.record({ ...kind('proposeRunCompletion'), completionId, outcome }),
  output: fc.record({ ...kind('output'), outcome, name }),
  getLazyState: fc.record({ ...kind('getLazyState'), key: bytes, completionId, name }),
  setState: fc.record({ ...kind('setState'), key: bytes, value: bytes, name }),
  clearState: fc.record({ ...kind('clearState'), key: bytes, name }),
  clearAllState: fc.record({ ...kind('clearAllState'), name }),
  getLazyStateKeys: fc.record({ ...kind('getLazyStateKeys'), completionId, name }),
  getEagerState: fc.record({ ...kind('getEagerState'), key: bytes, name }),
  getEagerStateKeys: fc.record({ ...kind('getEagerStateKeys'), name }),
  getPromise: fc.record({ ...kind('getPromise'), key: text, completionId, name }),
  peekPromise: fc.record({ ...kind('peekPromise'), key: text, completionId, name }),
  completePromise: fc.record({
    ...kind('completePromise'),
    key: text,
    outcome,
    completionId,
    name,
  }),
  sleep: fc.record({ ...kind('sleep'), wakeUpTimeMs: millis, completionId, name }),
  call: fc.record({ ...kind('call'), completionId, ...callParameters }),
  oneWayCall: fc.record({ ...kind('oneWayCall'), invokeTimeMs: millis, ...callParameters }),
  sendSignal: fc.record({
    ...kind('sendSignal'),
    targetInvocationId: text,
    signal,
    result: fc.oneof(nothing, succeeded, failed),
    name,
  }),
  run: fc.record({ ...kind('run'), completionId, name }),
  attachInvocation: fc.record({
    ...kind('attachInvocation'),
    target: attachTarget,
    completionId,
    name,
  }),
  getInvocationOutput: fc.record({
    ...kind('getInvocationOutput'),
    target: attachTarget,
    completionId,
    name,
  }),
  completeAwakeable: fc.record({
    ...kind('completeAwakeable'),
    awakeableId: text,
    outcome,
    name,
  }),
};

/** Every message that a deployment may send; Input is the server's. */
export const deploymentMessage: fc.Arbitrary<DeploymentMessage> = fc.oneof(
  ...Object.values(arbitraries),
);

/** The same as version 7 has them. */
export const deploymentMessageV7: fc.Arbitrary<DeploymentMessage> = fc.oneof(
  ...Object.values({
    ...arbitraries,
    suspension: fc.record({ ...kind('suspension'), awaiting: future }),
  }),
);

const notificationResult: fc.Arbitrary<NotificationResult> = fc.oneof(
  nothing,
  outcome,
  fc.record({ ...kind('invocationId'), invocationId: text }),
  fc.record({ ...kind('stateKeys'), keys: fc.array(bytes, { maxLength: 5 }) }),
);

export const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({
    ...kind('start'),
    id: fc.uint8Array({ minLength: 24, maxLength: 24 }),
    debugId: text,
    knownEntries: uint32,
    stateMap: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }),
    partialState: fc.boolean(),
    key: text,
    retryCountSinceLastStoredEntry: uint32,
    durationSinceLastStoredEntryMs: millis,
    randomSeed: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    scope: fc.option(text, { nil: undefined }),
    limitKey: fc.option(text, { nil: undefined }),
    idempotencyKey: fc.option(text, { nil: undefined }),
  }),
  fc.record({ ...kind('proposeRunCompletionAck'), completionId: uint32 }),
  fc.record({ ...kind('commandAck'), commandIndex: uint32 }),
  fc.record({
    ...kind('notification'),
    type: fc.constantFrom(...Object.values(NotificationType)),
    id: notificationId,
    result: notificationResult,
  }),
);

export const inputCommand = fc.record({ headers, value: bytes });
