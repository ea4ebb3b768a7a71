// From the text of a query message to its statements.
import { tokensOf } from '../sql-lexer.ts';

/** The statements between the semicolons, without those that are empty. */
export function* statementsOf(sql: string): Generator<string> {
  let start = 0;
  let hasContent = false;
  for (const token of tokensOf(sql)) {
    if (token.kind === 'symbol' && sql[token.start] === ';') {
      if (hasContent) yield sql.slice(start, token.start).trim();
      start = token.end;
      hasContent = false;
    } else if (token.kind !== 'space') {
      hasContent = true;
    }
  }
  if (hasContent) yield sql.slice(start).trim();
}
