// Question: what does a message between the main thread and a partition thread cost?
// Measured: round trips of a submission and its reply through two thread channels, so many at once.
//   CPU is that of both threads. Not measured: what is done with the messages.
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, type MessagePort } from 'node:worker_threads';
import { formatInvocationId, type PartitionNumber } from '../../src/actors/domain/ids.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import {
  largeBodyOf,
  type ToMainThread,
  type ToPartitionThread,
} from '../../src/actors/messages.ts';
import { ThreadChannel } from '../../src/actors/thread-channel.ts';
import type { MicroBench, MicroRow } from './micro-bench.ts';

const DEPTHS = [1, 16, 128] as const;
const ROUND_TRIPS = {
  small: { 1: 100, 16: 500, 128: 1_000 },
  full: { 1: 20_000, 16: 100_000, 128: 300_000 },
} as const;

const SUBMIT: ToPartitionThread = {
  kind: 'command',
  partition: 3 as PartitionNumber,
  command: {
    kind: 'submit',
    nowMs: unixMillis(1_700_000_000_000),
    requestId: 'aBcDeFgH-1234567',
    awaitOutcome: true,
    submission: {
      invocationId: formatInvocationId(7n, 77n),
      target: { kind: 'service', service: 'Greeter', handler: 'greet' },
      source: { kind: 'ingress', requestId: 'aBcDeFgH-1234567' },
      input: Buffer.alloc(120, 'i'),
      completionRetentionMs: durationMs(86_400_000),
      journalRetentionMs: durationMs(86_400_000),
    },
  },
};

const REPLY: ToMainThread = {
  kind: 'reply',
  requestId: 'aBcDeFgH-1234567',
  reply: {
    kind: 'completed',
    target: { kind: 'service', service: 'Greeter', handler: 'greet' },
    outcome: { kind: 'success', value: Buffer.alloc(60, 'o') },
  },
};

/** The other side: answers every submission. */
function answer(port: MessagePort): void {
  const channel = new ThreadChannel<ToPartitionThread, ToMainThread>({
    port,
    largeBodyOf,
    onMessage: () => channel.post(REPLY),
  });
}

async function measure(worker: Worker, depth: number, roundTrips: number): Promise<MicroRow> {
  let sent = 0;
  let answered = 0;
  let checksum = 0;
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(port2, [port2]);
  const beganAtMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await new Promise<void>((resolve) => {
    const channel = new ThreadChannel<ToMainThread, ToPartitionThread>({
      port: port1,
      largeBodyOf,
      onMessage: (message) => {
        answered++;
        if (message.kind === 'reply') checksum += message.requestId.length;
        if (sent < roundTrips) post();
        else if (answered === roundTrips) resolve();
      },
    });
    const post = (): void => {
      sent++;
      channel.post(SUBMIT);
    };
    for (let started = 0; started < depth; started++) post();
  });
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - beganAtMs) / 1000;
  port1.close();
  return {
    case: `${depth} at once`,
    figures: {
      roundTripsPerSecond: roundTrips / seconds,
      cpuMicrosPerRoundTrip: (cpu.user + cpu.system) / roundTrips,
      microsPerRoundTrip: (seconds * 1e6 * depth) / roundTrips,
    },
    checksum,
  };
}

export const THREAD_HOP: MicroBench = {
  name: 'thread-hop',
  question: 'what does a message to a partition thread and back cost?',
  decides:
    'how messages are packed; more than 5 µs at 16 at once and something else has to be tried',
  async run(size) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const rows: MicroRow[] = [];
    try {
      await measure(worker, 128, ROUND_TRIPS.small[128]);
      for (const depth of DEPTHS) rows.push(await measure(worker, depth, ROUND_TRIPS[size][depth]));
    } finally {
      await worker.terminate();
    }
    return rows;
  },
};

if (!isMainThread) parentPort?.on('message', answer);
