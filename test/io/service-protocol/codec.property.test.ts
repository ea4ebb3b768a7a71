// Properties of the whole codec, checked against the plain protobuf code of test/support.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MessageType, NotificationType } from '../../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../../src/actors/attempt/service-message.ts';
import { FrameDecoder } from '../../../src/io/service-protocol/frame-codec.ts';
import type { FrameResult } from '../../../src/io/service-protocol/frame-codec.ts';
import type { DecodeOptions } from '../../../src/io/service-protocol/decode-options.ts';
import { decodeDeploymentMessage } from '../../../src/io/service-protocol/message-decoder.ts';
import {
  encodeInputCommand,
  FrameWriter,
} from '../../../src/io/service-protocol/message-encoder.ts';
import { V6, V7 } from '../../support/decode-options.ts';
import {
  decodeServerMessage,
  encodeDeploymentMessage,
  encodeDeploymentPayload,
} from '../../support/deployment-messages.ts';
import { plain } from '../../support/plain.ts';
import {
  deploymentMessage,
  deploymentMessageV7,
  inputCommand,
  serverMessage,
} from './arbitrary-messages.ts';
import { RANDOM_SEED } from './random-seed.ts';

type Frame = FrameResult & { readonly kind: 'frame' };

const RUNS = { seed: RANDOM_SEED, numRuns: 400 };
const KNOWN_TYPES = [...Object.values(MessageType), ...Object.values(NotificationType)];

/** Cuts `bytes` at the given fractions of its length; equal cuts make empty chunks. */
function split(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const edges = cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...edges].map((begin, index) => bytes.slice(begin, edges[index] ?? bytes.length));
}

function decodeFrames(chunks: readonly Uint8Array[]): readonly Frame[] {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let result = decoder.next(); result.kind === 'frame'; result = decoder.next())
      frames.push(result);
  }
  return frames;
}

function decodeValid(frame: Frame, options: DecodeOptions): DeploymentMessage {
  const result = decodeDeploymentMessage(frame.type, frame.payload, options);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return result.message;
}

const VERSIONS = [
  [V6, deploymentMessage],
  [V7, deploymentMessageV7],
] as const;

describe('service protocol codec', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

  for (const [options, messages] of VERSIONS) {
    const { protocolVersion } = options;
    test(`what a deployment sends in version ${protocolVersion} arrives unchanged however the stream is cut`, () => {
      const flagged = fc.tuple(messages, fc.integer({ min: 0, max: 0xffff }));
      fc.assert(
        fc.property(fc.array(flagged, { maxLength: 6 }), cuts, (sent, cuts) => {
          const encoded = sent.map(([message, flags]) =>
            encodeDeploymentMessage(message, flags, protocolVersion),
          );
          const frames = decodeFrames(split(Buffer.concat(encoded), cuts));
          assert.deepEqual(
            plain(frames.map((frame) => [decodeValid(frame, options), frame.flags])),
            plain(sent),
          );
        }),
        RUNS,
      );
    });
  }

  test('what the server sends is what a deployment reads', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(fc.array(serverMessage, { maxLength: 6 }), cuts, (sent, cuts) => {
        for (const message of sent) writer.writeServerMessage(message);
        const frames = decodeFrames(split(writer.take(), cuts));
        assert.deepEqual(
          plain(frames.map(({ type, payload }) => decodeServerMessage(type, payload))),
          plain(sent),
        );
      }),
      RUNS,
    );
  });

  test('an Input entry is what a deployment reads', () => {
    fc.assert(
      fc.property(inputCommand, ({ headers, value }) => {
        const payload = encodeInputCommand(headers, value);
        assert.deepEqual(
          plain(decodeServerMessage(MessageType.input, payload)),
          plain({ kind: 'input', headers, value }),
        );
      }),
      RUNS,
    );
  });

  test('random bytes of any type give a result', () => {
    const type = fc.oneof(fc.constantFrom(...KNOWN_TYPES), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 80 }), (type, payload) => {
        for (const [options] of VERSIONS) {
          const result = decodeDeploymentMessage(type, payload, options);
          if (!result.ok) assert.ok(result.error.message.length > 0);
        }
      }),
      { ...RUNS, numRuns: 5000 },
    );
  });

  test('a damaged message gives a result', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
    fc.assert(
      fc.property(deploymentMessageV7, damage, fc.nat(), (message, damage, cut) => {
        const payload = Buffer.from(encodeDeploymentPayload(message, 7));
        if (payload.length > 0)
          for (const [at, byte] of damage) payload[at % payload.length] = byte;
        const shorter = payload.subarray(0, payload.length - (cut % (payload.length + 1)));
        const type = MessageType[message.kind];
        for (const bytes of [payload, shorter]) {
          const result = decodeDeploymentMessage(type, bytes, V7);
          if (!result.ok) assert.equal(result.error.kind, 'malformed');
        }
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });

  test('a random stream gives frames, a partial frame or a refusal', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
        const decoder = new FrameDecoder(1024);
        let consumed = 0;
        let last: FrameResult = { kind: 'needMoreBytes' };
        for (const chunk of chunks) {
          decoder.push(chunk);
          for (last = decoder.next(); last.kind === 'frame'; last = decoder.next())
            consumed += 8 + last.payload.length;
        }
        const pushed = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        assert.ok(consumed <= pushed);
        if (last.kind === 'tooLarge') assert.ok(last.bytes >= last.bytesMax);
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });
});
