// Postgres' syntax that the engine's parser does not take.
import { tokensOf, type Token } from '../sql-lexer.ts';

const SCHEMA = /(?:\bpg_catalog|"pg_catalog")\s*\.\s*/gi;
const OPERATOR = /\boperator\s*\(\s*([^\w\s()]+)\s*\)/gi;
const DEFAULT_COLLATION = /\bcollate\s+(?:"default"|default\b)/gi;

/**
 * Leaves out the schema `pg_catalog`, whose tables, functions, operators and types the engine finds
 * without it: with it, it does not know types that are words of its grammar, and no operators.
 */
export function toEngineSql(sql: string): string {
  if (!/pg_catalog/i.test(sql)) return sql;
  const parts: string[] = [];
  let codeStart = 0;
  for (const token of tokensOf(sql)) {
    if (!isVerbatim(sql, token)) continue;
    parts.push(translate(sql.slice(codeStart, token.start)), sql.slice(token.start, token.end));
    codeStart = token.end;
  }
  return [...parts, translate(sql.slice(codeStart))].join('');
}

/** Strings and comments. */
function isVerbatim(sql: string, { kind, start }: Token): boolean {
  return kind === 'string' || (kind === 'space' && /[-/]/.test(sql[start] ?? ''));
}

function translate(code: string): string {
  return code.replaceAll(SCHEMA, '').replaceAll(OPERATOR, ' $1 ').replaceAll(DEFAULT_COLLATION, '');
}
