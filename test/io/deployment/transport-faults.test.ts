// What a deployment can do wrong. Each row plays one fault while two exchanges, `struck` and
// `bystander`, are open on the same connection.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { TransportFailure } from '../../../src/actors/ports.ts';
import { ErrorCode, FrameFlag, SettingId } from '../../../src/io/deployment/http2-frames.ts';
import { HttpDeploymentTransport } from '../../../src/io/deployment/transport.ts';
import {
  encodeFields,
  encodeFrame,
  encodeSettings,
  FakeDeployment,
  uint32s,
  type FakeConnection,
  type FakeDeploymentOptions,
  type FakeRequest,
} from '../../support/fake-deployment.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

const { endHeaders, endStream, padded, priority, ack } = FrameFlag;
const WINDOW_MAX = 2 ** 31 - 1;

interface Scene {
  readonly deployment: FakeDeployment;
  readonly transport: HttpDeploymentTransport;
  readonly connection: FakeConnection;
  readonly struck: RecordedExchange;
  readonly struckRequest: FakeRequest;
  readonly bystander: RecordedExchange;
  readonly bystanderRequest: FakeRequest;
}

type Fault = (request: FakeRequest, connection: FakeConnection) => void;
type Row = readonly [
  fault: string,
  play: Fault,
  kind: TransportFailure['kind'],
  text: RegExp,
  /** What the client answers with: the code of its RST_STREAM or GOAWAY. */
  answer?: number,
];

async function openScene(t: TestContext, options: FakeDeploymentOptions = {}): Promise<Scene> {
  const deployment = await FakeDeployment.start(options);
  const transport = new HttpDeploymentTransport();
  t.after(async () => {
    await transport.close();
    await deployment.close();
  });
  const struck = new RecordedExchange(transport, deployment.uri);
  const struckRequest = await deployment.nextRequest();
  const bystander = new RecordedExchange(transport, deployment.uri);
  const bystanderRequest = await deployment.nextRequest();
  assert.equal(deployment.connections.length, 1);
  const { connection } = struckRequest;
  return {
    ...{ deployment, transport, connection },
    ...{ struck, struckRequest, bystander, bystanderRequest },
  };
}

async function assertFailure(
  exchange: RecordedExchange,
  { uri }: FakeDeployment,
  kind: TransportFailure['kind'],
  text: RegExp,
): Promise<void> {
  const outcome = await exchange.outcome();
  assert.ok(outcome !== 'end', 'the exchange ended well');
  assert.equal(outcome.kind, kind, outcome.message);
  const start = `error when calling '${uri}': `;
  assert.ok(outcome.message.startsWith(start), outcome.message);
  assert.match(outcome.message.slice(start.length), text);
  assert.equal(exchange.events.filter((event) => event.kind === 'failure').length, 1);
}

/** The exchange still works in both directions. */
async function assertWorks(exchange: RecordedExchange, request: FakeRequest): Promise<void> {
  exchange.stream.write(Buffer.from('ping'));
  exchange.stream.end();
  assert.equal((await request.body).toString(), 'ping');
  request.respond(200, [['x-works', 'yes']]);
  request.write('pong', { end: true });
  assert.equal(await exchange.outcome(), 'end');
  assert.equal(exchange.received.toString(), 'pong');
}

/** A header block whose names and values nobody checks. */
function rawBlock(...fields: ReadonlyArray<readonly [name: string, value: string]>): Buffer {
  const parts = fields.map(([name, value]) => {
    const [nameBytes, valueBytes] = [Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')];
    return Buffer.concat([
      Buffer.from([0, nameBytes.length]),
      nameBytes,
      Buffer.from([valueBytes.length]),
      valueBytes,
    ]);
  });
  return Buffer.concat(parts);
}

function headers(block: Buffer, flags: number = endHeaders): Fault {
  return (request, connection) => connection.sendFrame('headers', flags, request.streamId, block);
}

function frame(
  type: Parameters<FakeConnection['sendFrame']>[0],
  flags: number,
  streamId: number,
  payload?: Uint8Array,
): Fault {
  return (_, connection) => connection.sendFrame(type, flags, streamId, payload);
}

function times(count: number, play: Fault): Fault {
  return (request, connection) => {
    for (let round = 0; round < count; round++) play(request, connection);
  };
}

function inOrder(...plays: readonly Fault[]): Fault {
  return (request, connection) => {
    for (const play of plays) play(request, connection);
  };
}

const respond: Fault = (request) => request.respond(200);

const STREAM_FAULTS: readonly Row[] = [
  ['RST_STREAM INTERNAL_ERROR', (r) => r.reset(2), 'reset', /^stream reset .*INTERNAL_ERROR$/],
  ['RST_STREAM with an unknown code', (r) => r.reset(99), 'reset', /error code 99$/],
  ['RST_STREAM REFUSED_STREAM', (r) => r.reset(7), 'refused', /REFUSED_STREAM$/],
  ['RST_STREAM HTTP_1_1_REQUIRED', (r) => r.reset(13), 'http11Only', /only HTTP1\.1, consider/],
  [
    'RST_STREAM CANCEL in the middle of the response',
    (request) => {
      request.respond();
      request.write('half');
      request.reset(ErrorCode.cancel);
    },
    'reset',
    /CANCEL$/,
  ],
  ['RST_STREAM NO_ERROR before the response', (r) => r.reset(0), 'reset', /NO_ERROR$/],
  ['DATA before HEADERS', (r) => r.write('x'), 'protocol', /DATA before/, 1],
  ['a response without :status', headers(rawBlock(['a', 'b'])), 'protocol', /:status/, 1],
  ['an empty response head', headers(Buffer.alloc(0)), 'protocol', /:status/, 1],
  ['status abc', headers(rawBlock([':status', 'abc'])), 'protocol', /status 'abc'/, 1],
  ['status 099', headers(rawBlock([':status', '099'])), 'protocol', /status '099'/, 1],
  ['status 101', headers(rawBlock([':status', '101'])), 'protocol', /status 101/, 1],
  [
    'two :status',
    headers(rawBlock([':status', '200'], [':status', '200'])),
    ...(['protocol', /':status'/, 1] as const),
  ],
  [
    'a capital letter in a header name',
    headers(rawBlock([':status', '200'], ['Aa', 'b'])),
    ...(['protocol', /header name 'Aa'/, 1] as const),
  ],
  [
    'a pseudo-header field after a regular one',
    headers(rawBlock([':status', '200'], ['a', 'b'], [':path', '/'])),
    ...(['protocol', /':path'/, 1] as const),
  ],
  [
    'a connection header',
    headers(rawBlock([':status', '200'], ['transfer-encoding', 'chunked'])),
    ...(['protocol', /'transfer-encoding'/, 1] as const),
  ],
  [
    'a line break in a header value',
    headers(rawBlock([':status', '200'], ['a', 'b\r\nc'])),
    ...(['protocol', /value of header 'a'/, 1] as const),
  ],
  [
    'a content-length that is no number',
    headers(rawBlock([':status', '200'], ['content-length', '1, 1'])),
    ...(['protocol', /content-length/, 1] as const),
  ],
  [
    'an interim response that ends the stream',
    headers(rawBlock([':status', '100']), endHeaders | endStream),
    ...(['protocol', /interim/, 1] as const),
  ],
  [
    'response headers over 64 KiB',
    (request, connection) => {
      // Small on the wire: one table entry, and thousands of fields that refer to it.
      const entry = Buffer.concat([Buffer.from('4001780f', 'hex'), Buffer.alloc(15, 'v')]);
      const block = Buffer.concat([Buffer.from([0x88]), entry, Buffer.alloc(16_000, 0xbe)]);
      connection.sendFrame('headers', endHeaders, request.streamId, block);
    },
    ...(['protocol', /headers too large/, 1] as const),
  ],
  [
    'a body over its content-length',
    (request) => {
      request.respond(200, [['content-length', '3']]);
      request.write('four');
    },
    ...(['protocol', /over content-length/, 1] as const),
  ],
  [
    'a body under its content-length',
    (request) => {
      request.respond(200, [['content-length', '3']]);
      request.write('2!', { end: true });
    },
    ...(['protocol', /under content-length/, 1] as const),
  ],
  [
    'no body under its content-length',
    (request) => request.respond(200, [['content-length', '3']], { end: true }),
    ...(['protocol', /under content-length/, 1] as const),
  ],
  ['a second response', inOrder(respond, respond), 'protocol', /trailers that end nothing/, 1],
  [
    'a pseudo-header field in trailers',
    inOrder(respond, headers(rawBlock([':status', '200']), endHeaders | endStream)),
    ...(['protocol', /malformed trailers/, 1] as const),
  ],
  [
    'a window opened by 0',
    (request, connection) => connection.sendWindowUpdate(request.streamId, 0),
    ...(['protocol', /WINDOW_UPDATE of 0/, 1] as const),
  ],
  [
    'a window opened too far',
    (request, connection) => connection.sendWindowUpdate(request.streamId, WINDOW_MAX),
    ...(['protocol', /stream window overflow/, 3] as const),
  ],
  [
    'PRIORITY of 4 bytes',
    (request, connection) => connection.sendFrame('priority', 0, request.streamId, Buffer.alloc(4)),
    ...(['protocol', /PRIORITY of 4/, 6] as const),
  ],
];

const CONNECTION_FAULTS: readonly Row[] = [
  ['the end of the connection', (_, c) => c.end(), 'connectionLost', /closed by the deployment$/],
  [
    'a reset of the connection',
    (_, c) => c.resetConnection(),
    'connectionLost',
    /Connection reset by peer \(os error 104\)$/,
  ],
  [
    'the end of the connection inside a frame',
    (_, connection) => {
      connection.sendBytes(Buffer.from('000010000000000001aabb', 'hex'));
      connection.end();
    },
    'connectionLost',
    /closed by the deployment$/,
  ],
  ['a frame over 16,384 bytes', frame('data', 0, 1, Buffer.alloc(16_385)), 'protocol', /larger/, 6],
  [
    'bytes that are no HTTP/2',
    (_, c) => c.sendBytes(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')),
    ...(['protocol', /larger/, 6] as const),
  ],
  ['SETTINGS of 5 bytes', frame('settings', 0, 0, Buffer.alloc(5)), 'protocol', /SETTINGS of 5/, 6],
  ['SETTINGS on a stream', frame('settings', 0, 1), 'protocol', /SETTINGS on a stream/, 1],
  [
    'an acknowledgement of SETTINGS with a payload',
    frame('settings', ack, 0, Buffer.alloc(6)),
    ...(['protocol', /acknowledgement/, 6] as const),
  ],
  [
    'SETTINGS that enable push',
    frame('settings', 0, 0, encodeSettings([[SettingId.enablePush, 1]])),
    ...(['protocol', /push/, 1] as const),
  ],
  [
    'an initial window of 2^31',
    frame('settings', 0, 0, encodeSettings([[SettingId.initialWindowSize, 2 ** 31]])),
    ...(['protocol', /initial window/, 3] as const),
  ],
  [
    'a maximum frame size under 16,384',
    frame('settings', 0, 0, encodeSettings([[SettingId.maxFrameSize, 16_383]])),
    ...(['protocol', /maximum frame size/, 1] as const),
  ],
  [
    'a maximum frame size of 2^24',
    frame('settings', 0, 0, encodeSettings([[SettingId.maxFrameSize, 2 ** 24]])),
    ...(['protocol', /maximum frame size/, 1] as const),
  ],
  [
    'SETTINGS that open a stream window too far',
    inOrder(
      frame('windowUpdate', 0, 1, uint32s(WINDOW_MAX - 65_535)),
      frame('settings', 0, 0, encodeSettings([[SettingId.initialWindowSize, 65_536]])),
    ),
    ...(['protocol', /SETTINGS overflow/, 3] as const),
  ],
  ['PING of 7 bytes', frame('ping', 0, 0, Buffer.alloc(7)), 'protocol', /PING of 7/, 6],
  ['PING on a stream', frame('ping', 0, 1, Buffer.alloc(8)), 'protocol', /PING on a stream/, 1],
  ['GOAWAY of 7 bytes', frame('goaway', 0, 0, Buffer.alloc(7)), 'protocol', /GOAWAY of 7/, 6],
  ['GOAWAY on a stream', frame('goaway', 0, 1, Buffer.alloc(8)), 'protocol', /GOAWAY on a/, 1],
  ['WINDOW_UPDATE of 3 bytes', frame('windowUpdate', 0, 0, Buffer.alloc(3)), 'protocol', /of 3/, 6],
  [
    'the connection window opened by 0',
    frame('windowUpdate', 0, 0, uint32s(0)),
    'protocol',
    /0/,
    1,
  ],
  [
    'the connection window opened too far',
    frame('windowUpdate', 0, 0, uint32s(WINDOW_MAX)),
    ...(['protocol', /connection window overflow/, 3] as const),
  ],
  [
    'WINDOW_UPDATE on an idle stream',
    frame('windowUpdate', 0, 99, uint32s(1)),
    'protocol',
    /99/,
    1,
  ],
  ['RST_STREAM of 3 bytes', frame('rstStream', 0, 1, Buffer.alloc(3)), 'protocol', /of 3 bytes/, 6],
  ['RST_STREAM on stream 0', frame('rstStream', 0, 0, uint32s(0)), 'protocol', /stream 0/, 1],
  ['RST_STREAM on an idle stream', frame('rstStream', 0, 99, uint32s(0)), 'protocol', /99/, 1],
  ['PRIORITY on stream 0', frame('priority', 0, 0, Buffer.alloc(5)), 'protocol', /PRIORITY/, 1],
  ['DATA on stream 0', frame('data', 0, 0, Buffer.alloc(1)), 'protocol', /DATA on stream 0/, 1],
  ['DATA on an idle stream', frame('data', 0, 99, Buffer.alloc(1)), 'protocol', /stream 99/, 1],
  ['DATA on a stream of the server', frame('data', 0, 2, Buffer.alloc(1)), 'protocol', /2/, 1],
  [
    'DATA with only padding',
    frame('data', padded, 1, Buffer.from([3, 0, 0])),
    'protocol',
    /pad/,
    1,
  ],
  ['padded DATA without a byte', frame('data', padded, 1), 'protocol', /padding/, 1],
  ['HEADERS on stream 0', frame('headers', endHeaders, 0), 'protocol', /HEADERS on stream 0/, 1],
  ['HEADERS on an idle stream', frame('headers', endHeaders, 99), 'protocol', /stream 99/, 1],
  ['HEADERS on a stream of the server', frame('headers', endHeaders, 2), 'protocol', /2/, 1],
  [
    'HEADERS with more padding than payload',
    frame('headers', endHeaders | padded, 1, Buffer.from([9, 0x88])),
    ...(['protocol', /HEADERS shorter/, 1] as const),
  ],
  [
    'HEADERS too short for their priority',
    frame('headers', endHeaders | priority, 1, Buffer.alloc(4)),
    ...(['protocol', /HEADERS shorter/, 1] as const),
  ],
  [
    'HEADERS whose padding reaches into the priority',
    frame('headers', endHeaders | priority | padded, 1, Buffer.from([3, 0, 0, 0, 0, 0, 0x88, 0])),
    ...(['protocol', /HEADERS shorter/, 1] as const),
  ],
  ['PUSH_PROMISE', frame('pushPromise', endHeaders, 1, uint32s(2)), 'protocol', /PUSH_PROMISE/, 1],
  [
    'CONTINUATION without HEADERS',
    frame('continuation', endHeaders, 1),
    ...(['protocol', /CONTINUATION without/, 1] as const),
  ],
  [
    'PING inside a header block',
    inOrder(frame('headers', 0, 1), frame('ping', 0, 0, Buffer.alloc(8))),
    ...(['protocol', /interrupted/, 1] as const),
  ],
  [
    'CONTINUATION of another stream',
    inOrder(frame('headers', 0, 1), frame('continuation', endHeaders, 3)),
    ...(['protocol', /interrupted/, 1] as const),
  ],
  [
    'an undecodable header block',
    headers(Buffer.from([0xff, 0xff])),
    ...(['protocol', /undecodable/, 9] as const),
  ],
  [
    'an undecodable header block on a closed stream',
    inOrder((request) => request.reset(0), headers(Buffer.from([0xff, 0xff]))),
    ...(['reset', /NO_ERROR/, 9] as const),
  ],
  [
    'many empty CONTINUATION frames',
    inOrder(frame('headers', 0, 1), times(17, frame('continuation', 0, 1))),
    ...(['protocol', /header block too large/, 11] as const),
  ],
  [
    'a compressed header block over 64 KiB',
    inOrder(frame('headers', 0, 1), times(5, frame('continuation', 0, 1, Buffer.alloc(16_384)))),
    ...(['protocol', /header block too large/, 11] as const),
  ],
];

const FLOODS: ReadonlyArray<readonly [what: string, play: Fault]> = [
  ['PING', frame('ping', 0, 0, Buffer.alloc(8))],
  ['answers to PING', frame('ping', ack, 0, Buffer.alloc(8))],
  ['SETTINGS', frame('settings', 0, 0)],
  ['empty DATA', (request, c) => c.sendFrame('data', 0, request.streamId)],
  ['DATA with only padding', (r, c) => c.sendFrame('data', padded, r.streamId, Buffer.alloc(9, 8))],
  ['PRIORITY', frame('priority', 0, 1, Buffer.alloc(5))],
  ['unknown frames', frame(77, 0, 0)],
  ['interim responses', headers(rawBlock([':status', '100']))],
];

describe('a fault of one stream leaves the others alone:', { timeout: 60_000 }, () => {
  for (const [fault, play, kind, text, code] of STREAM_FAULTS) {
    test(fault, async (t) => {
      const scene = await openScene(t);
      play(scene.struckRequest, scene.connection);
      await assertFailure(scene.struck, scene.deployment, kind, text);
      scene.struck.stream.write(Buffer.from('ignored'));
      scene.struck.stream.end();
      if (code !== undefined) assert.equal(await scene.struckRequest.resetCode, code);
      await assertWorks(scene.bystander, scene.bystanderRequest);
      const unseen = scene.connection.unseenFrames;
      assert.deepEqual(
        unseen.filter(({ streamId, type }) => streamId === 1 && type !== 1 && type !== 3),
        [],
      );
      assert.equal(scene.deployment.connections.length, 1);
    });
  }
});

describe(
  'a fault of the connection fails its streams and the next exchange works:',
  { timeout: 60_000 },
  () => {
    for (const [fault, play, kind, text, code] of CONNECTION_FAULTS) {
      test(fault, async (t) => {
        const scene = await openScene(t);
        play(scene.struckRequest, scene.connection);
        await assertFailure(scene.struck, scene.deployment, kind, text);
        const bystanderOutcome = await scene.bystander.outcome();
        assert.ok(bystanderOutcome !== 'end');
        assert.equal(bystanderOutcome.kind, code === undefined ? kind : 'protocol');
        await assertGoaway(scene.connection, code);
        const next = new RecordedExchange(scene.transport, scene.deployment.uri);
        await assertWorks(next, await scene.deployment.nextRequest());
        assert.equal(scene.deployment.connections.length, 2);
      });
    }
  },
);

async function assertGoaway(connection: FakeConnection, code: number | undefined): Promise<void> {
  if (code === undefined) return;
  const { payload } = await connection.nextFrame('goaway');
  assert.equal(payload.readUInt32BE(0), 0);
  assert.equal(payload.readUInt32BE(4), code);
  await connection.closed;
}

describe('a flood is cut off:', { timeout: 60_000 }, () => {
  for (const [what, play] of FLOODS) {
    test(what, async (t) => {
      const scene = await openScene(t);
      if (what.includes('DATA')) scene.struckRequest.respond();
      times(5000, play)(scene.struckRequest, scene.connection);
      const text = /too many frames without progress/;
      await assertFailure(scene.struck, scene.deployment, 'protocol', text);
      await assertFailure(scene.bystander, scene.deployment, 'protocol', text);
      await assertGoaway(scene.connection, ErrorCode.enhanceYourCalm);
    });

    test(`${what} between progress is no flood`, async (t) => {
      const scene = await openScene(t);
      scene.bystanderRequest.respond();
      for (let round = 0; round < 20; round++) {
        if (what.includes('DATA') && round === 0) scene.struckRequest.respond();
        times(500, play)(scene.struckRequest, scene.connection);
        scene.bystanderRequest.write('progress');
        while (scene.bystander.received.length < (round + 1) * 8) await scene.bystander.data();
      }
      scene.bystanderRequest.end();
      assert.equal(await scene.bystander.outcome(), 'end');
    });
  }

  test('GOAWAY', async (t) => {
    const scene = await openScene(t);
    times(5000, frame('goaway', 0, 0, uint32s(WINDOW_MAX, 0)))(
      scene.struckRequest,
      scene.connection,
    );
    await assertFailure(scene.struck, scene.deployment, 'protocol', /without progress/);
  });

  test('resets of a closed stream', async (t) => {
    const scene = await openScene(t);
    times(5000, (request) => request.reset(ErrorCode.cancel))(
      scene.struckRequest,
      scene.connection,
    );
    await assertFailure(scene.struck, scene.deployment, 'reset', /CANCEL/);
    await assertFailure(scene.bystander, scene.deployment, 'protocol', /without progress/);
  });
});

describe('what HTTP/2 allows is no fault:', { timeout: 60_000 }, () => {
  const allowed: ReadonlyArray<readonly [what: string, play: Fault]> = [
    ['unknown frames', frame(77, 255, 0, Buffer.from('unknown'))],
    ['unknown frames on unknown streams', frame(200, 0, 1234, Buffer.from('unknown'))],
    ['unknown settings', frame('settings', 0, 0, encodeSettings([[0x1234, 5]]))],
    ['PRIORITY on an idle stream', frame('priority', 0, 99, Buffer.alloc(5))],
    ['the answer to a PING nobody sent', frame('ping', ack, 0, Buffer.alloc(8, 1))],
    ['interim responses', times(3, headers(rawBlock([':status', '103'], ['link', '</a>'])))],
    [
      'DATA, HEADERS, resets and windows of a stream we gave up',
      inOrder(
        (request) => request.respond(200, [], { end: true }),
        respond,
        (request) => request.write('late'),
        (request, connection) => connection.sendWindowUpdate(request.streamId, 5),
        (request) => request.reset(0),
      ),
    ],
  ];
  for (const [what, play] of allowed) {
    test(what, async (t) => {
      const scene = await openScene(t);
      play(scene.struckRequest, scene.connection);
      await assertWorks(scene.bystander, scene.bystanderRequest);
      assert.equal(scene.deployment.connections.length, 1);
    });
  }

  test('SETTINGS that are never acknowledged', async (t) => {
    const scene = await openScene(t, { acknowledgesSettings: false });
    await assertWorks(scene.struck, scene.struckRequest);
  });

  test('padding, priority and CONTINUATION around a response', async (t) => {
    const { struck, struckRequest, connection } = await openScene(t);
    const block = encodeFields([
      [':status', '201'],
      ['x-a', 'b'],
    ]);
    const first = Buffer.concat([Buffer.from([2, 0x80, 0, 0, 3, 16]), block.subarray(0, 4)]);
    const flags = padded | priority;
    connection.sendFrame('headers', flags, 1, Buffer.concat([first, Buffer.alloc(2)]));
    connection.sendFrame('continuation', 0, 1, block.subarray(4, 5));
    connection.sendFrame('continuation', endHeaders, 1, block.subarray(5));
    connection.sendFrame('data', padded, 1, Buffer.from('\x03abc\0\0\0', 'latin1'));
    connection.sendFrame('data', padded, 1, Buffer.from([0]));
    connection.sendFrame('data', padded | endStream, 1, Buffer.from('\x00def', 'latin1'));
    const { status, headers: fields } = await struck.response();
    assert.equal(status, 201);
    assert.deepEqual({ ...fields }, { 'x-a': 'b' });
    assert.equal(await struck.outcome(), 'end');
    assert.equal(struck.received.toString(), 'abcdef');
    assert.equal(struckRequest.connection, connection);
  });

  test('trailers, which are not reported', async (t) => {
    const { struck, struckRequest } = await openScene(t);
    struckRequest.respond(200);
    struckRequest.write('body');
    struckRequest.sendTrailers([['grpc-status', '0']]);
    assert.equal(await struck.outcome(), 'end');
    assert.deepEqual(
      struck.events.map(({ kind }) => kind),
      ['response', 'data', 'end'],
    );
  });

  test('a response byte by byte', async (t) => {
    const scene = await openScene(t);
    const head = encodeFrame('headers', endHeaders, 1, Buffer.from([0x88]));
    const body = encodeFrame('data', endStream, 1, Buffer.from('ok'));
    await scene.connection.sendInPieces(Buffer.concat([head, body]), 1);
    assert.equal(await scene.struck.outcome(), 'end');
    assert.equal(scene.struck.received.toString(), 'ok');
    await assertWorks(scene.bystander, scene.bystanderRequest);
  });

  test('PING, which gets its own bytes back', async (t) => {
    const { connection } = await openScene(t);
    connection.sendFrame('ping', 0, 0, Buffer.from('8 bytes!'));
    const pong = await connection.nextFrame('ping');
    assert.equal(pong.flags, ack);
    assert.equal(pong.payload.toString(), '8 bytes!');
  });
});

describe('a peer that is none', { timeout: 60_000 }, () => {
  test('whose first frame is not SETTINGS breaks the protocol', async (t) => {
    const deployment = await FakeDeployment.start({ settings: 'withheld' });
    const transport = new HttpDeploymentTransport();
    t.after(() => Promise.all([transport.close(), deployment.close()]));
    const exchange = new RecordedExchange(transport, deployment.uri);
    const { connection } = await deployment.nextRequest();
    connection.sendFrame('ping', 0, 0, Buffer.alloc(8));
    await assertFailure(exchange, deployment, 'protocol', /first frame is not SETTINGS/);
    await assertGoaway(connection, ErrorCode.protocolError);
  });

  test('that only acknowledges SETTINGS breaks the protocol', async (t) => {
    const deployment = await FakeDeployment.start({ settings: 'withheld' });
    const transport = new HttpDeploymentTransport();
    t.after(() => Promise.all([transport.close(), deployment.close()]));
    const exchange = new RecordedExchange(transport, deployment.uri);
    await assertFailure(exchange, deployment, 'protocol', /first frame is not SETTINGS/);
  });

  test('that answers in HTTP/1.1 has only that', async (t) => {
    const deployment = await FakeDeployment.start({
      settings: 'withheld',
      acknowledgesSettings: false,
    });
    const transport = new HttpDeploymentTransport();
    t.after(() => Promise.all([transport.close(), deployment.close()]));
    const exchange = new RecordedExchange(transport, deployment.uri);
    const { connection } = await deployment.nextRequest();
    await connection.sendInPieces(Buffer.from('HTTP/1.0 505 Not Supported\r\n\r\n'), 3);
    await assertFailure(
      exchange,
      deployment,
      'http11Only',
      /^server possibly supports only HTTP1\.1/,
    );
  });

  test('that closes at once loses the connection', async (t) => {
    const deployment = await FakeDeployment.start({
      settings: 'withheld',
      acknowledgesSettings: false,
    });
    const transport = new HttpDeploymentTransport();
    t.after(() => Promise.all([transport.close(), deployment.close()]));
    const exchange = new RecordedExchange(transport, deployment.uri);
    (await deployment.nextConnection()).end();
    await assertFailure(exchange, deployment, 'connectionLost', /closed by the deployment/);
  });
});
