// Takes the rows out of a chunk of DuckDB's, no more at once than memory has a use for.
import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { QueryBatch, QueryValue } from '../../actors/ports.ts';
import type { ResultColumn } from './result-columns.ts';

/** Texts and byte strings of a batch, the last row apart. Unit: characters and bytes. */
const BATCH_LENGTH_MAX = 4 * 1024 * 1024;

export class ChunkReader {
  readonly #chunk: DuckDBDataChunk;
  readonly #columns: readonly ResultColumn[];
  #row = 0;

  constructor(chunk: DuckDBDataChunk, columns: readonly ResultColumn[]) {
    this.#chunk = chunk;
    this.#columns = columns;
  }

  /** `undefined` at the end of the chunk. */
  next(): QueryBatch | undefined {
    const { rowCount } = this.#chunk;
    // The chunk at the end of a result has no columns, either.
    if (this.#row >= rowCount) return undefined;
    const columns = this.#columns.map(({ valueOf }, index) => {
      const values: QueryValue[] = [];
      return { values, valueOf, vector: this.#chunk.getColumnVector(index) };
    });
    let rowsCount = 0;
    for (let length = 0; this.#row < rowCount && length < BATCH_LENGTH_MAX; this.#row += 1) {
      for (const { values, valueOf, vector } of columns) {
        const value = valueOf(vector.getItem(this.#row));
        values.push(value);
        if (typeof value === 'string' || value instanceof Uint8Array) length += value.length;
      }
      rowsCount += 1;
    }
    return { rowsCount, columns: columns.map(({ values }) => values) };
  }
}
