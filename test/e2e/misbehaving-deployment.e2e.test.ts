// A deployment that breaks the protocol, frame by frame. Its policy ends an invocation with the first
// failed attempt, so that the attempt's error is the answer the client gets. Whatever it sends, the
// same partitions go on serving others at once.
// Source of the rows: reference contract, "Attempt failures by the server" and "Fragilities".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessageType, NotificationType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage, ErrorMessage } from '../../src/actors/attempt/service-message.ts';
import { encodeDeploymentMessage, encodeFrame } from '../support/deployment-messages.ts';
import {
  END,
  endsWith,
  OddRig,
  OUTPUT,
  refuses,
  respondOk,
  says,
  sends,
  startEndpoint,
} from '../support/odd-deployment.ts';
import type { Behaviour, OddRow } from '../support/odd-deployment.ts';
import { bytesField, numberField } from '../support/protobuf.ts';
import { awaitAny } from '../../src/actors/domain/awaited-future.ts';

interface Row extends OddRow {
  readonly message: RegExp;
  readonly status?: number | undefined;
}

const text = new TextEncoder();
const EMPTY = new Uint8Array(0);
const outcome = { kind: 'success', value: text.encode('1') } as const;
const RUN = encodeDeploymentMessage({ kind: 'run', completionId: 1, name: 'step' });

function callOf(parameters: Partial<DeploymentMessage & { kind: 'call' }>): DeploymentMessage {
  return {
    kind: 'call',
    service: 'Good',
    handler: 'answer',
    parameter: EMPTY,
    headers: [],
    key: '',
    invocationIdNotificationIdx: 1,
    completionId: 2,
    name: '',
    ...parameters,
  };
}

function errorOf(fields: Partial<ErrorMessage>): Behaviour {
  const defaults = { code: 500, message: 'broken', stacktrace: '', behavior: 'fail' } as const;
  return says({ kind: 'error', ...defaults, ...fields });
}

/** Sleeps for no time and suspends on that, then suspends on what it was given. */
function suspendsAgainOn(ids: readonly number[]): Behaviour {
  const awaiting = ids.map((completionId) => ({ kind: 'completion', completionId }) as const);
  const suspension = { kind: 'suspension', awaiting: awaitAny(awaiting) } as const;
  const sleep = { kind: 'sleep', wakeUpTimeMs: 1, completionId: 1, name: '' } as const;
  return (stream, attempt) =>
    attempt === 1 ? says(sleep, suspension)(stream, 1) : says(suspension)(stream, attempt);
}

function endsWithTrailers(stream: Parameters<Behaviour>[0]): void {
  const head = { ':status': 200, 'content-type': 'application/vnd.restate.invocation.v6' };
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(OUTPUT);
}

function odd(name: string, behave: Behaviour, message: RegExp): Row {
  return { name, behave, message };
}

const key = text.encode('k');
const read = { kind: 'getLazyState', key, completionId: 1, name: '' } as const;
const write = { kind: 'setState', key, value: key, name: '' } as const;
const peek = { kind: 'peekPromise', key: 'p', completionId: 1, name: '' } as const;
const truncated = encodeFrame(MessageType.output, new Uint8Array(100)).subarray(0, 40);
const oversized = Buffer.from('0401000002040000', 'hex');
const garbage = Buffer.from('fe12ab00deadbeef0badf00d'.repeat(20), 'hex');

const LARGE_BEGUN = encodeFrame(MessageType.output, new Uint8Array(2 ** 24)).subarray(0, 2 ** 20);
const UNKNOWN_CALL = encodeDeploymentMessage(callOf({ service: 'Nope' }));

const ROWS: readonly Row[] = [
  odd('End as the first message', sends(END), /End/),
  odd('End without Output after a command', sends(RUN, END), /End/),
  odd('a custom message', sends(encodeFrame(0xfc00, EMPTY)), /custom/),
  odd('an unknown message', sends(encodeFrame(0x0008, EMPTY)), /unknown protocol.message code 0x8/),
  odd('Start', sends(encodeFrame(MessageType.start, EMPTY)), /unexpected message/),
  odd('Input', sends(encodeFrame(MessageType.input, EMPTY)), /unexpected message/),
  odd('CommandAck', sends(encodeFrame(MessageType.commandAck, EMPTY)), /unexpected message/),
  odd('a notification', sends(encodeFrame(NotificationType.sleep, EMPTY)), /unexpected message/),
  odd(
    'an Output that is no protobuf',
    sends(encodeFrame(MessageType.output, garbage)),
    /malformed/,
  ),
  odd('an Output without a result', sends(encodeFrame(MessageType.output, EMPTY)), /malformed/),
  odd('a Run that is no protobuf', sends(encodeFrame(MessageType.run, garbage)), /malformed/),
  odd('a Sleep that is no protobuf', sends(encodeFrame(MessageType.sleep, garbage)), /malformed/),
  odd('a Call that is no protobuf', sends(encodeFrame(MessageType.call, garbage)), /malformed/),
  odd(
    'a run completion without a result',
    sends(encodeFrame(MessageType.proposeRunCompletion, numberField(1, 1))),
    /missing result field/,
  ),
  odd('an empty Suspension', sends(encodeFrame(MessageType.suspension, EMPTY)), /Suspension/),
  odd('an oversized length', sends(oversized), /message size limit/),
  odd('the largest length', sends(Buffer.from('04010000ffffffff', 'hex')), /message size limit/),
  odd('random bytes', sends(garbage), /./),
  odd('a frame that ends early', endsWith(truncated), /unknown/),
  odd('nothing at all', endsWith(EMPTY), /unknown/),
  odd('trailers in place of End', endsWithTrailers, /unknown/),
  odd('a reset', (stream) => stream.close(2), /unknown/),
  odd(
    'a lost connection',
    (stream) => {
      respondOk(stream);
      stream.session?.destroy();
    },
    /unknown/,
  ),
  odd('404', refuses(404), /unexpected http status code: 404 Not Found/),
  odd('500', refuses(500), /unexpected http status code: 500 Internal Server Error/),
  odd('401', refuses(401), /unexpected http status code: 401 Unauthorized/),
  odd('413', refuses(413), /content too large/),
  { ...odd('415', refuses(415), /protocol version '6'/), status: 415 },
  odd('502', refuses(502), /temporary unavailable '502 Bad Gateway'/),
  odd('503', refuses(503), /rate limited due to '503 Service Unavailable'/),
  odd('429', refuses(429), /rate limited due to '429 Too Many Requests'/),
  odd('no content type', refuses(200), /unexpected content type 'None'/),
  odd(
    'another content type',
    refuses(200, { 'content-type': 'application/vnd.restate.invocation.v1' }),
    /unexpected content type 'Some\("application\/vnd.restate.invocation.v1"\)'/,
  ),
  odd(
    'a call to an unknown service',
    says(callOf({ service: 'Nope' })),
    /Nope\/answer was not found/,
  ),
  odd(
    'a call to an unknown handler',
    says(callOf({ handler: 'nope' })),
    /Good\/nope was not found/,
  ),
  odd('a key for a Service', says(callOf({ key: 'k' })), /a key was provided/),
  odd('an empty idempotency key', says(callOf({ idempotencyKey: '' })), /idempotency key .* empty/),
  odd('a state read in a Service', says(read), /doesn't have state access/),
  odd('a state write in a Service', says(write), /doesn't have state access/),
  odd('a promise in a Service', says(peek), /only Workflow services/),
  {
    ...odd('a state write in a shared handler', says(write), /cannot write state/),
    target: 'OddObject/key',
  },
  {
    ...odd('a promise in an object', says(peek), /only Workflow services/),
    target: 'OddObject/key',
  },
  {
    ...odd(
      'SetState without a value',
      sends(encodeFrame(MessageType.setState, bytesField(1, key))),
      /malformed/,
    ),
    target: 'OddState/key',
  },
  odd('a refused call behind a Run', sends(RUN, UNKNOWN_CALL, OUTPUT, END), /Nope\/answer/),
  odd('a Suspension on what it was given', suspendsAgainOn([1]), /completion 1, which is already/),
  odd(
    'a Suspension on many ids, one of them given',
    suspendsAgainOn(Array.from({ length: 100_000 }, (_, index) => index + 1)),
    /completion 1, which is already/,
  ),
  { ...odd('an Error with a code', errorOf({ code: 418 }), /^broken$/), status: 418 },
  odd('an Error without a code', errorOf({ code: 0 }), /^broken$/),
  odd('an Error with no HTTP status for a code', errorOf({ code: 2 ** 32 - 1 }), /^broken$/),
  odd('an Error with a long text', errorOf({ message: 'x'.repeat(2 ** 20) }), /^x{1048576}$/),
  odd(
    'a signal to a bad invocation id',
    says({
      kind: 'sendSignal',
      targetInvocationId: 'bad',
      signal: { kind: 'signal', index: 1 },
      result: { kind: 'void' },
      name: '',
    }),
    /bad format/,
  ),
  odd(
    'a bad awakeable id',
    says({ kind: 'completeAwakeable', awakeableId: 'sign_1zzz', outcome, name: '' }),
    /awakeable/,
  ),
  odd(
    'an attach to a bad invocation id',
    says({
      kind: 'attachInvocation',
      target: { kind: 'invocationId', invocationId: 'bad' },
      completionId: 1,
      name: '',
    }),
    /invalid invocation id bad: bad format/,
  ),
  odd('silence', respondOk, /abort timeout/),
  odd('not even a head', () => undefined, /abort timeout/),
  odd('the beginning of a large message', sends(LARGE_BEGUN), /abort timeout/),
];

describe('a deployment that sends', { skip: isReference() }, () => {
  let rig: OddRig;
  before(async () => {
    rig = await OddRig.start(ROWS);
  });
  after(() => rig.dispose());

  for (const row of ROWS) {
    test(`${row.name} fails the attempt only`, async () => {
      const reply = await rig.answerOf(row);
      assert.equal(reply.status, row.status ?? 500, reply.text().slice(0, 1000));
      assert.equal(reply.headers['x-restate-error-source'], 'invocation');
      assert.match(String(Reflect.get(Object(reply.json()), 'message')), row.message);
      await rig.assertServes();
    });
  }

  test('nothing, as it is gone, fails the attempt only', async () => {
    const policy = { retryPolicyMaxAttempts: 1, retryPolicyOnMaxAttempts: 'KILL' };
    const gone = { name: 'Gone', ty: 'SERVICE', handlers: [{ name: 'answer' }], ...policy };
    const endpoint = await startEndpoint([gone], (stream) => stream.close());
    await rig.register(endpoint.url);
    endpoint.dispose();
    const reply = await rig.post('/Gone/answer');
    assert.equal(reply.status, 500);
    assert.match(reply.text(), /error when calling|unknown/);
    const again = await rig.post('/Gone/answer');
    assert.match(again.text(), /error when calling '.*ECONNREFUSED|error when calling '.*refused/);
    await rig.assertServes();
  });

  test('all of this leaves every partition serving', () => rig.assertEveryPartitionServes());
});

function isReference(): boolean {
  return process.env['REPRISE_TEST_SERVER'] === 'reference';
}
