// Exclusive use of a directory, by a lock on a file in it. The kernel drops the lock when the process
// ends, however it ends, so a crash leaves nothing to clean up. The file itself stays.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { DataDirectoryError } from './data-directory-error.ts';

export const LOCK_FILE = 'reprise.lock';

export interface DirectoryLock {
  /** Does nothing the second time. */
  release(): void;
}

/** Throws a `locked` error when another process, or another part of this one, holds the lock. */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, LOCK_FILE);
  // Opened for appending, because a refused process must leave the holder's id in the file.
  const file = openSync(path, 'a+');
  try {
    if (!tryLock(file)) throw refuseLock(directory, path);
    ftruncateSync(file);
    writeSync(file, `${process.pid}\n`);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) closeSync(file);
      isHeld = false;
    },
  };
}

function refuseLock(directory: string, lockFile: string): DataDirectoryError {
  const holder = readFileSync(lockFile, 'utf8').trim();
  const by = holder === '' ? 'another process' : `another process (id ${holder})`;
  return new DataDirectoryError('locked', `data directory ${directory} is in use by ${by}`);
}
