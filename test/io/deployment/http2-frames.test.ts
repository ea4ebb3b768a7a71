import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FrameReader } from '../../../src/io/deployment/http2-frames.ts';
import { encodeFrame } from '../../support/fake-deployment.ts';
import { seededRandom } from '../../support/random.ts';

interface Seen {
  readonly frames: Array<readonly [type: number, flags: number, streamId: number, payload: string]>;
  oversized: string | undefined;
}

function readerInto(seen: Seen, framesMax = Infinity): FrameReader {
  return new FrameReader({
    onFrame: (type, flags, streamId, bytes, start, end) => {
      seen.frames.push([type, flags, streamId, bytes.toString('latin1', start, end)]);
      return seen.frames.length < framesMax;
    },
    onOversizedFrame: (head, start) => {
      seen.oversized = head.toString('hex', start, start + 9);
      return false;
    },
  });
}

const FRAMES = [
  encodeFrame('settings', 0, 0),
  encodeFrame('headers', 4, 1, Buffer.from('head')),
  encodeFrame('data', 0, 0x7fffffff, Buffer.alloc(16_384, 'd')),
  encodeFrame('data', 1, 1),
  encodeFrame(200, 255, 0xffffffff, Buffer.from('unknown')),
];
const EXPECTED: Seen['frames'] = [
  [4, 0, 0, ''],
  [1, 4, 1, 'head'],
  [0, 0, 0x7fffffff, 'd'.repeat(16_384)],
  [0, 1, 1, ''],
  // The reserved bit is not part of the stream id.
  [200, 255, 0x7fffffff, 'unknown'],
];

describe('FrameReader', () => {
  for (const pieceBytes of [1, 2, 3, 8, 9, 10, 13, 1000, 16_393, 100_000]) {
    test(`finds the same frames in pieces of ${pieceBytes} bytes`, () => {
      const seen: Seen = { frames: [], oversized: undefined };
      const reader = readerInto(seen);
      const bytes = Buffer.concat(FRAMES);
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        reader.push(Buffer.from(bytes.subarray(start, start + pieceBytes)));
      }
      assert.deepEqual(seen.frames, EXPECTED);
    });
  }

  test('finds the same frames in pieces of random sizes', (t) => {
    const random = seededRandom();
    t.diagnostic(`SEED=${random.seed}`);
    const bytes = Buffer.concat([...FRAMES, ...FRAMES, ...FRAMES]);
    for (let run = 0; run < 50; run++) {
      const seen: Seen = { frames: [], oversized: undefined };
      const reader = readerInto(seen);
      for (let start = 0; start < bytes.length;) {
        const end = start + random.integer(0, random.pick([4, 20, 20_000]));
        reader.push(Buffer.from(bytes.subarray(start, end)));
        start = end;
      }
      assert.deepEqual(seen.frames, [...EXPECTED, ...EXPECTED, ...EXPECTED]);
    }
  });

  for (const pieceBytes of [1, 100]) {
    test(`stops at a frame over its bound, in pieces of ${pieceBytes} bytes`, () => {
      const seen: Seen = { frames: [], oversized: undefined };
      const reader = readerInto(seen);
      const bytes = Buffer.concat([
        encodeFrame('ping', 0, 0, Buffer.alloc(8)),
        encodeFrame('data', 0, 1, Buffer.alloc(16_385)),
        encodeFrame('ping', 0, 0, Buffer.alloc(8)),
      ]);
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        reader.push(bytes.subarray(start, start + pieceBytes));
      }
      assert.equal(seen.frames.length, 1);
      assert.equal(seen.oversized, '004001000000000001');
    });
  }

  test('reads nothing after it was told to stop', () => {
    const seen: Seen = { frames: [], oversized: undefined };
    const reader = readerInto(seen, 2);
    reader.push(Buffer.concat(FRAMES));
    for (const frame of FRAMES) reader.push(frame);
    assert.deepEqual(seen.frames, EXPECTED.slice(0, 2));
  });
});
