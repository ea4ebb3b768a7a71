// The extended query protocol, message by message. Source: PostgreSQL 17, "Extended Query".
import type { QueryColumn } from '../../actors/ports.ts';
import { writeBare, writeParameterDescription, writeRowDescription } from './backend-message.ts';
import type { BackendWriter } from './backend-writer.ts';
import { execute } from './execute.ts';
import { checkFormats, formatOf } from './format.ts';
import type { BindMessage, ParseMessage, Target, ValueFormat } from './frontend-message.ts';
import { readParameter } from './parameter-value.ts';
import { PostgresError } from './postgres-error.ts';
import type { SessionState } from './session-state.ts';
import { prepareStatement, readOnlyStatement } from './statement.ts';

export async function parse(state: SessionState, message: ParseMessage): Promise<void> {
  const { name, sql, parameterOids } = message;
  state.checkMayRun(readOnlyStatement(sql));
  state.addStatement(name, await prepareStatement(sql, parameterOids, state));
  writeBare(state.out.writer, 'parseComplete');
}

export async function bind(state: SessionState, message: BindMessage): Promise<void> {
  const { statement, parameterTypes, columns } = state.statement(message.statement);
  state.checkMayRun(statement);
  const { parameters, parameterFormats, resultFormats } = message;
  checkFormats(parameterFormats, parameters.length, 'parameter');
  checkFormats(resultFormats, columns.length, 'result');
  if (parameters.length !== parameterTypes.length) {
    const supplied = `bind message supplies ${parameters.length} parameters`;
    const required = `prepared statement "${message.statement}" requires ${parameterTypes.length}`;
    throw new PostgresError('protocolViolation', `${supplied}, but ${required}`);
  }
  const values = parameterTypes.map((type, index) =>
    readParameter(parameters[index] ?? null, type, formatOf(parameterFormats, index)),
  );
  const options = { statement, parameters: values, resultFormats, columns };
  await state.addPortal(message.portal, options);
  writeBare(state.out.writer, 'bindComplete');
}

export function describe(state: SessionState, target: Target, name: string): void {
  const { writer } = state.out;
  if (target === 'portal') {
    const { columns = [], resultFormats } = state.portal(name);
    return writeColumns(writer, columns, resultFormats);
  }
  const { parameterTypes, columns } = state.statement(name);
  writeParameterDescription(
    writer,
    parameterTypes.map(({ oid }) => oid),
  );
  writeColumns(writer, columns, []);
}

function writeColumns(
  writer: BackendWriter,
  columns: readonly QueryColumn[],
  formats: readonly ValueFormat[],
): void {
  if (columns.length === 0) writeBare(writer, 'noData');
  else writeRowDescription(writer, columns, formats);
}

export async function executePortal(
  state: SessionState,
  name: string,
  rowsMax: number,
): Promise<void> {
  const portal = state.portal(name);
  state.checkMayRun(portal.statement);
  await execute(state, portal, rowsMax === 0 ? Number.POSITIVE_INFINITY : rowsMax);
}

/** What does not exist is closed, too. */
export async function close(state: SessionState, target: Target, name: string): Promise<void> {
  if (target === 'statement') state.removeStatement(name);
  else await state.closePortal(name);
  writeBare(state.out.writer, 'closeComplete');
}
