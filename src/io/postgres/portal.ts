import type { QueryColumn, QueryValue } from '../../actors/ports.ts';
import type { ValueFormat } from './frontend-message.ts';
import type { RowCursor } from './row-cursor.ts';
import type { RowsTag, Statement } from './statement.ts';

/** What running a statement came to. */
export type Outcome =
  | { readonly kind: 'empty' }
  | { readonly kind: 'done'; readonly tag: string }
  | { readonly kind: 'rows'; readonly rows: RowCursor; readonly tag: RowsTag };

export interface PortalOptions {
  readonly statement: Statement;
  readonly parameters: readonly QueryValue[];
  readonly resultFormats: readonly ValueFormat[];
  /** What the client was told, if it was: rows come in these types. */
  readonly columns?: readonly QueryColumn[] | undefined;
  /** Outlives its transaction. Default: false. */
  readonly isHeld?: boolean | undefined;
}

/** A statement with its parameters, on its way from its first row to its last. */
export class Portal {
  readonly statement: Statement;
  readonly parameters: readonly QueryValue[];
  readonly resultFormats: readonly ValueFormat[];
  readonly columns: readonly QueryColumn[] | undefined;
  readonly isHeld: boolean;
  readonly #controller = new AbortController();
  #outcome: Outcome | undefined;
  #source: Portal | undefined;

  constructor(options: PortalOptions) {
    this.statement = options.statement;
    this.parameters = options.parameters;
    this.resultFormats = options.resultFormats;
    this.columns = options.columns;
    this.isHeld = options.isHeld ?? false;
  }

  /** Aborted when the query is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Runs the statement, unless that has been done. */
  async open(run: () => Promise<Outcome>): Promise<Outcome> {
    this.#outcome ??= await run();
    return this.#outcome;
  }

  /** The rows are those of `source`: whoever cancels one means both. */
  readFrom(source: Portal): void {
    this.#source = source;
  }

  cancel(): void {
    this.#controller.abort();
    this.#source?.cancel();
  }

  /** Lets go of the query. Call when nobody reads its rows. */
  async close(): Promise<void> {
    this.#controller.abort();
    if (this.#outcome?.kind === 'rows') await this.#outcome.rows.close();
  }
}
