import type { Outcome, Portal } from './portal.ts';
import { RowCursor } from './row-cursor.ts';
import type { SessionState } from './session-state.ts';
import type { Statement } from './statement.ts';

/** Begins the query of a portal; rows are made as they are read. */
export function openQuery(
  { engine, settings }: SessionState,
  portal: Portal,
  { sql, tag }: Statement & { readonly kind: 'query' },
): Promise<Outcome> {
  return portal.open(async () => {
    const { parameters, signal } = portal;
    const timeoutMs = settings.statementTimeoutMs();
    const result = await engine.query(sql, { parameters, signal, timeoutMs });
    return { kind: 'rows', rows: new RowCursor(result), tag };
  });
}
