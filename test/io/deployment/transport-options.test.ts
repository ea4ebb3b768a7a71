// What the options of worker.invoker change in how deployments are reached.
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { transportSettingsOf } from '../../../src/io/config/deployment-settings.ts';
import { defaultServerConfig, type ServerConfig } from '../../../src/io/config/load.ts';
import { SettingId } from '../../../src/io/deployment/http2-frames.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import {
  type FakeConnection,
  FakeDeployment,
  type FakeDeploymentOptions,
} from '../../support/fake-deployment.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

async function setUp(
  t: TestContext,
  config: Partial<ServerConfig>,
  fake: FakeDeploymentOptions = {},
) {
  const deployment = await FakeDeployment.start(fake);
  const { http } = transportSettingsOf(defaultServerConfig(config));
  const transport = new HttpDeploymentTransport(http);
  t.after(async () => {
    await transport.close();
    await deployment.close();
  });
  return { deployment, open: () => new RecordedExchange(transport, deployment.uri) };
}

async function announced(connection: FakeConnection): Promise<ReadonlyMap<number, number>> {
  const { payload } = await connection.nextFrame('settings');
  const settings = new Map<number, number>();
  for (let offset = 0; offset < payload.length; offset += 6) {
    settings.set(payload.readUInt16BE(offset), payload.readUInt32BE(offset + 2));
  }
  return settings;
}

describe('an HTTP/2 connection', { timeout: 60_000 }, () => {
  test('announces the configured windows and the size of frames', async (t) => {
    const { deployment, open } = await setUp(t, {
      http2StreamWindowSize: 100_000,
      http2ConnectionWindowSize: 165_535,
      http2MaxFrameSize: 20_000,
    });
    open();
    const { connection } = await deployment.nextRequest();
    const settings = await announced(connection);
    assert.equal(settings.get(SettingId.initialWindowSize), 100_000);
    assert.equal(settings.get(SettingId.maxFrameSize), 20_000);
    const { payload } = await connection.nextFrame('windowUpdate', 0);
    assert.equal(payload.readUInt32BE(0), 100_000);
  });

  test('gives back what a stream sent when half of the configured window is used', async (t) => {
    const { deployment, open } = await setUp(t, { http2StreamWindowSize: 1000 });
    const exchange = open();
    const request = await deployment.nextRequest();
    request.respond();
    request.write(Buffer.alloc(500));
    const { payload } = await request.connection.nextFrame('windowUpdate', request.streamId);
    assert.equal(payload.readUInt32BE(0), 500);
    request.end();
    assert.equal(await exchange.outcome(), 'end');
  });

  test('keeps the window that the protocol begins with when a smaller one is configured', async (t) => {
    const { deployment, open } = await setUp(t, { http2ConnectionWindowSize: 1000 });
    const exchange = open();
    const request = await deployment.nextRequest();
    request.respond();
    request.write(Buffer.alloc(33_000));
    const { payload } = await request.connection.nextFrame('windowUpdate', 0);
    assert.ok(payload.readUInt32BE(0) > 32_767, 'the first credit is for what arrived');
    request.end();
    assert.equal(await exchange.outcome(), 'end');
  });

  for (const [http2MaxFrameSize, outcome] of [
    [20_000, 'end'],
    [16_384, 'protocol'],
  ] as const) {
    test(`with frames of up to ${http2MaxFrameSize} bytes makes of one of 18000: ${outcome}`, async (t) => {
      const { deployment, open } = await setUp(t, { http2MaxFrameSize });
      const exchange = open();
      const request = await deployment.nextRequest();
      request.respond();
      request.connection.sendFrame('data', 0, request.streamId, Buffer.alloc(18_000));
      request.end();
      const found = await exchange.outcome();
      assert.equal(found === 'end' ? 'end' : found.kind, outcome);
    });
  }

  test('is not pinged when the interval is 0', async (t) => {
    const { deployment, open } = await setUp(t, {
      http2KeepAliveIntervalMs: durationMs(0),
      http2KeepAliveTimeoutMs: durationMs(1),
    });
    const exchange = open();
    const request = await deployment.nextRequest();
    await new Promise((resolve) => setTimeout(resolve, 50));
    request.respond(200, [], { end: true });
    assert.equal(await exchange.outcome(), 'end');
    const pings = request.connection.unseenFrames.filter(({ type }) => type === 6);
    assert.deepEqual(pings, []);
  });

  test('is given up when a ping gets no answer in the configured time', async (t) => {
    const { deployment, open } = await setUp(
      t,
      {
        http2KeepAliveIntervalMs: durationMs(10),
        http2KeepAliveTimeoutMs: durationMs(10),
        http2KeepAliveJitter: 0,
      },
      { answersPings: false },
    );
    open();
    const { connection } = await deployment.nextRequest();
    await connection.closed;
  });

  test('without streams is closed after the configured time', async (t) => {
    const idle = { http2IdleConnectionTimeoutMs: durationMs(10) };
    const { deployment, open } = await setUp(t, idle);
    open();
    const request = await deployment.nextRequest();
    request.respond(200, [], { end: true });
    await request.connection.closed;
  });

  test('carries as many streams as configured before the deployment has spoken', async (t) => {
    const { deployment, open } = await setUp(
      t,
      { http2InitialMaxSendStreams: 2 },
      { settings: 'withheld', acknowledgesSettings: false },
    );
    for (let count = 0; count < 3; count += 1) open();
    const { connection } = await deployment.nextRequest();
    await deployment.nextRequest();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(deployment.requests.pending.length, 0);
    connection.sendSettings([]);
    assert.equal((await deployment.nextRequest()).connection, connection);
  });

  test('is joined by another one when it has as many streams as configured', async (t) => {
    const { deployment, open } = await setUp(t, { http2StreamsPerConnectionLimit: 1 });
    for (let count = 0; count < 2; count += 1) open();
    const first = await deployment.nextRequest();
    assert.notEqual((await deployment.nextRequest()).connection, first.connection);
  });
});

test('connecting takes no longer than configured', { timeout: 60_000 }, async (t) => {
  const silent = net.createServer();
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const address = silent.address();
  assert.ok(typeof address === 'object' && address !== null);
  const config = defaultServerConfig({ connectTimeoutMs: durationMs(20) });
  const transport = new HttpDeploymentTransport(transportSettingsOf(config).http);
  t.after(async () => {
    await transport.close();
    silent.close();
  });
  // It takes the connection, and never answers the TLS handshake.
  const exchange = new RecordedExchange(transport, `https://127.0.0.1:${address.port}/`);
  const outcome = await exchange.outcome();
  assert.ok(outcome !== 'end');
  assert.match(outcome.message, /no connection after 20 ms/);
});
