// Question: what do the messages of the service protocol cost a partition thread?
// Measured: payloads to checked messages; messages to frames. Not measured: cutting frames, HTTP/2.
import { MessageType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../src/actors/attempt/service-message.ts';
import { decodeDeploymentMessage } from '../../src/io/service-protocol/message-decoder.ts';
import { encodeInputCommand, FrameWriter } from '../../src/io/service-protocol/message-encoder.ts';
import { V6 } from '../../test/support/decode-options.ts';
import { encodeDeploymentPayload } from '../../test/support/deployment-messages.ts';
import { timed, type MicroBench } from './micro-bench.ts';
import { CALL, HEADERS, NOTIFICATION, RUN, RUN_PROPOSAL, START, VALUE } from './sample-messages.ts';

const MESSAGES = { small: 2_000, full: 500_000 } as const;

function decodeCopies(message: DeploymentMessage, count: number): number {
  const payload = encodeDeploymentPayload(message);
  const type = MessageType[message.kind];
  let checksum = 0;
  for (let decoded = 0; decoded < count; decoded++) {
    if (decodeDeploymentMessage(type, payload, V6).ok) checksum += payload.length;
  }
  return checksum;
}

function encodeCopies(write: (writer: FrameWriter) => void, count: number): number {
  const writer = new FrameWriter();
  let checksum = 0;
  for (let written = 0; written < count; written++) {
    write(writer);
    checksum += writer.take().length;
  }
  return checksum;
}

export const MESSAGE_CODEC: MicroBench = {
  name: 'message-codec',
  question: 'what does a message of the service protocol cost a partition thread?',
  decides: 'whether a hand-written codec earns its keep; protobufjs takes 0.6 to 1 µs for a Call',
  run(size) {
    const count = MESSAGES[size];
    return [
      timed('decode Run', count, () => decodeCopies(RUN, count)),
      timed('decode ProposeRunCompletion', count, () => decodeCopies(RUN_PROPOSAL, count)),
      timed('decode Call', count, () => decodeCopies(CALL, count)),
      timed('encode notification', count, () =>
        encodeCopies((writer) => writer.writeServerMessage(NOTIFICATION), count),
      ),
      timed('encode Start and Input', count, () =>
        encodeCopies((writer) => {
          writer.writeServerMessage(START);
          writer.writeRaw(MessageType.input, encodeInputCommand(HEADERS, VALUE));
        }, count),
      ),
    ];
  },
};
