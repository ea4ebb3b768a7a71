// Arrays in text form: `{a,"b c",NULL}`. Source: PostgreSQL 17, "Array Input and Output Syntax".
import { PostgresError } from './postgres-error.ts';

/** The items of an array of one dimension. Throws `PostgresError` for anything else. */
export function readArrayItems(text: string): Array<string | null> {
  const body = text.trim();
  if (!body.startsWith('{') || !body.endsWith('}')) throw malformed();
  if (body.slice(1, -1).trim() === '') return [];
  const items: Array<string | null> = [];
  let position = 1;
  while (position < body.length) {
    const { item, end } = readItem(body, position);
    items.push(item);
    position = end + 1;
    if (body[end] === '}') break;
  }
  if (position !== body.length || body[position - 1] !== '}') throw malformed();
  return items;
}

interface Item {
  readonly item: string | null;
  /** Position of the comma or brace behind it. */
  readonly end: number;
}

function readItem(body: string, from: number): Item {
  const start = skipSpace(body, from);
  return body[start] === '"' ? readQuoted(body, start + 1) : readPlain(body, start);
}

function readQuoted(body: string, start: number): Item {
  let item = '';
  let position = start;
  while (body[position] !== '"') {
    if (body[position] === '\\') position += 1;
    if (position >= body.length) throw malformed();
    item += body[position];
    position += 1;
  }
  const end = skipSpace(body, position + 1);
  if (body[end] !== ',' && body[end] !== '}') throw malformed();
  return { item, end };
}

function readPlain(body: string, start: number): Item {
  let item = '';
  let position = start;
  while (body[position] !== ',' && body[position] !== '}') {
    if (body[position] === '"' || body[position] === '{') throw malformed();
    if (body[position] === '\\') position += 1;
    if (position >= body.length) throw malformed();
    item += body[position];
    position += 1;
  }
  const text = item.trimEnd();
  if (text === '') throw malformed();
  return { item: text.toUpperCase() === 'NULL' ? null : text, end: position };
}

function skipSpace(body: string, from: number): number {
  let position = from;
  while (/\s/.test(body[position] ?? '')) position += 1;
  return position;
}

function malformed(): PostgresError {
  return new PostgresError('invalidText', 'malformed array literal');
}
