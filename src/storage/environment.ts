// One LMDB environment: a directory with the rows of all partitions. Threads of one process may each
// open the same directory; lmdb-js shares the mapped file between them and lets one write at a time.
import { open, type RootDatabase } from 'lmdb';

export type Environment = RootDatabase<Uint8Array, Buffer>;

/**
 * Address space mapped at first. The map grows by itself; a growth keeps the old map until the process
 * ends, so it should be rare. Unit: bytes. No memory and no disk is taken before it is used.
 */
const INITIAL_MAP_BYTES = 1024 ** 3;

/** Read transactions at once, over all threads. A thread uses one, plus one per open iteration. */
const READERS_MAX = 512;

/** Opens or makes the environment in a directory. */
export function openEnvironment(directory: string): Environment {
  return open<Uint8Array, Buffer>({
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    // A commit is then flushed before its promise resolves, and the batches of one flush gather in the
    // next: the lowest latency under load. Measured in the reference document on performance, 3.3.
    overlappingSync: false,
    eventTurnBatching: true,
    mapSize: INITIAL_MAP_BYTES,
    maxReaders: READERS_MAX,
  });
}
