import type { QueryValue } from '../../actors/ports.ts';
import { POSTGRES_TYPES, type PostgresTypeName } from '../postgres-types.ts';
import { PostgresError } from './postgres-error.ts';

/** Longer ones are refused. Unit: characters. */
const NUMBER_LENGTH_MAX = 1000;

/** Digits that a double keeps. */
const DOUBLE_DIGITS = 15;

/** Exact as far as a query's values can be; texts stand for the other numbers. */
export function numberOf(text: string, type: PostgresTypeName): QueryValue {
  if (text === 'NaN') return text;
  const isNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4})?$/i.test(text);
  if (!isNumber || text.length > NUMBER_LENGTH_MAX) throw invalidText(text, type);
  if (/^[+-]?\d{1,18}$/.test(text)) return BigInt(text.replace('+', ''));
  if (type !== 'numeric') return Number(text);
  const significant = text.replaceAll(/\D/g, '').replace(/^0+/, '');
  return significant.length > DOUBLE_DIGITS ? text : Number(text);
}

export function invalidText(text: string, type: PostgresTypeName): PostgresError {
  const { name } = POSTGRES_TYPES[type];
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return new PostgresError('invalidText', `invalid input syntax for type ${name}: "${shown}"`);
}
