// What is under every partition store: ordered binary keys, and one door to durability.

/**
 * What is known of a row that is put. `new`: no batch before has the row. `once`: its value never
 * changes, whatever else may happen to the row.
 */
export type RowLife = 'new' | 'once';

/** One row of a batch; an absent value deletes the key. */
export interface Write {
  readonly key: Buffer;
  readonly value: Uint8Array | undefined;
  /** Lets a backend save work; it may be left out. */
  readonly life?: RowLife | undefined;
}

/** Keys from `start` (inclusive) to `end` (exclusive), in byte order. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** Reads see every batch that is applied, and may see others that are committed. */
export interface KeyValueBackend {
  /** The value belongs to the caller. */
  get(key: Buffer): Buffer | undefined;
  /** A snapshot of the range, read as far as the caller consumes it within this turn. */
  range(range: KeyRange): Iterable<readonly [key: Buffer, value: Buffer]>;
  keys(range: KeyRange): Iterable<Buffer>;
  /**
   * Applies the writes as one atomic batch, in their order. Resolves once the batch is flushed
   * to disk; batches are flushed in the order of the calls. Rejects when it may not be durable.
   * `onApplied` is called when reads see the batch, before or after that. Keys and values must not
   * change any more.
   */
  commit(writes: readonly Write[], onApplied?: () => void): Promise<void>;
  /** Resolves once reads, also those of other threads, see every batch committed so far, or rejects. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
