// When connections are opened, drained, given up and closed, and what that means for exchanges.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ErrorCode,
  FrameFlag,
  FrameType,
  SettingId,
} from '../../../src/io/deployment/http2-frames.ts';
import {
  HttpDeploymentTransport,
  type TransportOptions,
} from '../../../src/io/deployment/transport.ts';
import {
  FakeDeployment,
  type FakeDeploymentOptions,
  type FakeRequest,
} from '../../support/fake-deployment.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

const ALL_STREAMS = 2 ** 31 - 1;

interface Setting {
  readonly deployment: FakeDeployment;
  readonly transport: HttpDeploymentTransport;
  readonly open: () => RecordedExchange;
}

async function setUp(
  t: TestContext,
  options: TransportOptions = {},
  fake: FakeDeploymentOptions = {},
): Promise<Setting> {
  const deployment = await FakeDeployment.start(fake);
  const transport = new HttpDeploymentTransport(options);
  t.after(async () => {
    await transport.close();
    await deployment.close();
  });
  return { deployment, transport, open: () => new RecordedExchange(transport, deployment.uri) };
}

/** Completes one exchange, so that the settings of the deployment are known. */
async function probe({ deployment, open }: Setting): Promise<FakeRequest> {
  const exchange = open();
  const request = await deployment.nextRequest();
  request.respond(200, [], { end: true });
  assert.equal(await exchange.outcome(), 'end');
  return request;
}

/** Lets everything that is already on its way arrive. */
async function settle(): Promise<void> {
  await delay(30);
}

async function failureOf(exchange: RecordedExchange): Promise<string> {
  const outcome = await exchange.outcome();
  return outcome === 'end' ? 'end' : `${outcome.kind}: ${outcome.message}`;
}

describe('GOAWAY', { timeout: 60_000 }, () => {
  test('refuses the streams above its last one and lets the others finish', async (t) => {
    const { deployment, open } = await setUp(t);
    const [first, second] = [open(), open()];
    const [firstRequest, secondRequest] = [
      await deployment.nextRequest(),
      await deployment.nextRequest(),
    ];
    const old = firstRequest.connection;
    old.sendGoaway(firstRequest.streamId, ErrorCode.noError);
    assert.match(await failureOf(second), /^refused: .*closed by the deployment: NO_ERROR$/);
    const third = open();
    const thirdRequest = await deployment.nextRequest();
    assert.notEqual(thirdRequest.connection, old);
    first.stream.end();
    firstRequest.respond(200, [], { end: true });
    assert.equal(await first.outcome(), 'end');
    await old.closed;
    thirdRequest.respond(200, [], { end: true });
    assert.equal(await third.outcome(), 'end');
    assert.equal(secondRequest.connection, old);
  });

  test('with an error refuses what was not looked at', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchanges = [open(), open()];
    const { connection } = await deployment.nextRequest();
    connection.sendGoaway(0, ErrorCode.enhanceYourCalm);
    for (const exchange of exchanges) {
      assert.match(await failureOf(exchange), /^refused: .*ENHANCE_YOUR_CALM$/);
    }
    await connection.closed;
  });

  test('may come in two steps', async (t) => {
    const { deployment, open } = await setUp(t);
    const [first, second] = [open(), open()];
    const request = await deployment.nextRequest();
    request.connection.sendGoaway(ALL_STREAMS, ErrorCode.noError);
    request.connection.sendGoaway(request.streamId, ErrorCode.noError);
    assert.match(await failureOf(second), /^refused/);
    request.respond(200, [], { end: true });
    assert.equal(await first.outcome(), 'end');
  });

  test('on a quiet connection closes it', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    const request = await deployment.nextRequest();
    request.respond(200, [], { end: true });
    assert.equal(await exchange.outcome(), 'end');
    request.connection.sendGoaway(request.streamId, ErrorCode.noError);
    await request.connection.closed;
  });

  test('moves the exchanges that wait for room to another connection', async (t) => {
    const setting = await setUp(
      t,
      { connectionsPerDeploymentMax: 1 },
      { settings: [[SettingId.maxConcurrentStreams, 1]] },
    );
    const { deployment, open } = setting;
    await probe(setting);
    open();
    const first = await deployment.nextRequest();
    const waiting = open();
    waiting.stream.write(Buffer.from('written early'));
    waiting.stream.end();
    first.connection.sendGoaway(first.streamId, ErrorCode.noError);
    const second = await deployment.nextRequest();
    assert.notEqual(second.connection, first.connection);
    assert.equal((await second.body).toString(), 'written early');
  });
});

describe('the limit of concurrent streams', { timeout: 60_000 }, () => {
  test('of the peer makes exchanges wait, in order', async (t) => {
    const setting = await setUp(
      t,
      { connectionsPerDeploymentMax: 1 },
      { settings: [[SettingId.maxConcurrentStreams, 2]] },
    );
    const { deployment, open } = setting;
    await probe(setting);
    const exchanges = Array.from({ length: 5 }, open);
    const running = [await deployment.nextRequest(), await deployment.nextRequest()];
    for (let served = 0; served < 5; served++) {
      await settle();
      assert.equal(deployment.requests.pending.length, 0);
      const request = running.shift();
      assert.equal(request?.streamId, 2 * served + 3);
      request.respond(200, [], { end: true });
      assert.equal(await exchanges[served]?.outcome(), 'end');
      if (served < 3) running.push(await deployment.nextRequest());
    }
  });

  test('of 0 makes exchanges wait until it is raised', async (t) => {
    const setting = await setUp(
      t,
      { connectionsPerDeploymentMax: 1 },
      { settings: [[SettingId.maxConcurrentStreams, 0]] },
    );
    const { deployment, open } = setting;
    const { connection } = await probe(setting);
    const second = open();
    await settle();
    assert.equal(deployment.requests.pending.length, 0);
    connection.sendSettings([[SettingId.maxConcurrentStreams, 1]]);
    (await deployment.nextRequest()).respond(200, [], { end: true });
    assert.equal(await second.outcome(), 'end');
  });

  test('is taken to be 100 before the peer says something', async (t) => {
    const { deployment, open } = await setUp(
      t,
      {},
      { settings: 'withheld', acknowledgesSettings: false },
    );
    for (let count = 0; count < 150; count++) open();
    for (let count = 0; count < 100; count++) await deployment.nextRequest();
    await settle();
    assert.equal(deployment.requests.pending.length, 0);
    assert.equal(deployment.connections.length, 1);
    deployment.connections[0]?.sendSettings([]);
    for (let count = 0; count < 50; count++) await deployment.nextRequest();
    assert.equal(deployment.connections.length, 1);
  });

  test('of ours holds when the peer has none', async (t) => {
    const { deployment, open } = await setUp(t, {
      streamsPerConnectionMax: 3,
      connectionsPerDeploymentMax: 2,
    });
    for (let count = 0; count < 10; count++) open();
    for (let count = 0; count < 6; count++) await deployment.nextRequest();
    await settle();
    assert.equal(deployment.requests.pending.length, 0);
    assert.equal(deployment.connections.length, 2);
  });

  test('does not count exchanges that were reset while they waited', async (t) => {
    const { deployment, open } = await setUp(t, {
      streamsPerConnectionMax: 1,
      connectionsPerDeploymentMax: 1,
    });
    open();
    const first = await deployment.nextRequest();
    const abandoned = open();
    const second = open();
    abandoned.stream.write(Buffer.from('never sent'));
    abandoned.stream.reset();
    first.respond(200, [], { end: true });
    (await deployment.nextRequest()).respond(200, [], { end: true });
    assert.equal(await second.outcome(), 'end');
    assert.deepEqual(abandoned.events, []);
  });
});

describe('connecting', { timeout: 60_000 }, () => {
  const refusedBy = async (): Promise<string> => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    return `http://127.0.0.1:${port}/`;
  };

  test('to a closed port fails every exchange, and the next one tries again', async (t) => {
    const { transport } = await setUp(t);
    const uri = await refusedBy();
    const expected = {
      kind: 'connect',
      message: `error when calling '${uri}': h2 pool connection error: Connection refused (os error 111)`,
    };
    const exchanges = [new RecordedExchange(transport, uri), new RecordedExchange(transport, uri)];
    for (const exchange of exchanges) assert.deepEqual(await exchange.outcome(), expected);
    assert.deepEqual(await new RecordedExchange(transport, uri).outcome(), expected);
  });

  test('to an unknown host says so', async (t) => {
    const { transport } = await setUp(t);
    const exchange = new RecordedExchange(transport, 'http://nowhere.invalid:9080');
    assert.match(
      await failureOf(exchange),
      /^connect: error when calling 'http:\/\/nowhere\.invalid:9080\/': h2 pool connection error: failed to lookup address information: /,
    );
  });

  test('to something that is no URI fails', async (t) => {
    const { transport } = await setUp(t);
    for (const uri of ['', 'nonsense', 'ftp://host/', 'http://']) {
      assert.match(
        await failureOf(new RecordedExchange(transport, uri)),
        /^connect: .*invalid URI$/,
      );
    }
  });

  test('to a server that never completes TLS gives up', async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { transport } = await setUp(t, { connectTimeoutMs: 50 });
    const { port } = server.address() as net.AddressInfo;
    const exchange = new RecordedExchange(transport, `https://127.0.0.1:${port}/`);
    assert.match(await failureOf(exchange), /^connect: .*no connection after 50 ms$/);
  });

  test('is not waited for by what is written', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    exchange.stream.write(Buffer.from('a'));
    exchange.stream.write(Buffer.from('b'));
    exchange.stream.end();
    exchange.stream.write(Buffer.from('ignored'));
    const request = await deployment.nextRequest();
    assert.equal((await request.body).toString(), 'ab');
  });

  test('fails an exchange whose headers cannot be sent, and only that', async (t) => {
    const { deployment, transport, open } = await setUp(t);
    const headers = [['x', 'a\nb']] as const;
    const broken = new RecordedExchange(transport, deployment.uri, { headers });
    const sound = open();
    assert.match(await failureOf(broken), /^protocol: .*cannot be sent$/);
    const again = new RecordedExchange(transport, deployment.uri, { headers });
    assert.deepEqual(again.events, []);
    assert.match(await failureOf(again), /^protocol: .*cannot be sent$/);
    const request = await deployment.nextRequest();
    assert.equal(request.streamId, 1);
    request.respond(200, [], { end: true });
    assert.equal(await sound.outcome(), 'end');
  });
});

describe('a connection', { timeout: 60_000 }, () => {
  test('is shared by deployments of one origin', async (t) => {
    const { deployment, transport } = await setUp(t);
    new RecordedExchange(transport, `${deployment.uri}a`, { path: '/x' });
    new RecordedExchange(transport, `${deployment.uri}b/?c=d`, { path: '/x' });
    const requests = [await deployment.nextRequest(), await deployment.nextRequest()];
    assert.deepEqual(
      requests.map((request) => request.header(':path')),
      ['/a/x', '/b/x?c=d'],
    );
    assert.equal(deployment.connections.length, 1);
  });

  test('announces what the reference announces', async (t) => {
    const { deployment, open } = await setUp(t);
    open();
    const { connection } = await deployment.nextRequest();
    const { payload } = await connection.nextFrame('settings');
    const settings = new Map<number, number>();
    for (let offset = 0; offset < payload.length; offset += 6) {
      settings.set(payload.readUInt16BE(offset), payload.readUInt32BE(offset + 2));
    }
    assert.deepEqual(
      settings,
      new Map<number, number>([
        [SettingId.headerTableSize, 4096],
        [SettingId.enablePush, 0],
        [SettingId.initialWindowSize, 2 * 1024 * 1024],
        [SettingId.maxFrameSize, 16_384],
        [SettingId.maxHeaderListSize, 65_536],
      ]),
    );
    const { payload: credit } = await connection.nextFrame('windowUpdate', 0);
    assert.equal(credit.readUInt32BE(0) + 65_535, 5 * 1024 * 1024);
  });

  test('that does not answer PING is given up', async (t) => {
    const { deployment, open } = await setUp(
      t,
      { keepAliveIntervalMs: 20, keepAliveTimeoutMs: 30 },
      { answersPings: false },
    );
    const exchange = open();
    const { connection } = await deployment.nextRequest();
    assert.match(await failureOf(exchange), /^connectionLost: .*keep-alive PING$/);
    await connection.closed;
  });

  test('that answers PING stays', async (t) => {
    const { deployment, open } = await setUp(t, {
      keepAliveIntervalMs: 5,
      keepAliveTimeoutMs: 200,
    });
    const exchange = open();
    const request = await deployment.nextRequest();
    for (let count = 0; count < 5; count++) await request.connection.nextFrame('ping');
    request.respond(200, [], { end: true });
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(deployment.connections.length, 1);
  });

  test('without streams is closed after a while, one with a stream is not', async (t) => {
    const { deployment, open } = await setUp(t, { idleTimeoutMs: 40 });
    const first = open();
    const request = await deployment.nextRequest();
    await delay(100);
    request.respond(200, [], { end: true });
    assert.equal(await first.outcome(), 'end');
    await request.connection.closed;
    const { payload } = await request.connection.nextFrame('goaway');
    assert.equal(payload.readUInt32BE(4), ErrorCode.noError);
    open();
    assert.notEqual((await deployment.nextRequest()).connection, request.connection);
  });

  test('whose peer leaves control frames unread is given up', async (t) => {
    const { deployment, transport } = await setUp(t, { connectionsPerDeploymentMax: 1 });
    const sound = new RecordedExchange(transport, deployment.uri);
    const request = await deployment.nextRequest();
    request.connection.stall();
    const headers = [['x-large', 'v'.repeat(200_000)]] as const;
    for (let count = 0; count < 150; count++) {
      new RecordedExchange(transport, deployment.uri, { headers });
    }
    assert.match(await failureOf(sound), /^protocol: .*does not read$/);
  });
});

describe('closing the transport', { timeout: 60_000 }, () => {
  test('fails what is open, what waits and what comes later', async (t) => {
    const { deployment, transport, open } = await setUp(t, {
      streamsPerConnectionMax: 1,
      connectionsPerDeploymentMax: 1,
    });
    const running = open();
    const request = await deployment.nextRequest();
    const waiting = open();
    const closed = transport.close();
    const late = open();
    await closed;
    for (const exchange of [running, waiting, late]) {
      assert.match(await failureOf(exchange), /^connectionLost: .*shutting down$/);
    }
    const { payload } = await request.connection.nextFrame('goaway');
    assert.equal(payload.readUInt32BE(4), ErrorCode.noError);
    await request.connection.closed;
  });

  test('leaves no socket and no timer behind', async () => {
    // Whatever earlier tests closed leaves the list one turn later.
    await settle();
    const before = process.getActiveResourcesInfo().toSorted();
    const deployment = await FakeDeployment.start({
      settings: [[SettingId.maxConcurrentStreams, 2]],
    });
    const transport = new HttpDeploymentTransport();
    const exchanges = Array.from(
      { length: 10 },
      () => new RecordedExchange(transport, deployment.uri),
    );
    (await deployment.nextRequest()).respond(200, [], { end: true });
    assert.equal(await exchanges[0]?.outcome(), 'end');
    (await deployment.nextRequest()).reset(ErrorCode.cancel);
    const { connection } = await deployment.nextRequest();
    connection.sendGoaway(ALL_STREAMS, ErrorCode.noError);
    await transport.close();
    for (const exchange of exchanges.slice(1)) assert.notEqual(await exchange.outcome(), 'end');
    await deployment.close();
    await settle();
    assert.deepEqual(process.getActiveResourcesInfo().toSorted(), before);
  });

  test('while connecting closes the socket', async (t) => {
    const { deployment, transport, open } = await setUp(t);
    const exchange = open();
    await transport.close();
    assert.match(await failureOf(exchange), /^connectionLost: .*shutting down$/);
    await settle();
    for (const connection of deployment.connections) await connection.closed;
  });

  test('does not wait for a peer that does not read', async (t) => {
    const { deployment, transport, open } = await setUp(t, {}, { replenishesWindows: false });
    const exchange = open();
    const { connection } = await deployment.nextRequest();
    connection.stall();
    connection.sendSettings([[SettingId.initialWindowSize, ALL_STREAMS]]);
    connection.sendWindowUpdate(0, 2 ** 30);
    for (let count = 0; count < 20; count++) exchange.stream.write(Buffer.alloc(1024 * 1024));
    await settle();
    const begunAt = performance.now();
    await transport.close();
    assert.ok(performance.now() - begunAt < 3000);
  });
});

describe('request bodies', { timeout: 60_000 }, () => {
  test('stop at the window of the stream and go on with it', async (t) => {
    const setting = await setUp(
      t,
      {},
      { replenishesWindows: false, settings: [[SettingId.initialWindowSize, 10]] },
    );
    const { deployment, open } = setting;
    await probe(setting);
    const exchange = open();
    exchange.stream.write(Buffer.from('0123456789abcdefghij'));
    exchange.stream.end();
    const request = await deployment.nextRequest();
    assert.equal((await request.nextData()).toString(), '0123456789');
    await settle();
    assert.equal(request.ended, false);
    request.connection.sendWindowUpdate(request.streamId, 3);
    assert.equal((await request.nextData()).toString(), 'abc');
    request.connection.sendSettings([[SettingId.initialWindowSize, 11]]);
    assert.equal((await request.nextData()).toString(), 'd');
    request.connection.sendSettings([[SettingId.initialWindowSize, 5]]);
    request.connection.sendWindowUpdate(request.streamId, 6);
    await settle();
    request.connection.sendWindowUpdate(request.streamId, 6);
    assert.equal((await request.body).toString(), '0123456789abcdefghij');
  });

  test('share the window of the connection in turns', async (t) => {
    const setting = await setUp(
      t,
      {},
      { replenishesWindows: false, settings: [[SettingId.initialWindowSize, 1_000_000]] },
    );
    const { deployment, open } = setting;
    const { connection } = await probe(setting);
    const exchanges = [open(), open()];
    for (const { stream } of exchanges) {
      stream.write(Buffer.alloc(100_000));
      stream.end();
    }
    const requests = [await deployment.nextRequest(), await deployment.nextRequest()];
    // 65,535 bytes: the first stream alone, until the second one is waiting too.
    for (let taken = 0; taken < 65_535;) taken += (await requests[0]?.nextData())?.length ?? 0;
    for (let round = 0; round < 2; round++) {
      connection.sendWindowUpdate(0, 2 * 16_384);
      for (const request of requests) assert.equal((await request.nextData()).length, 16_384);
    }
    connection.sendWindowUpdate(0, 1_000_000);
    for (const request of requests) assert.equal((await request.body).length, 100_000);
  });

  test('that are blocked are dropped by a reset', async (t) => {
    const setting = await setUp(
      t,
      {},
      { replenishesWindows: false, settings: [[SettingId.initialWindowSize, 1_000_000]] },
    );
    const { deployment, open } = setting;
    await probe(setting);
    const [blocked, other] = [open(), open()];
    blocked.stream.write(Buffer.alloc(200_000));
    const [blockedRequest, otherRequest] = [
      await deployment.nextRequest(),
      await deployment.nextRequest(),
    ];
    other.stream.write(Buffer.from('waits for the connection window'));
    other.stream.end();
    blocked.stream.reset();
    assert.equal(await blockedRequest.resetCode, ErrorCode.cancel);
    blockedRequest.connection.sendWindowUpdate(0, 1_000_000);
    assert.equal((await otherRequest.body).toString(), 'waits for the connection window');
    const sent = blockedRequest.connection.unseenFrames
      .filter(
        ({ type, streamId }) => type === FrameType.data && streamId === blockedRequest.streamId,
      )
      .reduce((bytes, { payload }) => bytes + payload.length, 0);
    assert.equal(sent, 65_535);
  });

  test('that are blocked are given up when the response is complete', async (t) => {
    const { deployment, open } = await setUp(t, {}, { replenishesWindows: false });
    const exchange = open();
    exchange.stream.write(Buffer.alloc(200_000));
    exchange.stream.end();
    const request = await deployment.nextRequest();
    request.respond(413, [], { end: true });
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(await request.resetCode, ErrorCode.cancel);
  });

  test('of one turn share a frame with the end of the body', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    const request = await deployment.nextRequest();
    for (const piece of ['a', 'b', 'c']) exchange.stream.write(Buffer.from(piece));
    exchange.stream.end();
    const frame = await request.connection.nextFrame('data');
    assert.equal(frame.payload.toString(), 'abc');
    assert.equal(frame.flags, FrameFlag.endStream);
  });

  test('wait here while the peer does not read', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    const request = await deployment.nextRequest();
    const { connection } = request;
    connection.sendSettings([[SettingId.initialWindowSize, ALL_STREAMS]]);
    connection.sendWindowUpdate(0, 2 ** 30);
    await connection.nextFrame('settings');
    await connection.nextFrame('settings');
    connection.stall();
    // More than the client would ever let a socket hold.
    for (let count = 0; count < 40; count++)
      exchange.stream.write(Buffer.alloc(1024 * 1024, count));
    exchange.stream.end();
    await settle();
    connection.resume();
    const body = await request.body;
    assert.equal(body.length, 40 * 1024 * 1024);
    for (let count = 0; count < 40; count++) assert.equal(body[count * 1024 * 1024], count);
  });
});

describe('response bodies', { timeout: 60_000 }, () => {
  test('open the windows again as they arrive', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    const request = await deployment.nextRequest();
    request.respond();
    request.write(Buffer.alloc(1024 * 1024 + 1));
    const streamCredit = await request.connection.nextFrame('windowUpdate', request.streamId);
    assert.ok(streamCredit.payload.readUInt32BE(0) >= 1024 * 1024);
    request.write(Buffer.alloc(2 * 1024 * 1024));
    await request.connection.nextFrame('windowUpdate', 0);
    const connectionCredit = await request.connection.nextFrame('windowUpdate', 0);
    assert.ok(connectionCredit.payload.readUInt32BE(0) >= 2.5 * 1024 * 1024);
    request.end();
    assert.equal(await exchange.outcome(), 'end');
    assert.equal(exchange.received.length, 3 * 1024 * 1024 + 1);
  });

  test('of a stream we gave up open the connection window again', async (t) => {
    const { deployment, open } = await setUp(t);
    const exchange = open();
    const request = await deployment.nextRequest();
    exchange.stream.reset();
    assert.equal(await request.resetCode, ErrorCode.cancel);
    request.respond();
    await request.connection.nextFrame('windowUpdate', 0);
    request.write(Buffer.alloc(3 * 1024 * 1024));
    await request.connection.nextFrame('windowUpdate', 0);
  });

  test('may be reset by the listener in the middle of a chunk', async (t) => {
    const { deployment, transport } = await setUp(t);
    let heard = 0;
    const stream = transport.open(
      {
        endpoint: { kind: 'http', uri: deployment.uri, httpVersion: 'HTTP/2.0' },
        method: 'POST',
        path: '/',
        headers: [],
      },
      {
        onResponse() {},
        onData() {
          heard++;
          stream.reset();
        },
        onEnd: () => assert.fail('onEnd after reset'),
        onFailure: () => assert.fail('onFailure after reset'),
      },
    );
    const request = await deployment.nextRequest();
    request.respond();
    request.write('one');
    request.write('two', { end: true });
    assert.equal(await request.resetCode, ErrorCode.cancel);
    await settle();
    assert.equal(heard, 1);
  });
});
