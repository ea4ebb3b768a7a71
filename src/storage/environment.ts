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

/**
 * Opens or makes the environment in a directory. lmdb-js dies of a damaged file: see `readTablesHead`.
 * `mapBytes` is for tests of the map's growth.
 */
export function openEnvironment(directory: string, mapBytes = INITIAL_MAP_BYTES): Environment {
  return open<Uint8Array, Buffer>({
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    // A commit is then flushed before its promise resolves.
    overlappingSync: false,
    // Writes are batched by `LmdbBackend`. lmdb-js would keep a transaction open until the end of the
    // event-loop turn, with its writer thread waiting inside: a thread that ended in that turn would
    // leave the writer waiting for ever, and with it the process or the thread's successor.
    eventTurnBatching: false,
    mapSize: mapBytes,
    maxReaders: READERS_MAX,
  });
}
