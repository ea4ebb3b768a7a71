import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { serialize } from 'pg-protocol/dist/serializer.js';
import type { PostgresServer } from '../../../src/io/postgres/server.ts';
import { PostgresPeer, startServer } from '../../support/postgres-peer.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';

const { parse, bind, describe: describeMessage, execute, close, sync, flush, query } = serialize;

let engine: ScriptedEngine;
let server: PostgresServer;
let peer: PostgresPeer;

before(async () => {
  engine = new ScriptedEngine({
    typed: {
      columns: [
        ['i', { kind: 'int32' }],
        ['t', { kind: 'timestamp', unit: 'ms', isUtc: true }],
      ],
      rows: [[7, 0n]],
      parameterTypes: [{ kind: 'uint64' }, { kind: 'boolean' }, undefined],
    },
  });
  server = await startServer(engine);
});

beforeEach(async () => {
  peer?.close();
  peer = await PostgresPeer.begin(server.port);
});

after(async () => {
  await server.close();
  assert.equal(engine.openCount, 0, 'no query is left behind');
});

function message(type: string, body: string): Buffer {
  const head = Buffer.from(`${type}\0\0\0\0`);
  const bytes = Buffer.from(body, 'latin1');
  head.writeInt32BE(4 + bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

describe('a statement', () => {
  test('is parsed, bound, described and run', async () => {
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'one' }),
        describeMessage({ type: 'S' }),
        bind(),
        describeMessage({ type: 'P' }),
        execute(),
        sync(),
      ),
      ['1', 't ', 'T n:20', '2', 'T n:20', 'D 1', 'C SELECT 1', 'Z I'],
    );
  });

  test('runs again under its name, until it is closed', async () => {
    await peer.ask(parse({ name: 's', text: 'echo $1' }), sync());
    for (const value of ['a', 'b']) {
      assert.deepEqual(
        await peer.ask(bind({ statement: 's', values: [value] }), execute(), sync()),
        ['2', `D string ${value}`, 'C SELECT 1', 'Z I'],
      );
    }
    assert.deepEqual(await peer.ask(close({ type: 'S', name: 's' }), sync()), ['3', 'Z I']);
    assert.deepEqual(await peer.ask(bind({ statement: 's', values: ['a'] }), sync()), [
      'E ERROR 26000 prepared statement "s" does not exist',
      'Z I',
    ]);
  });

  test('without a name is replaced, one with a name is not', async () => {
    await peer.ask(parse({ text: 'one' }), parse({ text: 'nothing' }), sync());
    assert.deepEqual(await peer.ask(bind(), execute(), sync()), ['2', 'C SELECT 0', 'Z I']);
    await peer.ask(parse({ name: 's', text: 'one' }), sync());
    assert.deepEqual(await peer.ask(parse({ name: 's', text: 'one' }), sync()), [
      'E ERROR 42P05 prepared statement "s" already exists',
      'Z I',
    ]);
    await peer.query('deallocate s');
    assert.deepEqual(await peer.ask(parse({ name: 's', text: 'one' }), sync()), ['1', 'Z I']);
  });

  test('without a name is forgotten by a simple query', async () => {
    await peer.ask(parse({ text: 'one' }), sync());
    await peer.query('one');
    assert.deepEqual(await peer.ask(bind(), sync()), [
      'E ERROR 26000 unnamed prepared statement does not exist',
      'Z I',
    ]);
  });

  test('that is empty gives an empty result', async () => {
    assert.deepEqual(
      await peer.ask(
        parse({ text: ' -- ' }),
        bind(),
        describeMessage({ type: 'P' }),
        execute(),
        sync(),
      ),
      ['1', '2', 'n', 'I', 'Z I'],
    );
  });

  test('is one statement', async () => {
    assert.deepEqual(await peer.ask(parse({ text: 'one; one' }), sync()), [
      'E ERROR 42601 cannot insert multiple commands into a prepared statement',
      'Z I',
    ]);
  });

  test('about the session has its columns or none', async () => {
    assert.deepEqual(
      await peer.ask(
        ...['begin', 'show server_version', 'set a.b = 1', 'commit'].flatMap((text) => [
          parse({ text }),
          bind(),
          describeMessage({ type: 'P' }),
          execute(),
        ]),
        sync(),
      ),
      [
        ...['1', '2', 'n', 'C BEGIN'],
        ...['1', '2', 'T server_version:1043', 'D 15.0', 'C SHOW'],
        ...['1', '2', 'n', 'C SET'],
        ...['1', '2', 'n', 'C COMMIT'],
        'Z I',
      ],
    );
  });

  test('that the engine does not take fails when it is parsed', async () => {
    assert.deepEqual(await peer.ask(parse({ name: 's', text: 'fail unknownName' }), sync()), [
      'E ERROR 42P01 it was to fail with unknownName',
      'Z I',
    ]);
    assert.deepEqual(await peer.ask(describeMessage({ type: 'S', name: 's' }), sync()), [
      'E ERROR 26000 prepared statement "s" does not exist',
      'Z I',
    ]);
  });
});

describe('parameters', () => {
  test('have the types that the client or else the statement gives them', async () => {
    const types = [0, 23, 705];
    assert.deepEqual(
      await peer.ask(parse({ text: 'typed', types }), describeMessage({ type: 'S' }), sync()),
      ['1', 't 20 23 25', 'T i:23 t:1184', 'Z I'],
    );
  });

  test('arrive as values of these types', async () => {
    const types = [23, 16, 17, 1009, 701];
    const values = ['-5', 't', '\\x0aff', '{a,NULL,"b c"}', '1.5'];
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'echo $1 $2 $3 $4 $5', types }),
        bind({ values }),
        execute(),
        sync(),
      ),
      [
        '1',
        '2',
        'D bigint -5|boolean true|bytes 0aff|[string a, , string b c]|number 1.5',
        'C SELECT 1',
        'Z I',
      ],
    );
  });

  test('in binary form arrive, too', async () => {
    const values = [Buffer.from('fffffffb', 'hex'), Buffer.of(1), null];
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'echo $1 $2 $3', types: [23, 16, 25] }),
        bind({ values }),
        execute(),
        sync(),
      ),
      ['1', '2', 'D bigint -5|boolean true|null', 'C SELECT 1', 'Z I'],
    );
  });

  test('of an unsigned type that come back negative are what they were', async () => {
    const values = ['-1', 't', ''];
    engine.asked.length = 0;
    await peer.ask(parse({ text: 'typed' }), bind({ values }), execute(), sync());
    assert.deepEqual(engine.asked[0]?.options.parameters, [2n ** 64n - 1n, true, '']);
  });

  const refused: ReadonlyArray<
    readonly [what: string, values: ReadonlyArray<string | Buffer>, answer: string]
  > = [
    [
      'too few',
      [],
      '08P01 bind message supplies 0 parameters, but prepared statement "" requires 1',
    ],
    ['no number', ['1x'], '22P02 invalid input syntax for type bigint: "1x"'],
    [
      'too large',
      ['99999999999999999999'],
      '22003 value "99999999999999999999" is out of range for type bigint',
    ],
    ['of a wrong size', [Buffer.of(1)], '22P03 incorrect binary data format for type bigint'],
  ];
  for (const [what, values, answer] of refused) {
    test(`${what} are refused`, async () => {
      await peer.ask(parse({ text: 'sum $1' }), sync());
      assert.deepEqual(await peer.ask(bind({ values: [...values] }), sync()), [
        `E ERROR ${answer}`,
        'Z I',
      ]);
    });
  }
});

describe('results', () => {
  test('are in binary form where the client wants it', async () => {
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'typed' }),
        bind({ values: [null, null, null], binary: true }),
        describeMessage({ type: 'P' }),
        execute(),
        sync(),
      ),
      // -946684800 s in microseconds: 1970 as seen from 2000.
      ['1', '2', 'T i:23* t:1184*', 'D 00000007|fffca2fec4c82000', 'C SELECT 1', 'Z I'],
    );
  });

  test('have one format for each column', async () => {
    // Formats: binary, text.
    const bound = message(
      'B',
      '\0\0\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x02\0\x01\0\0',
    );
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'typed' }),
        bound,
        describeMessage({ type: 'P' }),
        execute(),
        sync(),
      ),
      ['1', '2', 'T i:23* t:1184', 'D 00000007|1970-01-01 00:00:00+00', 'C SELECT 1', 'Z I'],
    );
    const tooMany = message(
      'B',
      '\0\0\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x03\0\x01\0\0\0\0',
    );
    assert.deepEqual(await peer.ask(parse({ text: 'typed' }), tooMany, sync()), [
      '1',
      'E ERROR 08P01 bind message has 3 result formats but 2 results',
      'Z I',
    ]);
  });
});

describe('a portal', () => {
  test('gives its rows in portions', async () => {
    assert.deepEqual(
      await peer.ask(
        query('begin'),
        parse({ text: 'rows 5' }),
        bind({ portal: 'p' }),
        execute({ portal: 'p', rows: 2 }),
        execute({ portal: 'p', rows: 2 }),
      ),
      ['C BEGIN', 'Z T'],
    );
    peer.send(flush());
    const suspended = ['D 0', 'D 1', 's', 'D 2', 'D 3', 's'];
    assert.deepEqual(
      [...(await peer.until('s')), ...(await peer.until('s'))],
      ['1', '2', ...suspended],
    );
    assert.deepEqual(await peer.ask(sync()), ['Z T']);
    assert.deepEqual(await peer.ask(execute({ portal: 'p', rows: 1 }), sync()), [
      'D 4',
      's',
      'Z T',
    ]);
    assert.deepEqual(await peer.ask(execute({ portal: 'p', rows: 1 }), sync()), [
      'C SELECT 0',
      'Z T',
    ]);
    assert.deepEqual(await peer.ask(execute({ portal: 'p' }), sync()), ['C SELECT 0', 'Z T']);
    await peer.query('rollback');
  });

  test('ends with its transaction, which Sync ends unless one was begun', async () => {
    const asked = [
      parse({ text: 'rows 5' }),
      bind({ portal: 'p' }),
      execute({ portal: 'p', rows: 1 }),
    ];
    assert.deepEqual(await peer.ask(...asked, sync()), ['1', '2', 'D 0', 's', 'Z I']);
    assert.equal(engine.openCount, 0);
    assert.deepEqual(await peer.ask(execute({ portal: 'p' }), sync()), [
      'E ERROR 34000 portal "p" does not exist',
      'Z I',
    ]);
  });

  test('that is closed lets go of its query', async () => {
    await peer.query('begin');
    await peer.ask(
      parse({ text: 'rows 5' }),
      bind({ portal: 'p' }),
      execute({ portal: 'p', rows: 1 }),
      sync(),
    );
    assert.equal(engine.openCount, 1);
    assert.deepEqual(await peer.ask(close({ type: 'P', name: 'p' }), sync()), ['3', 'Z T']);
    assert.equal(engine.openCount, 0);
    assert.deepEqual(await peer.ask(close({ type: 'P', name: 'nope' }), sync()), ['3', 'Z T']);
  });

  test('with a name is not replaced, one without is', async () => {
    await peer.query('begin');
    await peer.ask(parse({ text: 'rows 5' }), bind(), execute({ rows: 1 }), sync());
    assert.deepEqual(await peer.ask(bind(), execute({ rows: 1 }), sync()), [
      '2',
      'D 0',
      's',
      'Z T',
    ]);
    assert.equal(engine.openCount, 1);
    assert.deepEqual(await peer.ask(bind({ portal: 'p' }), bind({ portal: 'p' }), sync()), [
      '2',
      'E ERROR 42P03 cursor "p" already exists',
      'Z E',
    ]);
    assert.equal(engine.openCount, 0);
  });

  test('of a statement without rows runs once', async () => {
    assert.deepEqual(
      await peer.ask(parse({ text: 'set a.b = 1' }), bind(), execute(), execute(), sync()),
      ['1', '2', 'C SET', 'E ERROR 55000 the portal cannot be run again', 'Z I'],
    );
  });

  test('can fetch from a cursor', async () => {
    await peer.query('begin; declare c cursor for rows 3');
    assert.deepEqual(
      await peer.ask(
        parse({ text: 'fetch 2 from c' }),
        bind({ binary: true }),
        describeMessage({ type: 'P' }),
        execute(),
        sync(),
      ),
      ['1', '2', 'T n:20*', 'D 0000000000000000', 'D 0000000000000001', 'C FETCH 2', 'Z T'],
    );
  });
});

describe('an error', () => {
  const rest = [bind(), execute(), parse({ text: 'one' }), flush(), query('one')];

  test('lasts until Sync', async () => {
    assert.deepEqual(await peer.ask(parse({ text: 'fail syntax' }), ...rest, sync()), [
      'E ERROR 42601 it was to fail with syntax',
      'Z I',
    ]);
    assert.deepEqual(await peer.query('one'), ['T n:20', 'D 1', 'C SELECT 1', 'Z I']);
  });

  test('in an open transaction makes it a failed one', async () => {
    await peer.query('begin');
    assert.deepEqual(await peer.ask(execute({ portal: 'nope' }), sync()), [
      'E ERROR 34000 portal "nope" does not exist',
      'Z E',
    ]);
    const aborted =
      'E ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block';
    assert.deepEqual(await peer.ask(parse({ text: 'one' }), sync()), [aborted, 'Z E']);
    assert.deepEqual(await peer.ask(parse({ text: 'rollback' }), bind(), execute(), sync()), [
      '1',
      '2',
      'C ROLLBACK',
      'Z I',
    ]);
  });

  test('behind the first rows follows them', async () => {
    assert.deepEqual(
      await peer.ask(parse({ text: 'fail late invalidValue' }), bind(), execute(), sync()),
      ['1', '2', 'E ERROR 22000 it was to fail with invalidValue', 'Z I'],
    );
  });

  const malformed: ReadonlyArray<readonly [what: string, sent: Buffer, answer: string]> = [
    ['Parse without an end', message('P', 'name\0select'), '08P01 invalid string in message'],
    ['Parse without types', message('P', '\0one\0'), '08P01 insufficient data left in message'],
    [
      'Parse with more types than it has',
      message('P', '\0one\0\0\x02\0\0\0\x17'),
      '08P01 insufficient data left in message',
    ],
    [
      'Parse with more behind its end',
      message('P', '\0one\0\0\0x'),
      '08P01 invalid message format',
    ],
    [
      'Parse that is no text',
      message('P', '\0on\xff\0\0\0'),
      '22021 invalid byte sequence for encoding "UTF8"',
    ],
    [
      'Bind with a value that is cut off',
      message('B', '\0\0\0\0\0\x01\0\0\0\x05ab'),
      '08P01 insufficient data left in message',
    ],
    [
      'Bind with a value of a negative length',
      message('B', '\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0'),
      '08P01 invalid length of a value',
    ],
    [
      'Bind with a format that nobody knows',
      message('B', '\0\0\0\x01\0\x02\0\0\0\0'),
      '22023 unsupported format code: 2',
    ],
    ['Describe of nothing', message('D', 'X\0'), "08P01 invalid target of a message: 'X'"],
    ['Execute without a limit', message('E', '\0'), '08P01 insufficient data left in message'],
    ['Close that is empty', message('C', ''), '08P01 insufficient data left in message'],
    ['Flush with a body', message('H', 'x'), '08P01 invalid message format'],
  ];
  for (const [what, sent, answer] of malformed) {
    test(`answers a ${what}`, async () => {
      assert.deepEqual(await peer.ask(sent, sync()), [`E ERROR ${answer}`, 'Z I']);
      assert.deepEqual(await peer.query('one'), ['T n:20', 'D 1', 'C SELECT 1', 'Z I']);
    });
  }

  test('answers a query without an end', async () => {
    assert.deepEqual(await peer.ask(message('Q', 'one')), [
      'E ERROR 08P01 invalid string in message',
      'Z I',
    ]);
  });

  test('answers a function call', async () => {
    assert.deepEqual(await peer.ask(message('F', '\0\0\0\x01')), [
      'E ERROR 0A000 function calls are not supported',
      'Z I',
    ]);
  });

  test('is none when copy data comes late', async () => {
    const late = [message('d', 'x'), message('c', ''), message('f', 'x\0')];
    assert.deepEqual(await peer.ask(...late, query('one')), ['T n:20', 'D 1', 'C SELECT 1', 'Z I']);
  });
});
