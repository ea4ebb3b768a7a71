// Where things lie in a data directory, beside its marker and its lock.
import { join } from 'node:path';

/** One LMDB environment with the schema. */
export const SCHEMA_DIRECTORY = 'schema';

/** What LMDB calls its file in the directory of an environment. */
export const TABLES_FILE = 'data.mdb';

/** LMDB environments with the rows and the logs of partitions; partition p lives in p modulo their number. */
export function partitionDirectories(environmentsCount: number): readonly string[] {
  return Array.from({ length: environmentsCount }, (_, index) => `partitions-${index}`);
}

export function tablesFile(environmentPath: string): string {
  return join(environmentPath, TABLES_FILE);
}
