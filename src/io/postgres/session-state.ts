// What one session knows: its settings, its transaction, its prepared statements, its portals.
import type { QueryEngine } from '../../actors/ports.ts';
import { writeReport, type TransactionStatus } from './backend-message.ts';
import type { Output } from './output.ts';
import { Portal, type PortalOptions } from './portal.ts';
import { PostgresError } from './postgres-error.ts';
import type { Settings } from './settings.ts';
import type { PreparedStatement, Statement } from './statement.ts';

/** What the prepared statements of one session may take. Unit: bytes. */
const STATEMENTS_BYTES_MAX = 16 * 1024 * 1024;

/** What a statement takes besides its text. Unit: bytes. */
const STATEMENT_BYTES = 500;

const PORTALS_MAX = 1000;

export interface SessionOptions {
  readonly engine: QueryEngine;
  readonly out: Output;
  readonly settings: Settings;
}

export class SessionState {
  readonly engine: QueryEngine;
  readonly out: Output;
  readonly settings: Settings;
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #portals = new Map<string, Portal>();
  #transaction: TransactionStatus = 'idle';
  #statementsBytes = 0;
  #running: Portal | undefined;

  constructor({ engine, out, settings }: SessionOptions) {
    this.engine = engine;
    this.out = out;
    this.settings = settings;
  }

  get transaction(): TransactionStatus {
    return this.#transaction;
  }

  get portals(): ReadonlyMap<string, Portal> {
    return this.#portals;
  }

  beginTransaction(): void {
    if (this.#transaction === 'idle') this.#transaction = 'open';
    else this.warn('25001', 'there is already a transaction in progress');
  }

  /** Ends the transaction and says how it ended: one that failed cannot be committed. */
  async endTransaction(): Promise<'committed' | 'rolledBack'> {
    const before = this.#transaction;
    if (before === 'idle') this.warn('25P01', 'there is no transaction in progress');
    this.#transaction = 'idle';
    this.settings.endTransaction();
    await this.closePortals();
    return before === 'failed' ? 'rolledBack' : 'committed';
  }

  /** Makes a failed transaction usable again. */
  rollBackToSavepoint(): void {
    this.#expectTransaction('ROLLBACK TO SAVEPOINT');
    this.#transaction = 'open';
  }

  expectOpenTransaction(command: string): void {
    this.#expectTransaction(command);
  }

  #expectTransaction(command: string): void {
    if (this.#transaction !== 'idle') return;
    throw new PostgresError('noTransaction', `${command} can only be used in transaction blocks`);
  }

  /** After an error: nothing that was under way goes on. */
  async fail(): Promise<void> {
    if (this.#transaction === 'open') this.#transaction = 'failed';
    await this.closePortals();
  }

  /** Throws `PostgresError` when only the end of the transaction may come next. */
  checkMayRun(statement: Statement): void {
    if (this.#transaction !== 'failed' || statement.kind === 'empty') return;
    const { command } = statement.kind === 'command' ? statement : { command: undefined };
    const ends = ['commit', 'rollback', 'rollbackTo'];
    if (command !== undefined && ends.includes(command.kind)) return;
    const message =
      'current transaction is aborted, commands ignored until end of transaction block';
    throw new PostgresError('transactionFailed', message);
  }

  addStatement(name: string, prepared: PreparedStatement): void {
    if (name === '') this.removeStatement(name);
    if (this.#statements.has(name)) {
      const message = `prepared statement "${name}" already exists`;
      throw new PostgresError('duplicateStatement', message);
    }
    const bytes = this.#statementsBytes + sizeOf(name, prepared);
    if (bytes > STATEMENTS_BYTES_MAX) {
      throw new PostgresError('limit', 'the prepared statements of the session are too large');
    }
    this.#statementsBytes = bytes;
    this.#statements.set(name, prepared);
  }

  statement(name: string): PreparedStatement {
    const found = this.#statements.get(name);
    if (found !== undefined) return found;
    const shown = name === '' ? 'unnamed prepared statement' : `prepared statement "${name}"`;
    throw new PostgresError('unknownStatement', `${shown} does not exist`);
  }

  /** Whether there was one. */
  removeStatement(name: string): boolean {
    const found = this.#statements.get(name);
    if (found === undefined) return false;
    this.#statementsBytes -= sizeOf(name, found);
    return this.#statements.delete(name);
  }

  removeStatements(): void {
    this.#statements.clear();
    this.#statementsBytes = 0;
  }

  async addPortal(name: string, options: PortalOptions): Promise<Portal> {
    if (name === '') await this.closePortal(name);
    if (this.#portals.has(name)) {
      throw new PostgresError('duplicatePortal', `cursor "${name}" already exists`);
    }
    if (this.#portals.size >= PORTALS_MAX) throw new PostgresError('limit', 'too many portals');
    const portal = new Portal(options);
    this.#portals.set(name, portal);
    return portal;
  }

  portal(name: string, what: 'portal' | 'cursor' = 'portal'): Portal {
    const found = this.#portals.get(name);
    if (found !== undefined) return found;
    throw new PostgresError('unknownPortal', `${what} "${name}" does not exist`);
  }

  /** Whether there was one. */
  async closePortal(name: string): Promise<boolean> {
    const found = this.#portals.get(name);
    this.#portals.delete(name);
    await found?.close();
    return found !== undefined;
  }

  /** Those that outlive a transaction stay, unless `all` is wanted. */
  async closePortals({ all = false } = {}): Promise<void> {
    const names = [...this.#portals].filter(([, { isHeld }]) => all || !isHeld);
    for (const [name] of names) await this.closePortal(name);
  }

  /** Does the work of a portal, which `cancel` ends meanwhile. */
  async during<T>(portal: Portal, work: () => Promise<T>): Promise<T> {
    this.#running = portal;
    try {
      return await work();
    } finally {
      this.#running = undefined;
    }
  }

  /** Ends the query that runs, if one does. */
  cancel(): void {
    this.#running?.cancel();
  }

  /** Ends every query, because there is nobody left to hear of it. */
  abort(): void {
    for (const portal of this.#portals.values()) portal.cancel();
    this.cancel();
  }

  warn(sqlState: string, message: string): void {
    writeReport(this.out.writer, { severity: 'WARNING', sqlState, message });
  }
}

function sizeOf(name: string, { bytes }: PreparedStatement): number {
  return STATEMENT_BYTES + 2 * name.length + bytes;
}
