// Every refusal that a Postgres client sees, with its SQLSTATE.
import type { QueryError, QueryErrorKind } from '../../actors/domain/query-error.ts';

/** Source: PostgreSQL 17, appendix "Error Codes". */
const SQL_STATES = {
  protocolViolation: '08P01',
  unsupported: '0A000',
  wrongEncoding: '22021',
  invalidText: '22P02',
  invalidBinary: '22P03',
  outOfRange: '22003',
  invalidParameterValue: '22023',
  transactionOpen: '25001',
  noTransaction: '25P01',
  transactionFailed: '25P02',
  unknownStatement: '26000',
  invalidAuthorization: '28000',
  invalidPassword: '28P01',
  unknownPortal: '34000',
  syntax: '42601',
  unknownSetting: '42704',
  duplicatePortal: '42P03',
  duplicateStatement: '42P05',
  tooManyConnections: '53300',
  limit: '54000',
  notPrepared: '55000',
  shutdown: '57P01',
  internal: 'XX000',
} as const;

export type PostgresErrorKind = keyof typeof SQL_STATES;

/** A refusal that the client sees. A fatal one ends the connection. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly sqlState: string;
  readonly isFatal: boolean;

  constructor(kind: PostgresErrorKind, message: string, { isFatal = false } = {}) {
    super(message);
    this.sqlState = SQL_STATES[kind];
    this.isFatal = isFatal;
  }
}

export function fatal(kind: PostgresErrorKind, message: string): PostgresError {
  return new PostgresError(kind, message, { isFatal: true });
}

/** The client is gone, or will not hear anything more. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
}

const QUERY_STATES: Readonly<Record<QueryErrorKind, string>> = {
  syntax: '42601',
  readOnly: '25006',
  unknownName: '42P01',
  unsupported: '0A000',
  invalidValue: '22000',
  timeout: '57014',
  cancelled: '57014',
  limit: '53000',
  unavailable: '57P03',
  internal: 'XX000',
};

/** SQLSTATE of a query's failure. */
export function sqlStateOf({ kind, message }: QueryError): string {
  if (kind === 'unknownName') {
    if (/\bfunction\b/i.test(message)) return '42883';
    if (/\btype with name\b/i.test(message)) return '42704';
    if (/\b(?:column|field)\b/i.test(message)) return '42703';
  }
  if (kind === 'invalidValue' && /divide by zero/i.test(message)) return '22012';
  return QUERY_STATES[kind];
}
