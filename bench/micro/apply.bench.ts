// Question: what does it cost to apply each command to a partition?
// Measured: the machine and the overlay of the store, for commands of groups of invocations, none of them
//   committed. Not measured: encoding, LMDB, effects.
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { PartitionCommand } from '../../src/actors/partition/command.ts';
import { idOf, T0 } from '../../test/actors/partition/describe.ts';
import * as entries from '../../test/actors/partition/entries.ts';
import {
  add,
  bytes,
  completion,
  Machine,
  PIN,
  signalId,
  success,
  VOID,
  type EntryParts,
} from '../../test/actors/partition/machine.ts';
import type { MicroBench, MicroRow } from './micro-bench.ts';

/** Invocations whose commands are applied one after the other, as in a batch. */
const GROUP = 128;
const GROUPS = { small: 2, full: 300 } as const;

const nowMs = unixMillis(T0);
const EPOCH = 1;

interface Case {
  readonly name: string;
  /** Brings an invocation to where the command applies. */
  readonly prepare: (machine: Machine, name: string) => void;
  readonly command: (machine: Machine, name: string) => PartitionCommand;
}

function send(machine: Machine, name: string): void {
  machine.send(name);
}

function proposed(name: string, parts: EntryParts): PartitionCommand {
  const entry = { payload: bytes('x'.repeat(100)), ackRequested: false, ...parts };
  return { kind: 'entryProposed', nowMs, invocationId: idOf(name), epoch: EPOCH, pin: PIN, entry };
}

function ended(name: string, end: (PartitionCommand & { kind: 'attemptEnded' })['end']) {
  return { kind: 'attemptEnded', nowMs, invocationId: idOf(name), epoch: EPOCH, end } as const;
}

function submission(machine: Machine, name: string, delayMs?: number): PartitionCommand {
  const submitted = machine.submission(name, { delayMs, target: add(name) });
  const requestId = `r-${name}`;
  return { kind: 'submit', nowMs, requestId, submission: submitted, awaitOutcome: true };
}

const CASES: readonly Case[] = [
  {
    name: 'submit',
    prepare: () => {},
    command: (machine, name) => submission(machine, name),
  },
  {
    name: 'submit for later',
    prepare: () => {},
    command: (machine, name) => submission(machine, name, 1000),
  },
  { name: 'propose run', prepare: send, command: (_, name) => proposed(name, entries.run(1)) },
  {
    name: 'propose set state',
    prepare: (machine, name) => void machine.send(name, { target: add(name) }),
    command: (_, name) => proposed(name, entries.setState('count', '1')),
  },
  {
    name: 'propose sleep',
    prepare: send,
    command: (_, name) => proposed(name, entries.sleep(1000, 1)),
  },
  {
    name: 'propose call, same partition',
    prepare: send,
    command: (_, name) => proposed(name, entries.call(`callee ${name}`, 2)),
  },
  {
    name: 'propose call, other partition',
    prepare: send,
    command: (_, name) => proposed(name, entries.call(`remote${name}`, 2)),
  },
  {
    name: 'run completion',
    prepare: (machine, name) => {
      machine.send(name);
      machine.propose(name, entries.run(1));
    },
    command: (_, name) => ({
      kind: 'runCompletionProposed',
      ...{ nowMs, invocationId: idOf(name), epoch: EPOCH, pin: PIN },
      ...{ completionId: 1, outcome: success('1') },
    }),
  },
  {
    name: 'signal to a suspended one',
    prepare: (machine, name) => {
      machine.send(name);
      machine.suspend(name, [signalId(17)]);
    },
    command: (_, name) => ({
      kind: 'signal',
      ...{ nowMs, requestId: 's', invocationId: idOf(name), signal: signalId(17), result: VOID },
    }),
  },
  {
    name: 'attempt suspended',
    prepare: send,
    command: (_, name) =>
      ended(name, { kind: 'suspended', awaiting: [completion(9)], replayedLength: 1 }),
  },
  {
    name: 'attempt ended',
    prepare: send,
    command: (_, name) => ended(name, { kind: 'ended', outcome: success('done') }),
  },
  {
    name: 'begin attempt',
    prepare: send,
    command: (_, name) => ({ kind: 'beginAttempt', nowMs, invocationId: idOf(name), epoch: EPOCH }),
  },
];

function measure({ name, prepare, command }: Case, groups: number): MicroRow {
  let elapsedMs = 0;
  let checksum = 0;
  const names = Array.from({ length: GROUP }, (_, index) => `i${index}`);
  // The first group warms up.
  for (let group = -1; group < groups; group++) {
    const machine = new Machine();
    for (const invocation of names) prepare(machine, invocation);
    const commands = names.map((invocation) => command(machine, invocation));
    const beganAtMs = performance.now();
    let effectsCount = 0;
    for (const one of commands) effectsCount += machine.effects(one).length;
    if (group < 0) continue;
    elapsedMs += performance.now() - beganAtMs;
    checksum += effectsCount;
  }
  return { case: name, figures: { nsPerOp: (elapsedMs * 1e6) / (groups * GROUP) }, checksum };
}

export const APPLY: MicroBench = {
  name: 'apply',
  question: 'what does it cost to apply each command to a partition?',
  decides:
    'where the machine allocates too much; 10 µs a command would be a tenth of an invocation',
  run: (size) => CASES.map((one) => measure(one, GROUPS[size])),
};
