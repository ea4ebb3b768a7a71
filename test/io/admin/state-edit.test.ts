// State edits: what becomes of the body, and which are refused.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { GatewayUnavailableError } from '../../../src/actors/ports.ts';
import type { ServiceKey, StateEdit } from '../../../src/actors/partition/state.ts';
import type { AdminAnswer } from '../../support/admin-client.ts';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';

let rig: AdminRig;
let failure: Error | undefined;
const asked: Array<readonly [owner: ServiceKey, edit: StateEdit]> = [];

before(async () => {
  rig = await startAdminRig({
    operate: () => assert.fail('no invocation is operated on'),
    editState: (owner, edit) => {
      asked.push([owner, edit]);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  });
  await rig.register('/', {
    services: [
      { name: 'Plain', ty: 'SERVICE', handlers: [{ name: 'h' }] },
      { name: 'Counter', ty: 'VIRTUAL_OBJECT', handlers: [{ name: 'h' }] },
      { name: 'Flow', ty: 'WORKFLOW', handlers: [{ name: 'run', ty: 'WORKFLOW' }] },
    ],
  });
});
afterEach(() => {
  asked.length = 0;
  failure = undefined;
});
after(() => rig.close());

function edit(service: string, body: unknown): Promise<AdminAnswer> {
  return rig.call('POST', `/services/${service}/state`, { body });
}

const SET = { object_key: 'k', new_state: { a: '1' } };
const CLEAR = { object_key: 'k', new_state: {} };

describe('a state edit', () => {
  test('takes bytes, and text for its bytes', async () => {
    const answer = await edit('Counter', {
      object_key: 'ü/',
      new_state: { a: [0, 255], é: 'ü', empty: '' },
    });
    assert.deepEqual([answer.status, answer.text], [202, '']);
    const [[owner, { entries, expectedVersion }] = assert.fail('nothing was asked for')] = asked;
    assert.deepEqual(owner, { service: 'Counter', key: 'ü/' });
    assert.equal(expectedVersion, undefined);
    assert.deepEqual(
      entries.map((entry) => entry.map((bytes) => Buffer.from(bytes).toString('hex'))),
      [
        ['61', '00ff'],
        ['c3a9', 'c3bc'],
        ['656d707479', ''],
      ],
    );
  });

  test('names the version that it was made for', async () => {
    await edit('Counter', { ...CLEAR, version: 'v' });
    await edit('Counter', { ...CLEAR, version: null });
    assert.deepEqual(
      asked.map(([, { expectedVersion }]) => expectedVersion),
      ['v', undefined],
    );
  });

  const rows: ReadonlyArray<
    readonly [name: string, service: string, body: unknown, status: number, message?: string]
  > = [
    ['of a workflow', 'Flow', SET, 202],
    ['of a service', 'Plain', CLEAR, 400, 'Cannot modify state for service type Service'],
    ['that clears what a removed service left', 'Gone', CLEAR, 202],
    ['of an unknown service', 'Gone', SET, 404, "The requested service 'Gone' does not exist"],
    [
      'in a scope',
      'Counter',
      { ...SET, scope: 's1' },
      400,
      'scoped state requires vqueues to be enabled',
    ],
    [
      'in a scope that is none',
      'Counter',
      { ...SET, scope: 'b c' },
      500,
      'bad scope: value contains characters outside the allowed set [a-zA-Z0-9_.-]',
    ],
    [
      'of a service, in a scope',
      'Plain',
      { ...SET, scope: 'b c' },
      400,
      'Cannot modify state for service type Service',
    ],
    ['in no scope', 'Counter', { ...SET, scope: null }, 202],
  ];
  for (const [name, service, body, status, message] of rows) {
    test(`${name} is answered with ${status}`, async () => {
      const answer = await edit(service, body);
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(
        answer.json,
        message === undefined ? undefined : { message, restate_code: null },
      );
      assert.equal(asked.length, status === 202 ? 1 : 0);
    });
  }

  test('that the partition could not take is answered with 503', async () => {
    failure = new GatewayUnavailableError('the server stops');
    assert.equal((await edit('Counter', SET)).status, 503);
  });
});
