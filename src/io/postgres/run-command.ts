// What the statements do that are about the session.
import { unreachable } from '../../actors/domain/assert.ts';
import { openQuery } from './open-query.ts';
import type { Outcome, Portal } from './portal.ts';
import { PostgresError } from './postgres-error.ts';
import { singleRow, takeRows } from './row-cursor.ts';
import type { SessionCommand } from './session-command.ts';
import type { SessionState } from './session-state.ts';
import { readOnlyStatement } from './statement.ts';

/** `portal` is that of the command. */
export async function runCommand(
  state: SessionState,
  command: SessionCommand,
  portal: Portal,
): Promise<Outcome> {
  const { settings } = state;
  switch (command.kind) {
    case 'begin':
      state.beginTransaction();
      return done(command.tag);
    case 'commit':
      return done((await state.endTransaction()) === 'committed' ? 'COMMIT' : 'ROLLBACK');
    case 'rollback':
      await state.endTransaction();
      return done('ROLLBACK');
    case 'savepoint':
    case 'release': {
      const tag = command.kind.toUpperCase();
      state.expectOpenTransaction(tag);
      return done(tag);
    }
    case 'rollbackTo':
      state.rollBackToSavepoint();
      return done('ROLLBACK');
    case 'accept':
      return done(command.tag);
    case 'set':
      if (command.value === undefined) settings.reset(command.name);
      else settings.set(command.name, command.value, command);
      return done('SET');
    case 'reset':
      settings.reset(command.name);
      return done('RESET');
    case 'show': {
      const value = settings.get(command.name);
      return { kind: 'rows', rows: singleRow(settings.nameOf(command.name), value), tag: 'SHOW' };
    }
    case 'discard':
      if (command.isAll) await discardAll(state);
      return done(command.tag);
    case 'deallocate':
      return deallocate(state, command.name);
    case 'declareCursor':
      return declareCursor(state, command, portal);
    case 'fetch':
      return fetchRows(state, command, portal);
    case 'closeCursor':
      return closeCursor(state, command.name);
    default:
      return unreachable(command);
  }
}

function done(tag: string): Outcome {
  return { kind: 'done', tag };
}

async function discardAll(state: SessionState): Promise<void> {
  if (state.transaction !== 'idle') {
    throw new PostgresError('transactionOpen', 'DISCARD ALL cannot run inside a transaction block');
  }
  await state.closePortals({ all: true });
  state.removeStatements();
  state.settings.reset();
}

function deallocate(state: SessionState, name: string | undefined): Outcome {
  if (name === undefined) {
    state.removeStatements();
    return done('DEALLOCATE ALL');
  }
  if (!state.removeStatement(name)) {
    throw new PostgresError('unknownStatement', `prepared statement "${name}" does not exist`);
  }
  return done('DEALLOCATE');
}

async function declareCursor(
  state: SessionState,
  { name, isHeld, sql }: SessionCommand & { readonly kind: 'declareCursor' },
  { parameters }: Portal,
): Promise<Outcome> {
  if (!isHeld) state.expectOpenTransaction('DECLARE CURSOR');
  const statement = readOnlyStatement(sql);
  if (statement.kind !== 'query') throw new PostgresError('syntax', 'a cursor needs a query');
  const portal = await state.addPortal(name, { statement, parameters, resultFormats: [], isHeld });
  await openQuery(state, portal, statement);
  return done('DECLARE CURSOR');
}

async function fetchRows(
  state: SessionState,
  { name, rowsMax, isMove }: SessionCommand & { readonly kind: 'fetch' },
  portal: Portal,
): Promise<Outcome> {
  const cursor = state.portal(name, 'cursor');
  if (cursor.outcome?.kind !== 'rows') {
    throw new PostgresError('notPrepared', `cursor "${name}" is not open`);
  }
  portal.readFrom(cursor);
  const rows = takeRows(cursor.outcome.rows, rowsMax);
  if (!isMove) return { kind: 'rows', rows, tag: 'FETCH' };
  let rowsCount = 0;
  for (
    let slice = await rows.next(rowsMax);
    slice !== undefined;
    slice = await rows.next(rowsMax)
  ) {
    rowsCount += slice.end - slice.start;
  }
  return done(`MOVE ${rowsCount}`);
}

async function closeCursor(state: SessionState, name: string | undefined): Promise<Outcome> {
  if (name === undefined) {
    await state.closePortals({ all: true });
    return done('CLOSE CURSOR ALL');
  }
  state.portal(name, 'cursor');
  await state.closePortal(name);
  return done('CLOSE CURSOR');
}
