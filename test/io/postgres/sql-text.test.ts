import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toEngineSql } from '../../../src/io/postgres/engine-sql.ts';
import { foldWords, tokensOf } from '../../../src/io/sql-lexer.ts';
import { statementsOf } from '../../../src/io/postgres/statements.ts';

describe('a text', () => {
  const rows: ReadonlyArray<readonly [text: string, statements: readonly string[]]> = [
    ['', []],
    ['; ;', []],
    ['a; b ;c', ['a', 'b', 'c']],
    ["';'; E'\\';' ;e'''\\\\' ; ';", ["';'", "E'\\';'", "e'''\\\\'", "';"]],
    ['";""; "; ";', ['";""; "', '";']],
    ['$$;$$ ; $a$;$b$;$a$; $a$;', ['$$;$$', '$a$;$b$;$a$', '$a$;']],
    ['x$a$;$a$', ['x$a$', '$a$']],
    ['$1;$2', ['$1', '$2']],
    ['a -- ;\n ; -- ;', ['a -- ;']],
    ['/*;/*;*/;*/a;/*;', ['/*;/*;*/;*/a']],
    ["name'x;'", ["name'x;'"]],
  ];
  for (const [text, statements] of rows) {
    test(`${JSON.stringify(text)} is cut at its semicolons`, () => {
      assert.deepEqual([...statementsOf(text)], statements);
    });
  }

  test('is covered by its tokens, however it is written', () => {
    const pieces = [
      "'",
      '"',
      '$',
      '$$',
      '/*',
      '*/',
      '--',
      '\n',
      "e'",
      '\\',
      ';',
      'a1',
      '2.5e3',
      ' ',
      'é',
    ];
    for (let seed = 0; seed < 2000; seed += 1) {
      let state = seed;
      const text = Array.from({ length: 12 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return pieces[Math.floor(state / 65_536) % pieces.length];
      }).join('');
      const covered = [...tokensOf(text)].map(({ start, end }) => text.slice(start, end)).join('');
      assert.equal(covered, text);
    }
  });

  test('of any kind is read in time that grows with its length only', () => {
    const length = 1_000_000;
    for (const piece of ['/*', '/*/', '*/', "'", '"', '$a$', '$a', '--', "e'\\", ';', '::', '1.']) {
      const text = piece.repeat(length / piece.length);
      const startMs = performance.now();
      for (const _ of statementsOf(`${text}*/`));
      assert.ok(performance.now() - startMs < 3000, piece);
    }
  });
});

test('words are folded, and nothing else', () => {
  const text = `SELECT A."B", 'C', E'D\\'E', $x$F$x$ -- G\n AS Ä1H, $1`;
  assert.equal(foldWords(text), `select a."B", 'C', E'D\\'E', $x$F$x$ -- G\n as Ä1h, $1`);
});

describe('the schema of the catalog', () => {
  const rows: ReadonlyArray<readonly [sql: string, translated: string]> = [
    ['SELECT pg_catalog.version()', 'SELECT version()'],
    ['a::pg_catalog.text, b :: PG_CATALOG . int4', 'a::text, b :: int4'],
    ['FROM "pg_catalog".pg_class', 'FROM pg_class'],
    ["a OPERATOR(pg_catalog.~) '^x' COLLATE pg_catalog.default", "a  ~  '^x' "],
    ['a OPERATOR( pg_catalog . = ) \'x\' COLLATE pg_catalog."default"', "a  =  'x' "],
    [
      "'pg_catalog.x', $$pg_catalog.x$$ -- pg_catalog.x\n",
      "'pg_catalog.x', $$pg_catalog.x$$ -- pg_catalog.x\n",
    ],
    ["n = 'pg_catalog' AND my_pg_catalog.x", "n = 'pg_catalog' AND my_pg_catalog.x"],
    ['a OPERATOR(public.~) b', 'a OPERATOR(public.~) b'],
  ];
  for (const [sql, translated] of rows) {
    test(`is left out in ${JSON.stringify(sql)}`, () => {
      assert.equal(toEngineSql(sql), translated);
    });
  }
});
