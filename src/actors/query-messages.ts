// What the main thread and the query thread tell each other. Plain, cloneable data.
import type { AttemptStatus } from './domain/attempt-status.ts';
import type { QueryErrorKind } from './domain/query-error.ts';
import type { Schema } from './domain/schema.ts';
import type { DurationMs } from './domain/time.ts';
import type { SnapshotNeeds } from './messages.ts';
import type { QueryBatch, QueryColumn, QueryDescription, QueryValue } from './ports.ts';

/** In what form rows are wanted. */
export type QueryOutput = 'values' | 'json' | 'arrow';

/** A piece of a result: rows, or bytes of the encoded document. */
export type QueryPiece = QueryBatch | Uint8Array;

export interface QueryPart {
  /** None only at the end. */
  readonly piece: QueryPiece | undefined;
  /** Nothing more has to be asked for. */
  readonly isLast: boolean;
}

export interface StartQuery {
  readonly sql: string;
  readonly output: QueryOutput;
  readonly parameters?: readonly QueryValue[] | undefined;
  readonly timeoutMs?: DurationMs | undefined;
  readonly maxRows?: number | undefined;
}

export type ToQueryThread =
  | { readonly kind: 'start'; readonly queryId: number; readonly query: StartQuery }
  | { readonly kind: 'describe'; readonly queryId: number; readonly sql: string }
  /** Wants one more piece. */
  | { readonly kind: 'next'; readonly queryId: number }
  /** Wants no more, or never wanted any. */
  | { readonly kind: 'cancel'; readonly queryId: number }
  | { readonly kind: 'schema'; readonly schema: Schema }
  | {
      readonly kind: 'settled';
      readonly requestId: number;
      readonly statuses: readonly AttemptStatus[];
    }
  /** Snapshots may lack what is flushed. */
  | { readonly kind: 'notSettled'; readonly requestId: number; readonly message: string }
  | { readonly kind: 'close' };

export type FromQueryThread =
  | (QueryPart & {
      readonly kind: 'started';
      readonly queryId: number;
      readonly columns: readonly QueryColumn[];
    })
  | {
      readonly kind: 'described';
      readonly queryId: number;
      readonly description: QueryDescription;
    }
  | (QueryPart & { readonly kind: 'continued'; readonly queryId: number })
  | {
      readonly kind: 'failed';
      readonly queryId: number;
      readonly errorKind: QueryErrorKind;
      readonly message: string;
    }
  /** The query is about to take its snapshot. */
  | { readonly kind: 'settle'; readonly requestId: number; readonly needs: SnapshotNeeds };
