// Edits of user state by an operator.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stateVersionOf } from '../../../src/actors/domain/state-version.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import { Machine, add, bytes } from './machine.ts';

const OWNER = { service: 'Counter', key: 'k' };

function entriesOf(state: Readonly<Record<string, string>>) {
  return Object.entries(state).map(([key, value]) => [bytes(key), bytes(value)] as const);
}

function edit(
  machine: Machine,
  state: Readonly<Record<string, string>>,
  expectedVersion?: string,
): string[] {
  return machine.apply({
    kind: 'editState',
    nowMs: unixMillis(machine.nowMs),
    requestId: 'e',
    owner: OWNER,
    edit: { expectedVersion, entries: entriesOf(state) },
  });
}

function stateIn(machine: Machine): string {
  return [...machine.store.listUserState(OWNER)]
    .map(([key, value]) => `${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`)
    .join(' ');
}

describe('a version of a state', () => {
  const rows = [
    [{}, '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
    [{ name: 'bob' }, 'tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM'],
    [{ a: 'aaa', b: 'bbb' }, 'RVM17P6x18Wp-JnzQ01BzmqCvhAunTOQI_az6Px3Zyk'],
    [{ count: '9', last: '{"n":3,"at":"now"}' }, 'WGsPJzhfMsSUJVVvVVSNDkxmNAEAytFDiwez6a3UNag'],
  ] as const;
  for (const [state, version] of rows) {
    test(`${JSON.stringify(state)} is what the reference computes`, () => {
      assert.equal(stateVersionOf(entriesOf(state)), version);
    });
  }
});

describe('an edit of a state', () => {
  test('replaces all of it', () => {
    const machine = new Machine();
    assert.deepEqual(edit(machine, { a: '1', b: '2' }), ['e: stateEditAccepted']);
    edit(machine, { b: '3' });
    assert.equal(stateIn(machine), 'b=3');
    edit(machine, {});
    assert.equal(stateIn(machine), '');
  });

  test('happens only to the version that it was made for', () => {
    const machine = new Machine();
    edit(machine, { a: '1' });
    const version = stateVersionOf(entriesOf({ a: '1' }));
    assert.deepEqual(edit(machine, { a: '2' }, 'stale'), ['e: stateEditAccepted']);
    assert.equal(stateIn(machine), 'a=1');
    edit(machine, { a: '2' }, version);
    assert.equal(stateIn(machine), 'a=2');
  });

  test('waits its turn behind the invocations of the key', () => {
    const machine = new Machine();
    machine.send('a', { target: add() });
    edit(machine, { a: '1' });
    machine.send('b', { target: add() });
    edit(machine, { a: '2' });
    edit(machine, { a: '3' });
    assert.equal(stateIn(machine), '');
    assert.ok(machine.succeed('a', 'done').includes('start b#1 with 1'));
    assert.equal(stateIn(machine), 'a=1');
    machine.succeed('b', 'done');
    assert.equal(stateIn(machine), 'a=3');
    assert.equal(machine.store.getLock(OWNER), undefined);
  });
});
