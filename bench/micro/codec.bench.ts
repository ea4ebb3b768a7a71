// Question: what do the frames of the service protocol cost a partition thread, per operation?
// Measured: bytes in chunks of 16 KiB to checked messages; messages to bytes. Not measured: HTTP/2.
// Run: npm run build && node dist/bench/micro/codec.bench.js [small|full]
// Decides: whether a hand-written codec earns its keep; protobufjs takes 0.6 to 1 µs for a Call.
import { MessageType, NotificationType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage, ServerMessage } from '../../src/actors/attempt/service-message.ts';
import { FrameDecoder } from '../../src/io/service-protocol/frame-codec.ts';
import { decodeDeploymentMessage } from '../../src/io/service-protocol/message-decoder.ts';
import { encodeInputCommand, FrameWriter } from '../../src/io/service-protocol/message-encoder.ts';
import { V6 } from '../../test/support/decode-options.ts';
import { encodeDeploymentMessage } from '../../test/support/deployment-messages.ts';

const size = process.argv[2] === 'full' ? 'full' : 'small';
const rounds = size === 'full' ? 200_000 : 2_000;

const value = Buffer.alloc(100, 'v');
const outcome = { kind: 'success', value } as const;
const headers = [{ key: 'traceparent', value: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b71-01' }];
const run: DeploymentMessage = { kind: 'run', completionId: 3, name: 'charge' };
const call: DeploymentMessage = {
  kind: 'call',
  ...{ service: 'PaymentService', handler: 'charge', parameter: value, headers, key: 'user-12345' },
  ...{ invocationIdNotificationIdx: 7, completionId: 8, name: 'pay' },
};
const start: ServerMessage = {
  kind: 'start',
  ...{ id: new Uint8Array(24).fill(7), debugId: 'inv_1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456' },
  ...{ knownEntries: 2, stateMap: [], partialState: true, key: 'user-12345' },
  ...{ retryCountSinceLastStoredEntry: 0, durationSinceLastStoredEntryMs: 12 },
  randomSeed: 7139819510863627642n,
};
const notification: ServerMessage = {
  kind: 'notification',
  ...{ type: NotificationType.run, id: { kind: 'completion', completionId: 3 }, result: outcome },
};

function decodeCopies(message: DeploymentMessage): number {
  const frame = encodeDeploymentMessage(message);
  const framesPerChunk = Math.floor((16 * 1024) / frame.length);
  const chunk = Buffer.concat(Array.from({ length: framesPerChunk }, () => frame));
  const decoder = new FrameDecoder();
  let checksum = 0;
  for (let decoded = 0; decoded < rounds; decoded += framesPerChunk) {
    decoder.push(chunk);
    for (let next = decoder.next(); next.kind === 'frame'; next = decoder.next())
      if (decodeDeploymentMessage(next.type, next.payload, V6).ok) checksum += next.payload.length;
  }
  return checksum;
}

function encodeCopies(write: (writer: FrameWriter) => void): number {
  const writer = new FrameWriter();
  let checksum = 0;
  for (let round = 0; round < rounds; round++) {
    write(writer);
    checksum += writer.take().length;
  }
  return checksum;
}

const cases: Readonly<Record<string, () => number>> = {
  'decode run': () => decodeCopies(run),
  'decode run proposal': () =>
    decodeCopies({ kind: 'proposeRunCompletion', completionId: 3, outcome }),
  'decode call': () => decodeCopies(call),
  'encode notification': () => encodeCopies((writer) => writer.writeServerMessage(notification)),
  'encode start and input': () =>
    encodeCopies((writer) => {
      writer.writeServerMessage(start);
      writer.writeRaw(MessageType.input, encodeInputCommand(headers, value));
    }),
};

for (const [name, measured] of Object.entries(cases)) {
  measured();
  const begin = performance.now();
  const checksum = measured();
  const nsPerOp = Math.round(((performance.now() - begin) * 1e6) / rounds);
  console.log(JSON.stringify({ name, size, rounds, nsPerOp, checksum, node: process.version }));
}
