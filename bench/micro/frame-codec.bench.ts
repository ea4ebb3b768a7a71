// Question: what does it cost to cut the bytes of a deployment into frames, and to write frames?
// Measured: chunks of 16 KiB to frames; frames that are spread over chunks; payloads to frames.
// Not measured: what is in the frames, HTTP/2.
import { FrameDecoder } from '../../src/io/service-protocol/frame-codec.ts';
import { FrameWriter } from '../../src/io/service-protocol/message-encoder.ts';
import { encodeFrame } from '../../test/support/deployment-messages.ts';
import { timed, type MicroBench } from './micro-bench.ts';

const CHUNK_BYTES = 16 * 1024;
const ENTRY_TYPE = 0x0411;
const SMALL_PAYLOAD = Buffer.alloc(100, 'p');
const LARGE_PAYLOAD = Buffer.alloc(64 * 1024, 'p');
const FRAMES = { small: 2_000, full: 1_000_000 } as const;
const LARGE_FRAMES = { small: 20, full: 10_000 } as const;

/** Decodes `framesCount` copies of a frame that arrive in chunks of `chunkBytes`. */
function decodeCopies(payload: Uint8Array, chunkBytes: number, framesCount: number): number {
  const frame = encodeFrame(ENTRY_TYPE, payload);
  const copies = Math.max(1, Math.floor(chunkBytes / frame.length));
  const bytes = Buffer.concat(Array.from({ length: copies }, () => frame));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    chunks.push(bytes.subarray(at, at + chunkBytes));
  }
  const decoder = new FrameDecoder();
  let checksum = 0;
  for (let decoded = 0; decoded < framesCount; decoded += copies) {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let next = decoder.next(); next.kind === 'frame'; next = decoder.next()) {
        checksum += next.payload.length;
      }
    }
  }
  return checksum;
}

function encodeCopies(payload: Uint8Array, framesCount: number): number {
  const writer = new FrameWriter();
  let checksum = 0;
  for (let written = 0; written < framesCount; written++) {
    writer.writeRaw(ENTRY_TYPE, payload);
    checksum += writer.take().length;
  }
  return checksum;
}

export const FRAME_CODEC: MicroBench = {
  name: 'frame-codec',
  question: 'what does a frame of the service protocol cost a partition thread?',
  decides:
    'whether frames may be copied: at 1 µs per small frame a copy would show in an invocation',
  run(size) {
    const frames = FRAMES[size];
    const large = LARGE_FRAMES[size];
    return [
      timed('decode, 100 B', frames, () => decodeCopies(SMALL_PAYLOAD, CHUNK_BYTES, frames)),
      timed('decode, 64 KiB in 5 chunks', large, () =>
        decodeCopies(LARGE_PAYLOAD, CHUNK_BYTES, large),
      ),
      timed('encode, 100 B', frames, () => encodeCopies(SMALL_PAYLOAD, frames)),
      timed('encode, 64 KiB', large, () => encodeCopies(LARGE_PAYLOAD, large)),
    ];
  },
};
