import { openQuery } from './open-query.ts';
import type { Outcome, Portal } from './portal.ts';
import { runCommand } from './run-command.ts';
import type { SessionState } from './session-state.ts';

/** Runs what a portal stands for, unless that has been done. Rows are made as they are read. */
export function runStatement(state: SessionState, portal: Portal): Promise<Outcome> {
  const { statement } = portal;
  switch (statement.kind) {
    case 'empty':
      return portal.open(() => Promise.resolve({ kind: 'empty' }));
    case 'command':
      return portal.open(() => runCommand(state, statement.command, portal));
    case 'query':
      return openQuery(state, portal, statement);
  }
}
