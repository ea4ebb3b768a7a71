// Commits a large batch and ends in the same event-loop turn. Runs as a process or as a thread.
// Arguments: backend, directory, how to end.
import { openDurable } from './backends.ts';
import { lastBatch, LARGE_STATE_BYTES, writeBatch } from './crash-batch.ts';
import { openStore } from './stores.ts';

const [kind = '', directory = '', ending = 'exit'] = process.argv.slice(2);

const store = openStore(await openDurable(kind, directory));
writeBatch(store, lastBatch(store) + 1, LARGE_STATE_BYTES);
void store.commit();
setImmediate(() => {
  writeBatch(store, lastBatch(store) + 1, LARGE_STATE_BYTES);
  void store.commit();
  queueMicrotask(() => queueMicrotask(end));
});

function end(): void {
  if (ending === 'exit') process.exit(1);
  throw new Error('the writer ends as it was told to');
}
