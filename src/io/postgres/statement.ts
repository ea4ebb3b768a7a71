// What a client asks for, before it runs.
import type { QueryColumn, QueryDescription, QueryEngine } from '../../actors/ports.ts';
import { POSTGRES_TYPES } from '../postgres-types.ts';
import { toEngineSql } from './engine-sql.ts';
import type { ParameterType } from './parameter-value.ts';
import type { Portal } from './portal.ts';
import { PostgresError } from './postgres-error.ts';
import { textColumn } from './row-cursor.ts';
import { readSessionCommand, type SessionCommand } from './session-command.ts';
import type { Settings } from './settings.ts';
import { tokensOf, tokenValue } from '../sql-lexer.ts';
import { statementsOf } from './statements.ts';
import { wireTypeOf } from './wire-type.ts';

export type Statement =
  | { readonly kind: 'empty' }
  | { readonly kind: 'command'; readonly command: SessionCommand }
  | { readonly kind: 'query'; readonly sql: string; readonly tag: RowsTag };

/** How the end of a result is named; the first with the number of rows. */
export type RowsTag = 'SELECT' | 'FETCH' | 'SHOW' | 'EXPLAIN';

export interface PreparedStatement {
  readonly statement: Statement;
  readonly parameterTypes: readonly ParameterType[];
  /** Empty for a statement without result. */
  readonly columns: readonly QueryColumn[];
  /** Memory that it takes. Unit: bytes. */
  readonly bytes: number;
}

const EMPTY_STATEMENT: Statement = { kind: 'empty' };

/** `text` is one statement. */
export function readStatement(text: string): Statement {
  const command = readSessionCommand(text);
  if (command !== undefined) return { kind: 'command', command };
  return { kind: 'query', sql: toEngineSql(text), tag: tagOf(text) };
}

/** Of a text with one statement or none. Throws `PostgresError` when there are more. */
export function readOnlyStatement(text: string): Statement {
  const [first, second] = firstTwo(statementsOf(text));
  if (second !== undefined) {
    const message = 'cannot insert multiple commands into a prepared statement';
    throw new PostgresError('syntax', message);
  }
  return first === undefined ? EMPTY_STATEMENT : readStatement(first);
}

function firstTwo<T>(items: Iterator<T>): readonly [T | undefined, T | undefined] {
  const take = (): T | undefined => {
    const next = items.next();
    return next.done === true ? undefined : next.value;
  };
  return [take(), take()];
}

function tagOf(text: string): RowsTag {
  for (const token of tokensOf(text)) {
    if (token.kind === 'space') continue;
    const word = tokenValue(text, token);
    if (word === 'explain') return 'EXPLAIN';
    return word === 'show' || word === 'describe' ? 'SHOW' : 'SELECT';
  }
  return 'SELECT';
}

export interface StatementContext {
  readonly engine: QueryEngine;
  readonly settings: Settings;
  readonly portals: ReadonlyMap<string, Portal>;
}

/** Finds out types. Throws `QueryError` for a query that could not run. */
export async function prepareStatement(
  text: string,
  declaredOids: readonly number[],
  context: StatementContext,
): Promise<PreparedStatement> {
  const statement = readOnlyStatement(text);
  const { parameterTypes: expected, columns } = await describe(statement, context);
  const count = Math.max(expected.length, declaredOids.length);
  const parameterTypes = Array.from({ length: count }, (_, index) =>
    parameterType(declaredOids[index] ?? 0, expected[index]),
  );
  const bytes = 2 * text.length;
  return { statement, parameterTypes, columns, bytes };
}

function parameterType(oid: number, expected: ParameterType['expected']): ParameterType {
  if (oid !== 0 && oid !== POSTGRES_TYPES.unknown.oid) return { oid, expected };
  return {
    oid: expected === undefined ? POSTGRES_TYPES.text.oid : wireTypeOf(expected).oid,
    expected,
  };
}

const NOTHING: QueryDescription = { parameterTypes: [], columns: [] };

async function describe(
  statement: Statement,
  context: StatementContext,
): Promise<QueryDescription> {
  switch (statement.kind) {
    case 'empty':
      return NOTHING;
    case 'query':
      return context.engine.describe(statement.sql);
    case 'command':
      return describeCommand(statement.command, context);
  }
}

async function describeCommand(
  command: SessionCommand,
  { engine, settings, portals }: StatementContext,
): Promise<QueryDescription> {
  if (command.kind === 'show') {
    settings.get(command.name);
    return { parameterTypes: [], columns: [textColumn(settings.nameOf(command.name))] };
  }
  if (command.kind === 'fetch' && !command.isMove) {
    return { parameterTypes: [], columns: cursorColumns(portals, command.name) };
  }
  if (command.kind === 'declareCursor') {
    const { parameterTypes } = await engine.describe(toEngineSql(command.sql));
    return { parameterTypes, columns: [] };
  }
  return NOTHING;
}

function cursorColumns(portals: ReadonlyMap<string, Portal>, name: string): readonly QueryColumn[] {
  const outcome = portals.get(name)?.outcome;
  if (outcome?.kind === 'rows') return outcome.rows.columns;
  throw new PostgresError('unknownPortal', `cursor "${name}" does not exist`);
}
