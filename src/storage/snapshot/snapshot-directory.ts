// A data directory that is being made as a copy of another one. It lies under another name, and has no
// marker, until everything in it is flushed: half a snapshot can neither be taken for one nor started on.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../../actors/domain/snapshot-error.ts';
import { type Marker, writeMarker } from '../data-directory-marker.ts';
import { flushDirectory, makeDirectoryFlushed } from '../file-flush.ts';
import { copyFileFlushed, type CopiedFile } from './copy-file.ts';

/** A file to be copied; `target` is its place in the data directory. */
export type SnapshotFile = CopiedFile;

export interface SnapshotDirectory {
  /** Absolute path of the snapshot. */
  readonly path: string;
  /** Copies the files and makes the snapshot complete. Returns its size in bytes. */
  complete(marker: Marker, files: readonly SnapshotFile[]): Promise<number>;
  /** Removes what is there of an incomplete snapshot. Does nothing otherwise. */
  discard(): void;
}

/** Begins a snapshot at `<parent>/<nodeName>`, where a server with `parent` as `base-dir` looks. */
export function makeSnapshotDirectory(parent: string, nodeName: string): SnapshotDirectory {
  const path = join(parent, nodeName);
  if (existsSync(path)) {
    throw new SnapshotError('targetExists', `there is something at ${path} already`);
  }
  const partial = `${path}.partial`;
  const discard = (): void => rmSync(partial, { recursive: true, force: true });
  tellTarget(path, () => {
    discard();
    makeDirectoryFlushed(partial);
  });
  return {
    path,
    discard,
    complete: async (marker, files) => {
      const bytes = await copyAll(path, partial, files);
      tellTarget(path, () => {
        writeMarker(partial, marker);
        renameSync(partial, path);
        flushDirectory(dirname(path));
      });
      return bytes;
    },
  };
}

async function copyAll(
  path: string,
  partial: string,
  files: readonly SnapshotFile[],
): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    const target = join(partial, file.target);
    const directory = dirname(target);
    try {
      mkdirSync(directory, { recursive: true });
      bytes += await copyFileFlushed({ ...file, target });
      flushDirectory(directory);
    } catch (error) {
      throw error instanceof SnapshotError ? error : unwritable(path, error);
    }
  }
  flushDirectory(partial);
  return bytes;
}

function tellTarget(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): SnapshotError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SnapshotError('targetUnwritable', `failed to write the snapshot ${path}: ${why}`, {
    cause,
  });
}
