// Files and directories made so that a power failure cannot take them back.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a directory with its parents; what was made is flushed. */
export function makeDirectoryFlushed(path: string): void {
  const firstMade = mkdirSync(path, { recursive: true });
  if (firstMade === undefined) return;
  const top = dirname(firstMade);
  let directory = path;
  do {
    directory = dirname(directory);
    flushDirectory(directory);
  } while (directory !== top);
}

/** Writes a file whole or not at all. `temporary` lies in the same directory and is replaced. */
export function writeFileFlushed(path: string, temporary: string, text: string): void {
  const file = openSync(temporary, 'w');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  flushDirectory(dirname(path));
}

/** Makes the entries of a directory durable: files made, renamed, removed. */
export function flushDirectory(directory: string): void {
  // Windows cannot open a directory as a file; its file system journals renames by itself.
  if (process.platform !== 'win32') flush(directory, 'r');
}

/** Makes what others wrote to a file durable. */
export function flushFile(path: string): void {
  flush(path, 'r+');
}

function flush(path: string, flags: string): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
