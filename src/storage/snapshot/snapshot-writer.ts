import { relative } from 'node:path';
import type { SnapshotWriter } from '../../actors/snapshot-ports.ts';
import type { DataDirectory } from '../data-directory.ts';
import { makeSnapshotDirectory } from './snapshot-directory.ts';

/** Copies a data directory that is in use, from pins of its tables. */
export function createSnapshotWriter(
  { path, marker }: DataDirectory,
  nodeName: string,
): SnapshotWriter {
  return {
    begin: (parent) => {
      const snapshot = makeSnapshotDirectory(parent, nodeName);
      return {
        path: snapshot.path,
        discard: () => snapshot.discard(),
        complete: (pins, check) =>
          snapshot.complete(
            marker,
            pins.map((pin) => ({
              source: pin.path,
              target: relative(path, pin.path),
              bytes: pin.bytes,
              head: pin.head,
              check,
            })),
          ),
      };
    },
  };
}
