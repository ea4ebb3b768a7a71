import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptAdmission } from '../../src/actors/attempt-admission.ts';
import type { DeploymentId } from '../../src/actors/domain/ids.ts';
import { idOf } from './partition/describe.ts';

const ONE = 'dp_1one' as DeploymentId;
const TWO = 'dp_1two' as DeploymentId;

class Rig {
  readonly admission = new AttemptAdmission(2);
  readonly granted: string[] = [];

  enter(name: string, deployment = ONE): boolean {
    return this.admission.tryEnter(deployment, idOf(name));
  }

  wait(name: string, deployment = ONE): void {
    this.admission.waitForSlot(deployment, idOf(name), () => this.granted.push(name));
  }

  leave(name: string): void {
    this.admission.leave(idOf(name));
  }

  withdraw(name: string): void {
    this.admission.withdraw(idOf(name));
  }
}

test('a deployment admits as many attempts as it has slots', () => {
  const rig = new Rig();
  assert.deepEqual([rig.enter('a'), rig.enter('b'), rig.enter('c')], [true, true, false]);
  assert.equal(rig.enter('c', TWO), true);
});

test('who holds a slot enters again without taking another', () => {
  const rig = new Rig();
  rig.enter('a');
  assert.equal(rig.enter('a'), true);
  assert.equal(rig.enter('b'), true);
  rig.leave('a');
  assert.equal(rig.enter('c'), true);
  assert.equal(rig.enter('d'), false);
});

test('a slot that is given back goes to whoever has waited longest', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  for (const name of ['c', 'd', 'e']) rig.wait(name);
  rig.leave('a');
  assert.deepEqual(rig.granted, ['c']);
  assert.equal(rig.enter('f'), false);
  rig.leave('c');
  rig.leave('b');
  assert.deepEqual(rig.granted, ['c', 'd', 'e']);
  assert.equal(rig.enter('c'), false);
});

test('one whose slot was granted holds it', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  rig.wait('c');
  rig.leave('a');
  assert.equal(rig.enter('c'), true);
});

test('leaving twice, or without a slot, gives nothing back', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  rig.wait('c');
  rig.leave('unknown');
  assert.deepEqual(rig.granted, []);
  rig.leave('a');
  rig.leave('a');
  rig.wait('d');
  assert.equal(rig.enter('e'), false);
  assert.deepEqual(rig.granted, ['c']);
});

test('moving to another deployment gives the old slot back', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  rig.wait('c');
  assert.equal(rig.enter('a', TWO), true);
  assert.deepEqual(rig.granted, ['c']);
});

test('withdrawing ends both waiting and holding', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  for (const name of ['c', 'd']) rig.wait(name);
  rig.withdraw('c');
  rig.withdraw('a');
  assert.deepEqual(rig.granted, ['d']);
});

test('waiting again keeps the place and replaces the callback', () => {
  const rig = new Rig();
  for (const name of ['a', 'b']) rig.enter(name);
  for (const name of ['c', 'd', 'c']) rig.wait(name);
  rig.leave('a');
  rig.leave('b');
  assert.deepEqual(rig.granted, ['c', 'd']);
});

test('a deployment is crowded as long as somebody waits for it', () => {
  const rig = new Rig();
  const crowded = (): DeploymentId[] => [...rig.admission.crowdedDeployments()];
  for (const name of ['a', 'b']) rig.enter(name);
  rig.enter('x', TWO);
  assert.deepEqual(crowded(), []);
  rig.wait('c');
  assert.deepEqual(crowded(), [ONE]);
  rig.leave('a');
  assert.deepEqual(crowded(), []);
});
