// Whatever a peer sends, every exchange ends exactly once, nothing is thrown, and no exchange hangs
// once its connection is gone. `SEED` repeats a run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeploymentStream, DeploymentStreamListener } from '../../../src/actors/ports.ts';
import { FrameFlag, FrameType, SettingId } from '../../../src/io/deployment/http2-frames.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import {
  encodeFields,
  encodeFrame,
  encodeSettings,
  FakeDeployment,
  uint32s,
  type FakeConnection,
} from '../../support/fake-deployment.ts';
import { createRandom, seededRandom, type Random } from '../../support/random.ts';

const RUNS = 150;
const EXCHANGES_PER_RUN = 6;
const TYPES = Object.keys(FrameType) as [keyof typeof FrameType];

type Chooser = (random: Random) => Buffer;

const { endHeaders, endStream, ack } = FrameFlag;

/** Odd ones are ours; 0, even and large ones are mistakes. */
function streamId(random: Random): number {
  return random.pick([1, 1, 3, 3, 5, 7, 9, 11, random.pick([0, 2, 99, 2 ** 31 - 1])]);
}

function someBytes(random: Random, bytesMax: number): Buffer {
  return Buffer.from(
    Array.from({ length: random.integer(0, bytesMax) }, () => random.integer(0, 255)),
  );
}

function someFlags(random: Random): number {
  return random.pick([0, endHeaders, endStream, endHeaders | endStream, random.integer(0, 255)]);
}

const LEGAL: readonly [Chooser, ...Chooser[]] = [
  (random) => {
    const block = encodeFields([[':status', random.pick(['200', '200', '404', '100'])]]);
    const flags = endHeaders | random.pick([0, 0, endStream]);
    return encodeFrame('headers', flags, streamId(random), block);
  },
  // Puts an entry into the table, then refers to it.
  (random) =>
    encodeFrame(
      'headers',
      endHeaders,
      streamId(random),
      Buffer.from('88400161016240016200', 'hex'),
    ),
  (random) => encodeFrame('headers', endHeaders, streamId(random), Buffer.from('88be', 'hex')),
  (random) =>
    encodeFrame('data', random.pick([0, 0, endStream]), streamId(random), someBytes(random, 50)),
  (random) => encodeFrame('data', 0, streamId(random), Buffer.alloc(random.integer(0, 16_384))),
  (random) => encodeFrame('rstStream', 0, streamId(random), uint32s(random.integer(0, 20))),
  (random) =>
    encodeFrame(
      'settings',
      0,
      0,
      encodeSettings([
        [SettingId.initialWindowSize, random.integer(0, 100_000)],
        [SettingId.maxConcurrentStreams, random.integer(0, 5)],
        [SettingId.headerTableSize, random.integer(0, 8192)],
      ]),
    ),
  () => encodeFrame('settings', ack, 0),
  (random) => encodeFrame('ping', random.pick([0, ack]), 0, Buffer.alloc(8)),
  (random) => encodeFrame('goaway', 0, 0, uint32s(streamId(random), random.integer(0, 14))),
  (random) => encodeFrame('windowUpdate', 0, streamId(random), uint32s(random.integer(1, 10_000))),
  (random) => encodeFrame('windowUpdate', 0, 0, uint32s(random.integer(1, 10_000))),
];

const ILLEGAL: readonly [Chooser, ...Chooser[]] = [
  (random) => someBytes(random, 100),
  (random) =>
    encodeFrame(random.pick(TYPES), someFlags(random), streamId(random), someBytes(random, 40)),
  (random) => encodeFrame(random.integer(0, 255), someFlags(random), streamId(random)),
  (random) => encodeFrame('headers', 0, streamId(random), someBytes(random, 20)),
  (random) =>
    encodeFrame('continuation', someFlags(random), streamId(random), someBytes(random, 20)),
  (random) => {
    const bytes = random.pick(LEGAL)(random);
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
    return bytes;
  },
  (random) => random.pick(LEGAL)(random).subarray(0, random.integer(0, 12)),
];

/** Plays a while, then hangs up. */
async function misbehave(connection: FakeConnection, random: Random): Promise<void> {
  const illegalShare = random.pick([0, 0.05, 0.5]);
  const pieces: Buffer[] = [encodeFrame('settings', 0, 0)];
  for (let count = random.integer(0, 60); count > 0; count--) {
    pieces.push(random.pick(random.next() < illegalShare ? ILLEGAL : LEGAL)(random));
  }
  await connection.sendInPieces(Buffer.concat(pieces), random.pick([7, 50, 1000, 100_000]));
  if (random.next() < 0.5) connection.resetConnection();
  else connection.end();
}

class CheckedListener implements DeploymentStreamListener {
  readonly ended: Promise<void>;
  stream: DeploymentStream | undefined;
  readonly #random: Random;
  #state: 'fresh' | 'responded' | 'ended' | 'reset' = 'fresh';
  #resolve: () => void = () => {};

  constructor(random: Random) {
    this.#random = random;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  onResponse(status: number): void {
    assert.equal(this.#state, 'fresh');
    assert.ok(status >= 200 && status <= 999);
    this.#state = 'responded';
    this.act();
  }

  onData(chunk: Uint8Array): void {
    assert.equal(this.#state, 'responded');
    assert.ok(chunk.length > 0);
    this.act();
  }

  onEnd(): void {
    assert.equal(this.#state, 'responded');
    this.#end('ended');
  }

  onFailure({ message }: { readonly message: string }): void {
    assert.ok(this.#state === 'fresh' || this.#state === 'responded', this.#state);
    assert.match(message, /^error when calling 'http:/);
    this.#end('ended');
  }

  /** Does what a caller may do at any time. */
  act(): void {
    const choice = this.#random.next();
    if (choice < 0.4) this.stream?.write(Buffer.alloc(this.#random.integer(0, 40_000)));
    else if (choice < 0.5) this.stream?.end();
    else if (choice < 0.55) {
      this.stream?.reset();
      this.#end('reset');
    }
  }

  #end(state: 'ended' | 'reset'): void {
    this.#state = state;
    this.#resolve();
  }
}

async function play(random: Random): Promise<void> {
  const deployment = await FakeDeployment.start({
    settings: 'withheld',
    acknowledgesSettings: false,
    replenishesWindows: random.pick([true, false]),
  });
  const transport = new HttpDeploymentTransport({
    connectionsPerDeploymentMax: random.integer(1, 3),
    streamsPerConnectionMax: random.integer(1, 10),
  });
  deployment.onConnection = (connection) => void misbehave(connection, random);
  const listeners = Array.from({ length: EXCHANGES_PER_RUN }, () => {
    const listener = new CheckedListener(random);
    listener.stream = transport.open(
      {
        endpoint: { kind: 'http', uri: deployment.uri, httpVersion: 'HTTP/2.0' },
        method: random.pick(['POST', 'POST', 'GET']),
        path: '/invoke/A/b',
        headers: [['content-type', 'a/b']],
      },
      listener,
    );
    listener.act();
    return listener;
  });
  // No timer of the transport is as short as a test may take, so this ends only by what the peer did.
  await Promise.all(listeners.map((listener) => listener.ended));
  await transport.close();
  await deployment.close();
}

describe('a peer that sends anything', { timeout: 60_000 }, () => {
  test('ends every exchange once and harms nothing', { timeout: 60_000 }, async (t) => {
    const { seed } = seededRandom();
    t.diagnostic(`SEED=${seed}`);
    for (let run = 0; run < RUNS; run++) await play(createRandom(seed + run));
  });
});
