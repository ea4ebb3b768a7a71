// The durable backends, by the name that tests and their child processes know them by.
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import { openTables } from '../../src/storage/lmdb-backend.ts';
import { openLoggedBackend } from '../../src/storage/log/logged-backend.ts';

export const DURABLE_BACKENDS = ['lmdb', 'logged'] as const;
export type DurableBackend = (typeof DURABLE_BACKENDS)[number];

/** Log names tell apart writers that share the directory. */
export async function openDurable(
  kind: string,
  directory: string,
  logName = '0',
): Promise<KeyValueBackend> {
  const tables = openTables(directory);
  return kind === 'logged' ? openLoggedBackend({ tables, path: directory, name: logName }) : tables;
}
