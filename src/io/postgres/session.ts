// The conversation with one client after its startup packet.
//   S1. Messages are answered in their order, each one before the next is looked at.
//   S2. After an error of the extended query protocol everything up to the next Sync is skipped.
//   S3. An error ends every query of the session, except those of cursors that outlive transactions.
import { unreachable } from '../../actors/domain/assert.ts';
import { QueryError } from '../../actors/domain/query-error.ts';
import type { Logger } from '../log.ts';
import { writeBare, writeReadyForQuery, writeReport } from './backend-message.ts';
import { executeWithDescription } from './execute.ts';
import { bind, close, describe, executePortal, parse } from './extended-query.ts';
import {
  isExtendedQuery,
  isSync,
  isTerminate,
  readFrontendMessage,
  type FrontendMessage,
} from './frontend-message.ts';
import { Portal } from './portal.ts';
import { ConnectionClosedError, PostgresError, sqlStateOf } from './postgres-error.ts';
import type { SessionState } from './session-state.ts';
import { readStatement } from './statement.ts';
import { statementsOf } from './statements.ts';

export class Session {
  readonly #state: SessionState;
  readonly #log: Logger;
  #isSkipping = false;

  constructor(state: SessionState, log: Logger) {
    this.#state = state;
    this.#log = log;
  }

  /** Resolves once the message is answered: whether there may be another. */
  async handle(type: number, body: Buffer): Promise<'goOn' | 'end'> {
    if (isTerminate(type)) return 'end';
    // Keeps S2.
    if (this.#isSkipping && !isSync(type)) return 'goOn';
    try {
      await this.#answer(readFrontendMessage(type, body));
      return 'goOn';
    } catch (error) {
      if (error instanceof ConnectionClosedError) return 'end';
      return this.#fail(error, type);
    }
  }

  /** Ends the query that runs. */
  cancel(): void {
    this.#state.cancel();
  }

  /** Ends every query, because the client is gone. */
  abort(): void {
    this.#state.abort();
  }

  /** Lets go of everything. Call when no message is being answered. */
  end(): Promise<void> {
    return this.#state.closePortals({ all: true });
  }

  async #answer(message: FrontendMessage): Promise<void> {
    const state = this.#state;
    switch (message.kind) {
      case 'query':
        return this.#simpleQuery(message.sql);
      case 'parse':
        return parse(state, message);
      case 'bind':
        return bind(state, message);
      case 'describe':
        return describe(state, message.target, message.name);
      case 'execute':
        return executePortal(state, message.portal, message.rowsMax);
      case 'close':
        return close(state, message.target, message.name);
      case 'sync':
        this.#isSkipping = false;
        return this.#becomeReady();
      case 'flush':
        return state.out.flush();
      case 'functionCall':
        throw new PostgresError('unsupported', 'function calls are not supported');
      case 'copy':
      case 'terminate':
        return;
      default:
        unreachable(message);
    }
  }

  async #simpleQuery(text: string): Promise<void> {
    const state = this.#state;
    state.removeStatement('');
    await state.closePortal('');
    let isEmpty = true;
    for (const sql of statementsOf(text)) {
      isEmpty = false;
      await this.#runOne(sql);
    }
    if (isEmpty) writeBare(state.out.writer, 'emptyQuery');
    await this.#becomeReady();
  }

  async #runOne(sql: string): Promise<void> {
    const statement = readStatement(sql);
    this.#state.checkMayRun(statement);
    const portal = new Portal({ statement, parameters: [], resultFormats: [] });
    try {
      await executeWithDescription(this.#state, portal);
    } finally {
      await portal.close();
    }
  }

  async #becomeReady(): Promise<void> {
    const { out, transaction } = this.#state;
    if (transaction === 'idle') await this.#state.closePortals();
    writeReadyForQuery(out.writer, transaction);
    await out.flush();
  }

  async #fail(error: unknown, type: number): Promise<'goOn' | 'end'> {
    const isFatal = error instanceof PostgresError && error.isFatal;
    const { out } = this.#state;
    const report = { severity: isFatal ? 'FATAL' : 'ERROR', ...this.#reportOf(error) } as const;
    try {
      out.writer.dropOpenMessage();
      await this.#state.fail();
      writeReport(out.writer, report);
      this.#isSkipping = isExtendedQuery(type);
      if (!this.#isSkipping && !isFatal)
        return await this.#becomeReady().then(() => 'goOn' as const);
      await out.flush();
    } catch (failure) {
      if (failure instanceof ConnectionClosedError) return 'end';
      throw failure;
    }
    return isFatal ? 'end' : 'goOn';
  }

  #reportOf(error: unknown): { readonly sqlState: string; readonly message: string } {
    if (error instanceof PostgresError) return { sqlState: error.sqlState, message: error.message };
    if (error instanceof QueryError) return { sqlState: sqlStateOf(error), message: error.message };
    this.#log.error('a statement failed in an unexpected way', { error });
    return { sqlState: 'XX000', message: 'internal error' };
  }
}
