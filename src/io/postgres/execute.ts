// Runs portals and sends what comes of it.
import { assert } from '../../actors/domain/assert.ts';
import { writeBare, writeCommandComplete, writeRowDescription } from './backend-message.ts';
import { formatOf } from './format.ts';
import type { Outcome, Portal } from './portal.ts';
import { PostgresError } from './postgres-error.ts';
import type { RowCursor } from './row-cursor.ts';
import { columnWriter, writeRow } from './row-writer.ts';
import { runStatement } from './run-statement.ts';
import type { SessionState } from './session-state.ts';
import type { RowsTag } from './statement.ts';

/** For a portal whose rows the client has not been told of: with their description. */
export async function executeWithDescription(state: SessionState, portal: Portal): Promise<void> {
  await state.during(portal, async () => {
    const outcome = await runStatement(state, portal);
    if (outcome.kind === 'rows') writeRowDescription(state.out.writer, outcome.rows.columns, []);
    await sendOutcome(state, portal, outcome, Number.POSITIVE_INFINITY);
  });
}

/** At most `rowsMax` rows; a portal with more goes on with the next call. */
export async function execute(state: SessionState, portal: Portal, rowsMax: number): Promise<void> {
  if (portal.outcome?.kind === 'done') {
    throw new PostgresError('notPrepared', 'the portal cannot be run again');
  }
  await state.during(portal, async () => {
    const outcome = await runStatement(state, portal);
    await sendOutcome(state, portal, outcome, rowsMax);
  });
}

async function sendOutcome(
  state: SessionState,
  portal: Portal,
  outcome: Outcome,
  rowsMax: number,
): Promise<void> {
  const { writer } = state.out;
  switch (outcome.kind) {
    case 'empty':
      return writeBare(writer, 'emptyQuery');
    case 'done':
      return writeCommandComplete(writer, outcome.tag);
    case 'rows': {
      const rowsCount = await sendRows(state, portal, outcome.rows, rowsMax);
      if (rowsCount === rowsMax) return writeBare(writer, 'portalSuspended');
      return writeCommandComplete(writer, rowsTag(outcome.tag, rowsCount));
    }
  }
}

async function sendRows(
  { out }: SessionState,
  { resultFormats, columns: promised }: Portal,
  rows: RowCursor,
  rowsMax: number,
): Promise<number> {
  const columns = promised ?? rows.columns;
  assert(
    columns.length === rows.columns.length,
    'a query has the columns that it was described by',
  );
  const writers = rows.columns.map(({ type }, index) =>
    columnWriter(type, columns[index]?.type ?? type, formatOf(resultFormats, index)),
  );
  let left = rowsMax;
  let rowsCount = 0;
  while (left > 0) {
    const slice = await rows.next(left);
    if (slice === undefined) break;
    for (let row = slice.start; row < slice.end; row += 1) {
      writeRow(out.writer, writers, slice.batch, row);
      // The next row is not made before the client has read most of those before.
      if (out.isFull()) await out.sendPart();
    }
    rowsCount += slice.end - slice.start;
    left -= slice.end - slice.start;
  }
  return rowsCount;
}

function rowsTag(tag: RowsTag, rowsCount: number): string {
  return tag === 'SELECT' || tag === 'FETCH' ? `${tag} ${rowsCount}` : tag;
}
