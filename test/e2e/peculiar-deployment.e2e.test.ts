// A deployment whose messages are legal but peculiar: extreme numbers, repeated ids, strange
// splits. Each row still gets its answer, from a handler whose policy allows a single attempt.
import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type {
  CommandMessage,
  DeploymentMessage,
} from '../../src/actors/attempt/service-message.ts';
import { formatInvocationId } from '../../src/actors/domain/ids.ts';
import { encodeDeploymentMessage, encodeFrame } from '../support/deployment-messages.ts';
import {
  END,
  endsWith,
  OddRig,
  OUTPUT,
  refuses,
  respondOk,
  says,
} from '../support/odd-deployment.ts';
import type { Behaviour, OddRow } from '../support/odd-deployment.ts';
import { stringField } from '../support/protobuf.ts';

const name = '';
const EMPTY = new Uint8Array(0);
const NOBODY = formatInvocationId(1n, 2n);
const U32_MAX = 2 ** 32 - 1;
const LARGE_TEXT = 'x'.repeat(10 * 2 ** 20);
const ACK = 0x8000;

function outputOf(value: unknown): Uint8Array {
  const content = new TextEncoder().encode(JSON.stringify(value));
  const outcome = { kind: 'success', value: content } as const;
  return encodeDeploymentMessage({ kind: 'output', outcome, name });
}

/** Says these messages, then answers as it should. */
function answersAfter(...messages: readonly DeploymentMessage[]): Behaviour {
  const encoded = messages.map((message) => encodeDeploymentMessage(message));
  return endsWith(...encoded, OUTPUT, END);
}

/** Fails the first attempt like this and answers in the second. */
function answersSecond(first: Behaviour): Behaviour {
  return (stream, attempt) =>
    attempt === 1 ? first(stream, 1) : endsWith(OUTPUT, END)(stream, attempt);
}

function inPieces(bytesCount: number, ...messages: readonly Uint8Array[]): Behaviour {
  const all = Buffer.concat(messages);
  return (stream) => {
    respondOk(stream);
    let at = 0;
    const writeMore = (): void => {
      while (at < all.length) {
        const piece = all.subarray(at, (at += bytesCount));
        if (!stream.write(piece)) return void stream.once('drain', writeMore);
      }
      stream.end();
    };
    writeMore();
  };
}

function floodsAfterEnd(stream: ServerHttp2Stream): void {
  respondOk(stream);
  stream.write(Buffer.concat([OUTPUT, END]));
  for (let count = 0; count < 20; count += 1) stream.write(Buffer.alloc(2 ** 20, 0xff));
}

function goesAway(stream: ServerHttp2Stream): void {
  stream.session?.goaway();
  endsWith(OUTPUT, END)(stream, 1);
}

function sleep(completionId: number, wakeUpTimeMs: number): CommandMessage {
  return { kind: 'sleep', wakeUpTimeMs, completionId, name };
}

function signalTo(targetInvocationId: string): CommandMessage {
  const signal = { kind: 'namedSignal', name: '' } as const;
  return { kind: 'sendSignal', targetInvocationId, signal, result: { kind: 'void' }, name };
}

const run = { kind: 'run', completionId: 1, name } as const;
const outcome = { kind: 'success', value: EMPTY } as const;
const proposal = { kind: 'proposeRunCompletion', completionId: 1, outcome } as const;
const error = { kind: 'error', code: 500, message: '', stacktrace: '', behavior: 'retry' } as const;
const endOfTime = Buffer.from('08ffffffffffffffffff015801', 'hex');
const getPromise = { kind: 'getPromise', key: '', completionId: 1, name } as const;
const completePromise = { ...getPromise, kind: 'completePromise', outcome } as const;
const target = { kind: 'invocationId', invocationId: NOBODY } as const;

interface Row extends OddRow {
  readonly answer?: unknown;
}

const ROWS: readonly Row[] = [
  { name: 'several Outputs', behave: endsWith(outputOf(0), OUTPUT, END) },
  { name: 'commands behind End', behave: endsWith(OUTPUT, END, outputOf(2), END) },
  { name: '20 MiB behind End', behave: floodsAfterEnd },
  {
    name: 'single bytes',
    behave: inPieces(1, outputOf('single bytes'), END),
    answer: 'single bytes',
  },
  {
    name: 'a large Output in pieces',
    behave: inPieces(7777, outputOf(LARGE_TEXT), END),
    answer: LARGE_TEXT,
  },
  { name: 'two sleeps with one id', behave: answersAfter(sleep(1, 1), sleep(1, 1)) },
  { name: 'a sleep and a run with one id', behave: answersAfter(sleep(1, 1), run, proposal) },
  { name: 'the id 0', behave: answersAfter({ ...run, completionId: 0 }) },
  {
    name: 'the largest id',
    behave: answersAfter(sleep(U32_MAX, 1), { ...run, completionId: U32_MAX }),
  },
  { name: 'a sleep from the beginning of time', behave: answersAfter(sleep(1, 0)) },
  {
    name: 'a sleep until the end of time',
    behave: endsWith(encodeFrame(MessageType.sleep, endOfTime), OUTPUT, END),
  },
  {
    name: 'a call at the end of time',
    behave: answersAfter({
      kind: 'oneWayCall',
      service: 'Good',
      handler: 'answer',
      parameter: EMPTY,
      headers: [],
      key: '',
      invokeTimeMs: Number.MAX_SAFE_INTEGER,
      invocationIdNotificationIdx: 1,
      name,
    }),
  },
  { name: 'the result of a run that never was', behave: answersAfter(proposal) },
  { name: 'two results of one run', behave: answersAfter(run, proposal, proposal) },
  { name: 'a signal to nobody', behave: answersAfter(signalTo(NOBODY)) },
  {
    name: 'an attach to nobody',
    behave: answersAfter({ kind: 'attachInvocation', target, completionId: 1, name }),
  },
  {
    name: 'state with an empty key',
    target: 'OddState/key',
    behave: answersAfter(
      { kind: 'setState', key: EMPTY, value: EMPTY, name },
      { kind: 'getLazyState', key: EMPTY, completionId: 1, name },
    ),
  },
  {
    name: 'a promise completed twice',
    target: 'OddFlow/key',
    behave: answersAfter(getPromise, completePromise, completePromise),
  },
  { name: 'an ack asked for', behave: endsWith(encodeDeploymentMessage(run, ACK), OUTPUT, END) },
  { name: 'reserved flags', behave: endsWith(encodeDeploymentMessage(run, 0x7fff), OUTPUT, END) },
  {
    name: 'an unknown field',
    behave: endsWith(encodeFrame(MessageType.run, stringField(99, '?')), OUTPUT, END),
  },
  {
    name: 'an informational head',
    behave: (stream, attempt) => {
      stream.additionalHeaders({ ':status': 103 });
      endsWith(OUTPUT, END)(stream, attempt);
    },
  },
  { name: 'GOAWAY', behave: goesAway },
  {
    name: 'an Error that asks for a retry at once',
    behave: answersSecond(says({ ...error, nextRetryDelayMs: 0 })),
  },
  { name: '503 with Retry-After', behave: answersSecond(refuses(503, { 'retry-after': '0' })) },
];

describe('a deployment that sends', { skip: isReference() }, () => {
  let rig: OddRig;
  before(async () => {
    rig = await OddRig.start(ROWS);
  });
  after(() => rig.dispose());

  for (const row of ROWS) {
    test(`${row.name} gets through`, async () => {
      const reply = await rig.answerOf(row);
      assert.equal(reply.status, 200, reply.text().slice(0, 1000));
      assert.ok(Object.is(reply.json(), row.answer ?? 1), reply.text().slice(0, 100));
      await rig.assertServes();
    });
  }

  test('all of this leaves every partition serving', () => rig.assertEveryPartitionServes());
});

function isReference(): boolean {
  return process.env['REPRISE_TEST_SERVER'] === 'reference';
}
