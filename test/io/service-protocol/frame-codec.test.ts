import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SERVICE_MESSAGE_BYTES_MAX } from '../../../src/actors/domain/limits.ts';
import { FrameDecoder } from '../../../src/io/service-protocol/frame-codec.ts';
import type { FrameResult } from '../../../src/io/service-protocol/frame-codec.ts';
import { encodeFrame } from '../../support/deployment-messages.ts';
import { fromHex, hex } from '../../support/plain.ts';

function payloadOf(result: FrameResult): Uint8Array {
  assert.equal(result.kind, 'frame');
  return result.kind === 'frame' ? result.payload : new Uint8Array(0);
}

/** Bytes that differ from place to place, so that a misplaced part is noticed. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);
}

function header(type: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

describe('FrameDecoder', () => {
  test('reads type, flags and payload', () => {
    const decoder = new FrameDecoder();
    decoder.push(fromHex('0411 8001 00000002 5802'));
    const result = decoder.next();
    assert.equal(result.kind, 'frame');
    if (result.kind !== 'frame') return;
    assert.deepEqual([result.type, result.flags, hex(result.payload)], [0x0411, 0x8001, '5802']);
    assert.deepEqual(decoder.next(), { kind: 'needMoreBytes' });
  });

  test('reads several frames of one chunk', () => {
    const decoder = new FrameDecoder();
    decoder.push(Buffer.concat([encodeFrame(1, pattern(3)), encodeFrame(3, pattern(0))]));
    assert.equal(payloadOf(decoder.next()).length, 3);
    assert.equal(payloadOf(decoder.next()).length, 0);
    assert.equal(decoder.next().kind, 'needMoreBytes');
  });

  test('reads chunks that were pushed before anything was asked for', () => {
    const decoder = new FrameDecoder();
    const body = pattern(100);
    for (const byte of encodeFrame(1, body)) decoder.push(Uint8Array.of(byte));
    decoder.push(encodeFrame(2, body));
    assert.equal(hex(payloadOf(decoder.next())), hex(body));
    assert.equal(hex(payloadOf(decoder.next())), hex(body));
    assert.equal(decoder.next().kind, 'needMoreBytes');
  });

  test('reads a 10 MiB frame in 16 KiB chunks', () => {
    const decoder = new FrameDecoder();
    const body = pattern(10 * 1024 * 1024);
    const frame = encodeFrame(0x0401, body);
    for (let at = 0; at < frame.length; at += 16 * 1024) {
      assert.equal(decoder.next().kind, 'needMoreBytes');
      decoder.push(frame.subarray(at, at + 16 * 1024));
    }
    assert.ok(Buffer.from(body).equals(payloadOf(decoder.next())));
  });

  test('reads a 512 KiB frame in one-byte chunks', () => {
    const decoder = new FrameDecoder();
    const body = pattern(512 * 1024);
    for (const byte of encodeFrame(0x0401, body)) {
      assert.equal(decoder.next().kind, 'needMoreBytes');
      decoder.push(Uint8Array.of(byte));
    }
    assert.ok(Buffer.from(body).equals(payloadOf(decoder.next())));
  });

  test('takes no memory for bodies that are only claimed', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 100 }, () => {
      const decoder = new FrameDecoder();
      decoder.push(header(0x0401, 30 * 1024 * 1024));
      decoder.push(Uint8Array.of(1));
      assert.equal(decoder.next().kind, 'needMoreBytes');
      return decoder;
    });
    const taken = process.memoryUsage().arrayBuffers - before;
    assert.ok(taken < 100 * 1024 * 1024, `${taken} bytes`);
    assert.ok(decoders.every((decoder) => decoder.next().kind === 'needMoreBytes'));
  });

  test('takes the largest body and refuses the next one', () => {
    const largest = new FrameDecoder();
    largest.push(header(0x0401, SERVICE_MESSAGE_BYTES_MAX - 1));
    assert.equal(largest.next().kind, 'needMoreBytes');
    const decoder = new FrameDecoder();
    decoder.push(header(0x0401, SERVICE_MESSAGE_BYTES_MAX));
    assert.deepEqual(decoder.next(), {
      kind: 'tooLarge',
      bytes: 33_816_576,
      bytesMax: 33_816_576,
    });
  });

  test('stays with its refusal', () => {
    const decoder = new FrameDecoder(16);
    decoder.push(Buffer.concat([header(1, 16), encodeFrame(3, pattern(0))]));
    const refusal = decoder.next();
    decoder.push(encodeFrame(3, pattern(0)));
    assert.deepEqual(decoder.next(), refusal);
  });

  test('gives a frame once it is whole, not before', () => {
    const frame = encodeFrame(1, pattern(4));
    for (let length = 0; length <= frame.length; length++) {
      const decoder = new FrameDecoder();
      decoder.push(frame.subarray(0, length));
      const complete = decoder.next().kind === 'frame';
      assert.equal(complete, length === frame.length);
    }
  });

  test('copies a small payload out of a large chunk', () => {
    const chunk = Buffer.concat([encodeFrame(1, pattern(100)), Buffer.alloc(64 * 1024)]);
    const decoder = new FrameDecoder();
    decoder.push(chunk);
    const payload = payloadOf(decoder.next());
    assert.notEqual(payload.buffer, chunk.buffer);
    assert.equal(hex(payload), hex(pattern(100)));
  });

  test('gives a large payload as a view of its chunk', () => {
    const chunk = Buffer.concat([encodeFrame(1, pattern(20 * 1024)), Buffer.alloc(64 * 1024)]);
    const decoder = new FrameDecoder();
    decoder.push(chunk);
    assert.equal(payloadOf(decoder.next()).buffer, chunk.buffer);
  });
});
