// Counts, lists of the latest and filters spare most of the reading. What they answer is what reading
// everything answers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  openTestEngine,
  seedDirectory,
  textAt,
  type Row,
  type SeededDirectory,
  type TestEngine,
} from '../../support/query-fixture.ts';
import { seedOfRun, SeededRandom } from '../../support/seeded-random.ts';

/** More than the latest that are looked at first. */
const INVOCATIONS = 12_000;

let directory: SeededDirectory;
let sql: TestEngine;
/** Everything, read without a filter, the newest first. */
let all: readonly Row[];

before(async () => {
  directory = await seedDirectory(INVOCATIONS);
  sql = await openTestEngine(directory);
  const rows = await sql.rows('SELECT * FROM sys_invocation');
  all = rows.toSorted((a, b) => createdMs(b) - createdMs(a));
});

after(async () => {
  await sql.close();
  directory.remove();
});

function createdMs(row: Row): number {
  return Date.parse(textAt(row, 'created_at'));
}

function idsOf(rows: readonly Row[]): string[] {
  return rows.map((row) => textAt(row, 'id'));
}

function groupBy(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row]);
  return groups;
}

function textOf(row: Row, ...columns: readonly string[]): string {
  return columns.map((column) => textAt(row, column)).join(' ');
}

interface Condition {
  readonly text: string;
  readonly holds: (row: Row) => boolean;
}

function equals(column: string, ...values: readonly string[]): Condition {
  const list = values.map((value) => `'${value}'`).join(', ');
  return {
    text: values.length === 1 ? `${column} = ${list}` : `${column} IN (${list})`,
    holds: (row) => row[column] !== undefined && values.includes(textAt(row, column)),
  };
}

function not(column: string, value: string): Condition {
  const holds = (row: Row) => row[column] !== undefined && row[column] !== value;
  return { text: `${column} != '${value}'`, holds };
}

function createdAfter(time: string): Condition {
  return { text: `created_at >= '${time}'`, holds: (row) => createdMs(row) >= Date.parse(time) };
}

function createdBefore(time: string): Condition {
  return { text: `'${time}' > created_at`, holds: (row) => createdMs(row) < Date.parse(time) };
}

const STATUSES = [
  'completed',
  'scheduled',
  'pending',
  'ready',
  'running',
  'suspended',
  'paused',
  'backing-off',
];
const COLUMNS = [
  'target_service_name',
  'target_handler_name',
  'status',
  'target_service_ty',
  'completion_result',
];

function randomCondition(random: SeededRandom): Condition {
  const sample = (): Row => all[random.below(all.length)] ?? {};
  const column = COLUMNS[random.below(COLUMNS.length)] ?? 'status';
  switch (random.below(6)) {
    case 0:
      return equals('status', STATUSES[random.below(STATUSES.length)] ?? '');
    case 1:
      return not('status', STATUSES[random.below(STATUSES.length)] ?? '');
    case 2:
      return equals(column, textAt(sample(), column), textAt(sample(), column));
    case 3:
      return createdAfter(textAt(sample(), 'created_at'));
    case 4:
      return createdBefore(textAt(sample(), 'created_at'));
    default:
      return equals('target_service_key', textAt(sample(), 'target_service_key'));
  }
}

/** Conditions, each on its own or with another one. */
function randomConditions(random: SeededRandom, columns?: readonly string[]): Condition {
  const fits = ({ text }: Condition) =>
    columns === undefined || columns.some((column) => text.includes(column));
  const next = (): Condition => {
    const condition = randomCondition(random);
    return fits(condition) ? condition : next();
  };
  const [a, b] = [next(), next()];
  switch (random.below(4)) {
    case 0:
      return { text: `${a.text} AND ${b.text}`, holds: (row) => a.holds(row) && b.holds(row) };
    case 1:
      return { text: `(${a.text} OR ${b.text})`, holds: (row) => a.holds(row) || b.holds(row) };
    case 2:
      return { text: '1 = 1', holds: () => true };
    default:
      return a;
  }
}

describe('a shortcut answers as reading everything does', () => {
  const random = new SeededRandom(seedOfRun());

  test('for the ids of a random condition', async () => {
    for (let round = 0; round < 25; round += 1) {
      const { text, holds } = randomConditions(random);
      const rows = await sql.rows(`SELECT id FROM sys_invocation WHERE ${text}`);
      assert.deepEqual(idsOf(rows).toSorted(), idsOf(all.filter(holds)).toSorted(), text);
    }
  });

  test('for the counts of random groups', async () => {
    for (let round = 0; round < 25; round += 1) {
      const { text, holds } = randomConditions(random, [...COLUMNS.slice(0, 4), 'created_at']);
      const [column = '', second = ''] = [random.below(5), random.below(5)].map(
        (index) => COLUMNS[index],
      );
      const rows = await sql.rows(
        `SELECT ${column} AS a, ${second} AS b, count(*) AS n, min(created_at) AS oldest,
           first_value(id ORDER BY created_at) AS id
         FROM sys_invocation WHERE ${text} GROUP BY ${column}, ${second}`,
      );
      const groups = groupBy(all.filter(holds), (row) => textOf(row, column, second));
      const expected = [...groups].map(([name, members]) => {
        const oldest = textOf(members.at(-1) ?? {}, 'created_at', 'id');
        return `${name} ${members.length} ${oldest}`;
      });
      const actual = rows.map((row) => textOf(row, 'a', 'b', 'n', 'oldest', 'id'));
      assert.deepEqual(actual.toSorted(), expected.toSorted(), `${column}, ${second}: ${text}`);
    }
  });

  test('for the newest and the oldest of a random condition', async () => {
    for (let round = 0; round < 25; round += 1) {
      const { text, holds } = randomConditions(random);
      const limit = 1 + random.below(60);
      const offset = random.below(3) * 10;
      const descends = random.below(2) === 0;
      const statement = `SELECT id FROM sys_invocation inv WHERE ${text}
        ORDER BY inv.created_at ${descends ? 'DESC' : 'ASC'} LIMIT ${limit} OFFSET ${offset}`;
      const rows = await sql.rows(statement);
      const matching = all.filter(holds);
      const ordered = descends ? matching : matching.toReversed();
      assert.deepEqual(idsOf(rows), idsOf(ordered).slice(offset, offset + limit), statement);
    }
  });
});

describe('joined tables', () => {
  test('are filtered by what is said of the other one', async () => {
    const [newest] = all;
    const id = textAt(newest ?? {}, 'id');
    const rows = await sql.rows(
      `SELECT i.id, j.index, j.entry_type FROM sys_invocation i JOIN sys_journal j ON j.id = i.id
       WHERE i.id = '${id}' ORDER BY j.index`,
    );
    assert.deepEqual(
      rows.map((row) => [row['id'], row['index']]),
      [
        [id, 0],
        [id, 1],
      ],
    );
  });

  test('keep the rows of the left side that have no partner', async () => {
    const rows = await sql.rows(
      `SELECT count(*) AS n, count(s.id) AS attempts FROM sys_invocation_status i
       LEFT JOIN sys_invocation_state s ON i.id = s.id`,
    );
    assert.deepEqual(rows, [{ n: INVOCATIONS, attempts: 0 }]);
  });
});

describe('what is said about one of several', () => {
  const statements: ReadonlyArray<readonly [statement: string, expected: () => number]> = [
    ['SELECT count(*) AS n FROM sys_invocation', () => INVOCATIONS],
    [
      "SELECT count(*) AS n FROM (SELECT id FROM sys_invocation WHERE status = 'paused') x",
      () => countOf('paused'),
    ],
    [
      "WITH p AS (SELECT * FROM sys_invocation WHERE status = 'paused') SELECT count(*) AS n FROM p",
      () => countOf('paused'),
    ],
    [
      "SELECT count(*) AS n FROM sys_invocation WHERE NOT status = 'paused'",
      () => INVOCATIONS - countOf('paused'),
    ],
    [
      `SELECT sum(CASE WHEN status = 'paused' THEN 1 ELSE 0 END) AS n FROM sys_invocation`,
      () => countOf('paused'),
    ],
    [
      `SELECT count(*) FILTER (WHERE status = 'paused') AS n FROM sys_invocation`,
      () => countOf('paused'),
    ],
    [`SELECT count(DISTINCT status) AS n FROM sys_invocation`, () => 6],
    [
      `SELECT count(*) AS n FROM sys_invocation a, sys_invocation b
       WHERE a.id = b.id AND a.status = 'paused'`,
      () => countOf('paused'),
    ],
    [`SELECT count(1) AS n FROM (SELECT * FROM sys_invocation LIMIT 50) x`, () => 50],
    [`SELECT count(1) AS n FROM (SELECT * FROM sys_invocation LIMIT 50000) x`, () => INVOCATIONS],
    [
      `SELECT count(*) AS n FROM (SELECT id FROM sys_invocation WHERE status = 'paused'
       UNION ALL SELECT id FROM sys_invocation WHERE status = 'suspended') x`,
      () => countOf('paused') + countOf('suspended'),
    ],
    [
      `SELECT count(*) AS n FROM sys_invocation
       WHERE id IN (SELECT id FROM sys_invocation_status WHERE status = 'paused')`,
      () => countOf('paused'),
    ],
    [
      `SELECT count(*) AS n FROM sys_invocation_status WHERE status = 'invoked'`,
      () => countOf('ready'),
    ],
  ];

  function countOf(status: string): number {
    return all.filter((row) => row['status'] === status).length;
  }

  for (const [statement, expected] of statements) {
    test(statement.replaceAll(/\s+/g, ' '), async () => {
      assert.ok(expected() > 0);
      assert.deepEqual(await sql.rows(statement), [{ n: expected() }]);
    });
  }
});
