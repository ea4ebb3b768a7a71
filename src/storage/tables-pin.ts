// A state of an LMDB environment that stays in its file while writing goes on, so that the file can be
// copied meanwhile.
//   N1. LMDB never writes over a page that an open read transaction may need; the transaction is held
//       until the pin is released.
//   N2. The first two pages, which say where the others are, do change. They are read here, while
//       nothing writes.
// LMDB's own copy would begin its transaction in a queue of libuv, some time after it was asked to.
import type { HeldPin } from '../actors/snapshot-ports.ts';
import { tablesFile } from './data-directory-layout.ts';
import type { Environment } from './environment.ts';
import { readTablesHead } from './tables-head.ts';

/** Nothing may write to the environment, from any thread, until this returns. */
export function pinTables(environment: Environment, directory: string): HeldPin {
  environment.resetReadTxn();
  const transaction = environment.useReadTransaction(); // Keeps N1.
  try {
    const path = tablesFile(directory);
    const { bytes: head, end, fileBytes } = readTablesHead(path); // Keeps N2.
    const pin = { path, head, bytes: Math.min(end, fileBytes) };
    return { pin, release: () => transaction.done() };
  } catch (error) {
    transaction.done();
    throw error;
  }
}
