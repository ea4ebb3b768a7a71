// Operations on invocations, one and many: what the operator is asked for, and what is said of it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { formatInvocationId, type InvocationId } from '../../../src/actors/domain/ids.ts';
import { GatewayUnavailableError } from '../../../src/actors/ports.ts';
import type { InvocationOperation } from '../../../src/actors/partition/command.ts';
import type { OperationOutcome } from '../../../src/actors/partition/effect.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';
import { deploymentId } from '../../support/schema-fixtures.ts';

const ID = formatInvocationId(1n << 40n, 7n);
const OTHER = formatInvocationId(1n << 40n, 8n);
const DEPLOYMENT = deploymentId(3);

let rig: AdminRig;
let outcome: OperationOutcome | Error = { kind: 'done' };
const asked: Array<readonly [id: InvocationId, operation: InvocationOperation]> = [];

before(async () => {
  rig = await startAdminRig({
    operate: (id, operation) => {
      asked.push([id, operation]);
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    editState: () => assert.fail('no state is edited'),
  });
});
afterEach(() => {
  asked.length = 0;
  outcome = { kind: 'done' };
});
after(() => rig.close());

describe('a request about one invocation', () => {
  const rows: ReadonlyArray<readonly [verb: string, expected: Partial<InvocationOperation>]> = [
    ['cancel', { kind: 'cancel' }],
    ['kill', { kind: 'kill' }],
    ['pause', { kind: 'pause' }],
    ['purge', { kind: 'purge' }],
    ['purge-journal', { kind: 'purgeJournal' }],
    ['resume', { kind: 'resume', deployment: 'keep' }],
    ['resume?deployment=keep', { kind: 'resume', deployment: 'keep' }],
    ['resume?deployment=Latest', { kind: 'resume', deployment: 'latest' }],
    [`resume?deployment=${DEPLOYMENT}`, { kind: 'resume', deployment: DEPLOYMENT }],
    ['restart-as-new', { kind: 'restartAsNew', from: 0, deployment: 'latest' }],
    [
      'restart-as-new?from=7&deployment=Keep',
      { kind: 'restartAsNew', from: 7, deployment: 'keep' },
    ],
  ];
  for (const [verb, expected] of rows) {
    test(`${verb} asks for ${JSON.stringify(expected)}`, async () => {
      const isRestart = expected.kind === 'restartAsNew';
      if (isRestart) outcome = { kind: 'restarted', newInvocationId: OTHER };
      const answer = await rig.call('PATCH', `/invocations/${ID}/${verb}`);
      const text = isRestart ? JSON.stringify({ new_invocation_id: OTHER }) : '';
      assert.deepEqual([answer.status, answer.text], [200, text]);
      const [[id, { ...operation }] = assert.fail('nothing was asked for')] = asked;
      assert.equal(id, ID);
      if ('newInvocationId' in operation) {
        assert.equal(operation.newInvocationId.slice(0, 16), ID.slice(0, 16));
        assert.deepEqual({ ...operation, newInvocationId: 0 }, { ...expected, newInvocationId: 0 });
      } else {
        assert.deepEqual(operation, expected);
      }
    });
  }

  for (const [verb, status] of [
    ['restart-as-new?from=-1', 400],
    ['restart-as-new?from=4294967296', 400],
    ['restart-as-new?deployment=', 400],
    ['resume?deployment=dp_', 400],
    ['unknown', 404],
  ] as const) {
    test(`${verb} asks for nothing and is answered with ${status}`, async () => {
      assert.equal((await rig.call('PATCH', `/invocations/${ID}/${verb}`)).status, status);
      assert.deepEqual(asked, []);
    });
  }

  test('in the old way asks for what its mode says', async () => {
    for (const [query, kind] of [
      ['', 'cancel'],
      ['?mode=Cancel', 'cancel'],
      ['?mode=Kill', 'kill'],
      ['?mode=purge', 'purge'],
    ] as const) {
      const answer = await rig.call('DELETE', `/invocations/${ID}${query}`);
      assert.deepEqual([answer.status, answer.text], [202, '']);
      assert.deepEqual(asked.pop(), [ID, { kind }]);
    }
  });
});

const REFUSALS: ReadonlyArray<
  readonly [
    verb: string,
    outcome: OperationOutcome,
    status: number,
    one: string,
    /** In a batch; `undefined` where it cannot come about. */
    many: string,
  ]
> = [
  [
    'kill',
    { kind: 'notFound' },
    404,
    `The requested invocation '${ID}' does not exist`,
    `Invocation '${ID}' not found`,
  ],
  [
    'cancel',
    { kind: 'alreadyCompleted' },
    409,
    `The invocation '${ID}' was already completed.`,
    `Invocation '${ID}' was already completed`,
  ],
  [
    'resume',
    { kind: 'alreadyCompleted' },
    409,
    `The invocation '${ID}' is completed, cannot be resumed.`,
    `Invocation '${ID}' is completed, cannot be resumed`,
  ],
  [
    'pause',
    { kind: 'notRunning' },
    409,
    `The invocation '${ID}' is not running, cannot be paused.`,
    `Invocation '${ID}' is not running, cannot be paused`,
  ],
  [
    'purge',
    { kind: 'notCompleted' },
    409,
    `The invocation '${ID}' is not yet completed.`,
    `Invocation '${ID}' is not yet completed`,
  ],
  [
    'resume',
    { kind: 'notStarted' },
    425,
    `The invocation '${ID}' is either inboxed or scheduled, cannot be resumed.`,
    `Invocation '${ID}' is either inboxed or scheduled, cannot be resumed`,
  ],
  [
    'restart-as-new',
    { kind: 'notStarted' },
    425,
    `The invocation '${ID}' cannot be restarted because it's not running yet.`,
    `Invocation '${ID}' cannot be restarted because it's not running yet`,
  ],
  [
    'restart-as-new',
    { kind: 'stillRunning' },
    409,
    `The invocation '${ID}' is still running.`,
    `Invocation '${ID}' is still running`,
  ],
  [
    'resume',
    { kind: 'deploymentNotChangeable' },
    409,
    `The invocation '${ID}' is still running or the deployment id is not pinned yet, deployment id cannot be changed.`,
    `Cannot change deployment ID for invocation '${ID}'`,
  ],
  [
    'resume',
    { kind: 'unknownDeployment' },
    400,
    `The given deployment was not found when trying to resume the invocation '${ID}'.`,
    `Deployment not found when resuming invocation '${ID}'`,
  ],
  [
    'restart-as-new',
    { kind: 'unknownDeployment' },
    400,
    `The given deployment was not found when trying to restart as new the invocation '${ID}'.`,
    `Deployment not found when restarting invocation '${ID}'`,
  ],
  [
    'resume',
    {
      kind: 'protocolUnsupported',
      deploymentId: DEPLOYMENT,
      protocolVersion: 6,
      minProtocolVersion: 3,
      maxProtocolVersion: 5,
    },
    400,
    `The invocation '${ID}' is running on protocol version '6', while the chosen deployment '${DEPLOYMENT}' supports the range [3, 5].`,
    `Invocation '${ID}' is running on protocol version 6, which deployment '${DEPLOYMENT}' does not support`,
  ],
  [
    'restart-as-new',
    { kind: 'restartUnsupported' },
    422,
    `Restarting the invocation '${ID}' is not supported. Restarting workflows is not supported, and restarting invocations created using the old service protocol.`,
    `Restarting invocation '${ID}' is not supported`,
  ],
  [
    'restart-as-new',
    { kind: 'journalGone' },
    410,
    `The invocation '${ID}' cannot be restarted because the input is not available. This indicates that the journal was already purged, or not retained at all.`,
    `Invocation '${ID}' cannot be restarted because the input is not available`,
  ],
  [
    'restart-as-new',
    { kind: 'prefixIncomplete' },
    400,
    `The prefix of the journal '${ID}' up to 'from' (included) contains some Commands without respective Completions.`,
    `The journal prefix of invocation '${ID}' contains commands without completions`,
  ],
];

describe('the outcome', () => {
  for (const [verb, refusal, status, one, many] of REFUSALS) {
    test(`${refusal.kind} of ${verb} is answered with ${status}, and named in a batch`, async () => {
      outcome = refusal;
      const answer = await rig.call('PATCH', `/invocations/${ID}/${verb}`);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.json, { message: one, restate_code: null });
      const batch = await rig.call('POST', `/internal/invocations_batch_operations/${verb}`, {
        body: { invocation_ids: [ID] },
      });
      assert.deepEqual(batch.json, {
        succeeded: [],
        failed: [{ invocation_id: ID, error: many }],
      });
    });
  }

  test('accepted is answered with 202', async () => {
    outcome = { kind: 'accepted' };
    const answer = await rig.call('PATCH', `/invocations/${ID}/cancel`);
    assert.deepEqual([answer.status, answer.text], [202, '']);
  });

  test('restarted names the new invocation', async () => {
    outcome = { kind: 'restarted', newInvocationId: OTHER };
    const answer = await rig.call('PATCH', `/invocations/${ID}/restart-as-new`);
    assert.equal(answer.text, `{"new_invocation_id":"${OTHER}"}`);
    const batch = await rig.call('POST', '/internal/invocations_batch_operations/restart-as-new', {
      body: { invocation_ids: [ID], deployment: 'keep' },
    });
    assert.deepEqual(batch.json, {
      succeeded: [{ old_invocation_id: ID, new_invocation_id: OTHER }],
      failed: [],
    });
    const [, operation] = asked.at(-1) ?? assert.fail('something was asked for');
    assert.ok(operation.kind === 'restartAsNew' && operation.deployment === 'keep');
  });

  test('that a partition could not give is answered with 503', async () => {
    outcome = new GatewayUnavailableError('the server stops');
    const answer = await rig.call('PATCH', `/invocations/${ID}/kill`);
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.json, {
      message: 'Error when routing the request internally. Reason: the server stops',
      restate_code: null,
    });
  });
});
