/** Why a query has no result, or no further batch. */
export type QueryErrorKind =
  | 'syntax'
  /** It would change something. */
  | 'readOnly'
  | 'unknownName'
  | 'unsupported'
  /** Values it cannot compute with. */
  | 'invalidValue'
  | 'timeout'
  | 'cancelled'
  /** More memory, rows or queries at once than the server allows. */
  | 'limit'
  /** The server starts or stops, or its query thread was lost. */
  | 'unavailable'
  | 'internal';

export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly kind: QueryErrorKind;

  constructor(kind: QueryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
