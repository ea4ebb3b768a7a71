import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageType, NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type { ServerMessage } from '../../../src/actors/attempt/service-message.ts';
import { InvariantError } from '../../../src/actors/domain/assert.ts';
import {
  encodeInputCommand,
  FrameWriter,
} from '../../../src/io/service-protocol/message-encoder.ts';
import { decodeServerMessage } from '../../support/deployment-messages.ts';
import { hex, plain } from '../../support/plain.ts';

function sleepCompletion(completionId: number): ServerMessage {
  return {
    kind: 'notification',
    type: NotificationType.sleep,
    id: { kind: 'completion', completionId },
    result: { kind: 'void' },
  };
}

function start(changes: { readonly durationMs: number }): ServerMessage {
  return {
    kind: 'start',
    id: new Uint8Array(24),
    debugId: '',
    knownEntries: 0,
    stateMap: [],
    partialState: false,
    key: '',
    retryCountSinceLastStoredEntry: 0,
    durationSinceLastStoredEntryMs: changes.durationMs,
    randomSeed: 0n,
  };
}

describe('FrameWriter', () => {
  test('gives nothing before anything is written', () => {
    const writer = new FrameWriter();
    assert.equal(writer.length, 0);
    assert.equal(writer.take().length, 0);
  });

  test('gives the frames of one batch in one buffer', () => {
    const writer = new FrameWriter();
    writer.writeServerMessage(sleepCompletion(1));
    writer.writeServerMessage({ kind: 'commandAck', commandIndex: 2 });
    assert.equal(writer.length, 22);
    assert.equal(hex(writer.take()), '800c00000000000408012200' + '00040000000000020802');
    assert.equal(writer.length, 0);
  });

  test('writes a stored entry as it was', () => {
    const writer = new FrameWriter();
    writer.writeRaw(MessageType.run, Uint8Array.of(0x58, 0x02, 0xff));
    assert.equal(hex(writer.take()), '04110000000000035802ff');
  });

  test('never touches bytes that were taken', () => {
    const writer = new FrameWriter();
    const taken: Array<readonly [bytes: Uint8Array, before: string]> = [];
    for (let count = 0; count < 3000; count++) {
      writer.writeServerMessage(sleepCompletion(count));
      if (count % 100 === 0) writer.writeRaw(0x0401, new Uint8Array(20_000).fill(count));
      const bytes = writer.take();
      taken.push([bytes, hex(bytes)]);
    }
    for (const [bytes, before] of taken) assert.equal(hex(bytes), before);
  });

  test('writes more than its first buffer holds', () => {
    const writer = new FrameWriter();
    const payloads = Array.from({ length: 200 }, (_, at) => new Uint8Array(at * 50).fill(at));
    for (const payload of payloads) writer.writeRaw(0x0401, payload);
    const bytes = Buffer.from(writer.take());
    let at = 0;
    for (const payload of payloads) {
      assert.equal(bytes.readUInt32BE(at + 4), payload.length);
      assert.equal(hex(bytes.subarray(at + 8, at + 8 + payload.length)), hex(payload));
      at += 8 + payload.length;
    }
    assert.equal(at, bytes.length);
  });

  test('does not keep a large buffer for what follows', () => {
    const writer = new FrameWriter();
    writer.writeRaw(0x0401, new Uint8Array(1024 * 1024));
    writer.take();
    writer.writeServerMessage(sleepCompletion(1));
    assert.ok(writer.take().buffer.byteLength <= 16 * 1024);
  });

  // Lengths around the limits of one and two length bytes.
  for (const length of [0, 1, 41, 42, 43, 126, 127, 128, 129, 16_383, 16_384, 70_000])
    test(`writes texts and values of ${length} characters`, () => {
      const text = 'é'.repeat(length);
      const message: ServerMessage = {
        kind: 'notification',
        type: NotificationType.signal,
        id: { kind: 'namedSignal', name: text },
        result: { kind: 'failure', failure: { code: 1, message: text, metadata: [[text, 'v']] } },
      };
      const writer = new FrameWriter();
      writer.writeServerMessage(message);
      const frame = writer.take();
      assert.deepEqual(
        plain(decodeServerMessage(NotificationType.signal, frame.subarray(8))),
        plain(message),
      );
      const input = encodeInputCommand([{ key: text, value: '' }], new Uint8Array(length).fill(7));
      assert.deepEqual(
        plain(decodeServerMessage(MessageType.input, input)),
        plain({
          kind: 'input',
          headers: [{ key: text, value: '' }],
          value: new Uint8Array(length).fill(7),
        }),
      );
    });

  test('takes a clock that was set back as no time at all', () => {
    const writer = new FrameWriter();
    writer.writeServerMessage(start({ durationMs: -5 }));
    assert.equal(hex(writer.take()), `000000000000001a0a18${'00'.repeat(24)}`);
  });

  test('replaces half a surrogate pair', () => {
    for (const text of ['\ud83d', `${'x'.repeat(50)}\ud83d`]) {
      const payload = encodeInputCommand([{ key: text, value: '' }], new Uint8Array(0));
      const message = decodeServerMessage(MessageType.input, payload);
      assert.equal(
        message.kind === 'input' && message.headers[0]?.key,
        text.replace('\ud83d', '\ufffd'),
      );
    }
  });

  for (const number of [-1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])
    test(`finds the id ${number} to be a defect`, () => {
      const writer = new FrameWriter();
      assert.throws(() => writer.writeServerMessage(sleepCompletion(number)), InvariantError);
    });
});
