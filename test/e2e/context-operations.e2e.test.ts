// Every context operation of the SDK, in every kind of handler, with two versions of the SDK.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field } from '../support/json.ts';
import { newTag, perform, startOperationRig } from '../support/operation-rig.ts';
import type { Rig } from '../support/rig.ts';
import { SDK_VERSIONS, type SdkPackage } from '../support/service-process.ts';

/** One way to have an operation performed. */
interface Host {
  readonly name: string;
  readonly path: (tag: string) => string;
}

const HOSTS: readonly Host[] = [
  { name: 'a service', path: () => '/OperationService/perform' },
  { name: 'an object', path: (tag) => `/OperationObject/${tag}/perform` },
  { name: 'an object, shared', path: (tag) => `/OperationObject/${tag}/performShared` },
  { name: 'a workflow', path: (tag) => `/OperationWorkflow/${tag}/run` },
  { name: 'a workflow, shared', path: (tag) => `/OperationWorkflow/${tag}/performShared` },
];

interface Situation {
  readonly rig: Rig;
  readonly tag: string;
  readonly reply: HttpReply;
}

interface Row {
  readonly operation: string;
  /** The handler's answer. */
  readonly answer?: unknown;
  /** Looks at the reply when it is no plain answer, and at what else must be true. */
  readonly check?: ((situation: Situation) => void | Promise<void>) | undefined;
  /** Effects and how often they happen. They may come after the reply. */
  readonly effects?: Readonly<Record<string, number>> | undefined;
  /** Helps the handler along while it runs. */
  readonly meanwhile?: ((rig: Rig, tag: string) => Promise<void>) | undefined;
  /** SDK versions that lack the operation. */
  readonly lackedBy?: SdkPackage;
}

function failed(status: number, body: Readonly<Record<string, unknown>>): Row['check'] {
  return ({ reply }) => {
    assert.equal(reply.status, status);
    assert.equal(reply.headers['x-restate-error-source'], 'invocation');
    assert.deepEqual(reply.json(), { code: status, source: 'invocation', ...body });
  };
}

async function completeAwakeable(rig: Rig, tag: string, verb: string, body: string): Promise<void> {
  const id = await rig.effects.waitForSuffix(`${tag} awakeable `);
  const reply = await rig.ingress.request({ path: `/restate/awakeables/${id}/${verb}`, body });
  assert.equal(reply.status, 202);
}

const RUN_ROWS: readonly Row[] = [
  {
    operation: 'runReturnsValue',
    answer: { text: 'ü', list: [1, null, true] },
    effects: { step: 1, attempt: 1 },
  },
  { operation: 'runReturnsNothing', answer: 'undefined' },
  { operation: 'runRetriesUntilItSucceeds', answer: 'third', effects: { step: 3, attempt: 3 } },
  { operation: 'runGivesUp', answer: '500 never', effects: { step: 3 } },
  { operation: 'runFailsTerminally', answer: '418 refused', effects: { step: 1, attempt: 1 } },
  { operation: 'runsInParallel', answer: ['A', 'B', 'C'] },
  {
    operation: 'randomAndDateAreStable',
    answer: 'done',
    effects: { attempt: 2 },
    check: ({ rig, tag }) => {
      assert.deepEqual([...rig.effects.countsStartingWith(`${tag} seen `).values()], [2]);
    },
  },
];

const TIMER_ROWS: readonly Row[] = [
  { operation: 'sleepTakesItsTime', answer: true, effects: { attempt: 1 } },
  { operation: 'sleepsRunAtTheSameTime', answer: true },
  {
    operation: 'sleepOutlastsInactivity',
    answer: 'awake',
    // Suspended in between, so the handler was entered again.
    effects: { attempt: 2 },
  },
  { operation: 'hangIsAborted', answer: 'second attempt', effects: { attempt: 2 } },
];

const CALL_ROWS: readonly Row[] = [
  {
    operation: 'callsEveryKindOfService',
    check: ({ reply, tag }) => {
      assert.deepEqual(reply.json(), ['to a service', 3, 3, `hello ${tag}`]);
    },
  },
  {
    operation: 'callFailureReachesCaller',
    answer: { code: 422, message: 'it refused', metadata: { why: 'rule' } },
    effects: { caught: 1 },
  },
  { operation: 'callKnowsItsInvocationId', answer: true, effects: { noted: 1 } },
  { operation: 'callWithIdempotencyKeyRunsOnce', answer: true, effects: { noted: 1 } },
  { operation: 'callSendsHeaders', answer: 'from the caller' },
  { operation: 'genericCallReachesEveryKind', answer: ['generic', 5] },
];

const SEND_ROWS: readonly Row[] = [
  {
    operation: 'sendRunsOnce',
    answer: true,
    check: ({ rig, tag }) => rig.effects.waitForCount(`${tag} noted`),
  },
  { operation: 'sendsKeepTheirOrder', answer: 1111 },
  {
    operation: 'sendWithDelayRunsLater',
    answer: true,
    check: async ({ rig, tag }) => {
      assert.equal(rig.effects.count(`${tag} noted`), 0);
      await rig.effects.waitForCount(`${tag} noted`);
    },
  },
  {
    operation: 'sendToWorkflowStartsIt',
    check: ({ reply, tag }) => assert.equal(reply.json(), `sent to ${tag}`),
  },
  {
    operation: 'genericSendWithIdempotencyKeyRunsOnce',
    answer: [true, 'sent'],
    effects: { noted: 1 },
  },
  { operation: 'attachToFailureFails', answer: '422 it refused' },
  {
    operation: 'cancelEndsSleepingCallee',
    answer: '409 Cancelled',
    effects: { 'sleeper 409 Cancelled': 1 },
  },
  {
    operation: 'cancelReachesCalleesOfTheCancelled',
    answer: '409 Cancelled',
    effects: { 'sleeper 409 Cancelled': 1, 'caller 409 Cancelled': 1 },
  },
];

const AWAKEABLE_ROWS: readonly Row[] = [
  { operation: 'awakeableResolvedByHandler', answer: { from: 'handler' } },
  { operation: 'awakeableRejectedByHandler', answer: '500 no from handler' },
  { operation: 'awakeableCompletedByItself', answer: 'own' },
  {
    operation: 'awakeableCompletedOverHttp',
    answer: { value: 'over HTTP' },
    meanwhile: (rig, tag) => completeAwakeable(rig, tag, 'resolve', '{"value":"over HTTP"}'),
  },
  {
    operation: 'awakeableCompletedOverHttp',
    answer: '500 rejected over HTTP',
    meanwhile: (rig, tag) => completeAwakeable(rig, tag, 'reject', 'rejected over HTTP'),
  },
  { operation: 'signalResolvedByHandler', answer: ['yes'], lackedBy: 'restate-sdk-1-12' },
  { operation: 'signalRejectedByHandler', answer: '500 denied', lackedBy: 'restate-sdk-1-12' },
  {
    operation: 'signalsOfOneNameArriveInTurn',
    answer: ['first', 'second'],
    lackedBy: 'restate-sdk-1-12',
  },
];

const COMBINATOR_ROWS: readonly Row[] = [
  { operation: 'allWaitsForAll', answer: [1, 2, 3] },
  { operation: 'allFailsWithTheFirstFailure', answer: '422 it refused' },
  { operation: 'raceTakesTheFirst', answer: 'fast' },
  { operation: 'anyTakesTheFirstSuccess', answer: 'success' },
  { operation: 'allSettledTellsEach', answer: ['fine', '422 it refused'] },
  { operation: 'orTimeoutFailsInTime', answer: '408 Timeout occurred' },
  { operation: 'orTimeoutLetsFastOnesThrough', answer: 'in time' },
  { operation: 'combinatorsOfNothing', answer: [[], [], 'went on'] },
  { operation: 'anyFailsWhenAllFail', answer: ['418 one', '418 other'] },
  { operation: 'raceFailsWithTheFirst', answer: '418 quick' },
  { operation: 'allKeepsItsOrder', answer: ['slow', 'fast', 'called'] },
  {
    operation: 'combinatorsNest',
    answer: ['all won the race', 'race won', ['418 told', 'fine']],
  },
  {
    operation: 'combinatorsAreReused',
    answer: ['fast', 'slow', 'slow', 'fast', ['slow', 'fast']],
  },
  { operation: 'allIsResumedInParts', answer: ['first', 'second'] },
  { operation: 'raceIsResumed', answer: 'awake', effects: { attempt: 2 } },
  {
    operation: 'orTimeoutOfCombinators',
    answer: ['408 Timeout occurred', '408 Timeout occurred', 'won'],
  },
  { operation: 'raceInALoop', answer: 7 },
];

const CHILD_ROWS: readonly Row[] = [
  { operation: 'callThatNobodyAwaits', answer: 38, effects: { called: 1, noted: 1 } },
  { operation: 'failedCallThatNobodyAwaits', answer: 'went on', effects: { attempt: 1 } },
  { operation: 'callAwaitedLate', answer: ['other', true], effects: { noted: 1 } },
  { operation: 'callsNest', answer: 4 },
  { operation: 'cancelBeforeStart', answer: '409 canceled' },
  { operation: 'cancelOfTheEnded', answer: 'fine' },
  { operation: 'cancelOfNobody', answer: 'went on' },
  { operation: 'cancelOfItself', answer: '409 Cancelled' },
  {
    operation: 'cancelByReference',
    answer: '409 Cancelled',
    effects: { 'sleeper 409 Cancelled': 1 },
    lackedBy: 'restate-sdk-1-12',
  },
];

const ERROR_ROWS: readonly Row[] = [
  {
    operation: 'throwsTerminalError',
    check: failed(418, { message: 'final', metadata: { reason: 'teapot' } }),
    effects: { attempt: 1 },
  },
  { operation: 'throwsTerminalErrorWithoutCode', check: failed(500, { message: 'plain' }) },
  { operation: 'failsTwiceThenSucceeds', answer: 'third attempt', effects: { attempt: 3 } },
  { operation: 'retryableErrorNamesItsDelay', answer: 'third attempt', effects: { attempt: 3 } },
  {
    operation: 'requestTellsItsTarget',
    check: ({ reply }) => {
      assert.equal(field(reply.json(), 'id'), reply.headers['x-restate-id']);
      assert.equal(field(reply.json(), 'header'), 'sent by the test');
    },
  },
];

const ROWS: readonly Row[] = [
  ...RUN_ROWS,
  ...TIMER_ROWS,
  ...CALL_ROWS,
  ...SEND_ROWS,
  ...AWAKEABLE_ROWS,
  ...COMBINATOR_ROWS,
  ...CHILD_ROWS,
  ...ERROR_ROWS,
];

async function checkRow(rig: Rig, row: Row, host: Host): Promise<void> {
  const tag = newTag();
  const [reply] = await Promise.all([
    perform(rig, host.path(tag), row.operation, tag),
    row.meanwhile?.(rig, tag),
  ]);
  if ('answer' in row) {
    assert.equal(reply.status, 200, reply.text());
    assert.deepEqual(reply.json(), row.answer);
  }
  await row.check?.({ rig, tag, reply });
  for (const [effect, count] of Object.entries(row.effects ?? {})) {
    await rig.effects.waitForCount(`${tag} ${effect}`, count);
    assert.equal(rig.effects.count(`${tag} ${effect}`), count, effect);
  }
}

for (const sdk of SDK_VERSIONS) {
  const { name, sdkPackage } = sdk;
  describe(name, { concurrency: true }, () => {
    let rig: Rig;
    before(async () => {
      rig = await startOperationRig(sdk);
    });
    after(() => rig.dispose());

    for (const host of HOSTS) {
      describe(`in ${host.name}`, { concurrency: 8 }, () => {
        for (const row of ROWS) {
          const skip = row.lackedBy === sdkPackage && sdkPackage !== undefined;
          test(row.operation, { skip, timeout: 60_000 }, () => checkRow(rig, row, host));
        }
      });
    }
  });
}
