// Every statement that the official clients send, and what the reference answers to it. The recorded
// answers are those of the reference 1.7.12; REPRISE_RECORD=1 records them anew from the server under test.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CAPTURED_STATEMENTS } from '../support/captured-statements.ts';
import {
  DIALECT_EXPRESSIONS,
  DIALECT_STATEMENTS,
  REFUSED_STATEMENTS,
} from '../support/dialect-statements.ts';
import { Normalizer } from '../support/sql-normal.ts';
import { startSqlRig, type QueryReply, type SqlRig } from '../support/sql-rig.ts';

interface Recorded {
  readonly status: number;
  readonly columns: readonly string[];
  readonly rows: readonly unknown[];
}

const ANSWERS = fileURLToPath(new URL('../../../test/fixtures/sql-answers.json', import.meta.url));
const isRecording = process.env['REPRISE_RECORD'] === '1';

const answers: Record<string, Recorded> = isRecording
  ? {}
  : JSON.parse(readFileSync(ANSWERS, 'utf8'));

let sql: SqlRig;
let normalizer: Normalizer;

before(async () => {
  sql = await startSqlRig();
  normalizer = new Normalizer(sql);
});

after(async () => {
  if (isRecording) writeFileSync(ANSWERS, `${JSON.stringify(answers, undefined, 1)}\n`);
  await sql.dispose();
});

/** Invocations that take the places of the ids in a statement, one after the other. */
const STAND_INS = ['stepped', 'backingOff', 'paused', 'running', 'pending', 'suspended'];

/** The statement about invocations, deployments and times that exist. */
function localize(text: string): string {
  const seen = new Map<string, string>();
  return text
    .replaceAll(/inv_1\w+/g, (id) => {
      const standIn = STAND_INS[seen.size % STAND_INS.length] ?? 'stepped';
      const known = seen.get(id) ?? sql.ids.get(standIn) ?? id;
      seen.set(id, known);
      return known;
    })
    .replaceAll(/dp_1\w+/g, sql.deploymentId)
    .replaceAll(
      /'\d{4}-\d\d-\d\dT[\d:.]+Z'/g,
      `'${new Date(Date.now() - 3_600_000).toISOString()}'`,
    );
}

/** Rows come in an order that is the same every time. */
function isOrdered(statement: string): boolean {
  return /\border by\b.*\b(?:created_at|index|appended_at|sequence_number|name|key)\b/is.test(
    withoutParentheses(statement),
  );
}

/** An order inside of parentheses is that of an aggregate or a subquery, not of the rows. */
function withoutParentheses(statement: string): string {
  const shorter = statement.replaceAll(/\([^()]*\)/g, '');
  return shorter === statement ? statement : withoutParentheses(shorter);
}

/** Without an order any rows will do, as long as there are as many. */
function isArbitrary(statement: string): boolean {
  return /\blimit \d+\s*;?$/i.test(statement.trim()) && !/\border by\b/i.test(statement);
}

function describeReply(statement: string, { status, columns, rows }: QueryReply): Recorded {
  const normal = rows.map((row) => normalizer.value(row));
  const ordered = isOrdered(statement) ? normal : normal.toSorted(byText);
  return { status, columns, rows: isArbitrary(statement) ? [rows.length] : ordered };
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function checkAnswer(statement: string, recorded: Recorded): void {
  if (isRecording) answers[statement] = recorded;
  else assert.deepEqual(recorded, answers[statement]);
}

/** A few expressions each, since every statement takes a while to plan. */
function expressionStatements(): string[] {
  const statements: string[] = [];
  for (let from = 0; from < DIALECT_EXPRESSIONS.length; from += 10) {
    const items = DIALECT_EXPRESSIONS.slice(from, from + 10);
    statements.push(`SELECT ${items.map((item, index) => `${item} AS v${index}`).join(', ')}`);
  }
  return statements;
}

function titleOf(statement: string): string {
  return statement.replaceAll(/\s+/g, ' ').slice(0, 100);
}

describe('a captured statement is answered as by the reference:', () => {
  for (const { accept, sql: statement } of CAPTURED_STATEMENTS) {
    test(titleOf(statement), async () => {
      const reply = await sql.query(localize(statement), accept);
      checkAnswer(statement, describeReply(statement, reply));
    });
  }
});

describe('the dialect of the reference is understood:', () => {
  for (const statement of [...DIALECT_STATEMENTS, ...expressionStatements()]) {
    test(titleOf(statement), async () => {
      const reply = await sql.query(localize(statement));
      assert.equal(reply.status, 200, reply.message);
      checkAnswer(statement, describeReply(statement, reply));
    });
  }
});

describe('a statement is refused as by the reference:', () => {
  for (const statement of REFUSED_STATEMENTS) {
    test(titleOf(statement), async () => {
      const { status, message } = await sql.query(statement);
      assert.ok(message !== undefined && message.length > 0);
      checkAnswer(statement, { status, columns: [], rows: [] });
    });
  }
});
