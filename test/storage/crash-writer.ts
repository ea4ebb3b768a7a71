// Child process of the crash tests: writes numbered batches to a store, some in flight at once,
// and prints each number once its batch is acknowledged. Ends by being killed, or by a failed commit.
// Arguments: backend, directory, bytes of user state per batch.
import { writeSync } from 'node:fs';
import { openDurable } from './backends.ts';
import { lastBatch, writeBatch } from './crash-batch.ts';
import { OTHER_PARTITION, PARTITION } from './rows.ts';
import { openStore } from './stores.ts';

const [kind = '', directory = '', stateBytes = '0'] = process.argv.slice(2);
const backend = await openDurable(kind, directory);
const stores = [openStore(backend, PARTITION), openStore(backend, OTHER_PARTITION)];

const COMMITS_PER_TURN = 3;
function writeTurn(): void {
  for (let i = 0; i < COMMITS_PER_TURN; i++) {
    for (const store of stores) commitBatch(store, lastBatch(store) + 1);
  }
  setImmediate(writeTurn);
}

function commitBatch(store: (typeof stores)[number], number: number): void {
  writeBatch(store, number, Number(stateBytes));
  store.commit().then(
    () => writeSync(1, `${store.partition} ${number}\n`),
    (error: unknown) => {
      writeSync(1, `failed ${String(error)}: ${String(error instanceof Error && error.cause)}\n`);
      process.exit(0);
    },
  );
}

// The test that watches is gone.
process.stdin.on('end', () => process.exit(0)).resume();
writeTurn();
