// The data directory of one node, `<base-dir>/<node-name>/`. Opened before any socket is bound and
// before any store is opened, so that a second process on the same directory disturbs nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.ts';
import {
  FORMAT_VERSION,
  type Marker,
  MARKER_FILE,
  MARKER_FILE_TEMPORARY,
  readMarker,
  writeMarker,
} from './data-directory-marker.ts';
import { LOCK_FILE, lockDirectory } from './directory-lock.ts';
import { makeDirectoryFlushed } from './file-flush.ts';

/** The marker of a Restate server, whose storage Reprise cannot read. */
const FOREIGN_MARKER_FILE = '.cluster-marker';

export interface DataDirectoryOptions {
  /** Absolute. */
  readonly baseDir: string;
  readonly nodeName: string;
  /** Nobody chose the name. Data of a node with another name is then not left behind unnoticed. */
  readonly nodeNameIsDefault: boolean;
  readonly clusterName: string;
  /** For a new directory; an old one keeps its own. */
  readonly partitionsCount: number;
  /** For a new directory; an old one keeps its own. */
  readonly environmentsCount: number;
  readonly now: Date;
}

export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  readonly marker: Marker;
  /** The directory was made by this call. */
  readonly isNew: boolean;
  /** Lets another process have the directory. Call when every store in it is closed. */
  release(): void;
}

/** Makes or opens the directory and locks it. Throws `DataDirectoryError`. */
export function openDataDirectory(options: DataDirectoryOptions): DataDirectory {
  const path = join(options.baseDir, options.nodeName);
  try {
    if (options.nodeNameIsDefault) refuseOtherNodes(options.baseDir, options.nodeName);
    makeDirectoryFlushed(path);
    return lockAndRead(path, options);
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DataDirectoryError('notUsable', `failed to open data directory ${path}: ${why}`, {
      cause: error,
    });
  }
}

function lockAndRead(path: string, options: DataDirectoryOptions): DataDirectory {
  const lock = lockDirectory(path);
  try {
    const found = readMarker(path);
    if (found !== undefined) refuseOtherCluster(path, found, options.clusterName);
    const marker = found ?? makeMarker(path, options);
    return { path, marker, isNew: found === undefined, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function refuseOtherCluster(path: string, marker: Marker, clusterName: string): void {
  if (marker.clusterName === clusterName) return;
  throw new DataDirectoryError(
    'otherCluster',
    `trying to open data directory ${path} of cluster '${marker.clusterName}' as cluster '${clusterName}'`,
  );
}

function makeMarker(path: string, options: DataDirectoryOptions): Marker {
  refuseDataWithoutMarker(path);
  const marker: Marker = {
    formatVersion: FORMAT_VERSION,
    clusterName: options.clusterName,
    partitionsCount: options.partitionsCount,
    environmentsCount: options.environmentsCount,
    createdAt: options.now.toISOString(),
  };
  writeMarker(path, marker);
  return marker;
}

/** A new marker might say another number of partitions, and their invocations would not be found again. */
function refuseDataWithoutMarker(path: string): void {
  const entries = readdirSync(path);
  if (entries.includes(FOREIGN_MARKER_FILE)) {
    throw new DataDirectoryError(
      'foreignData',
      `data directory ${path} holds data of a Restate server, which Reprise cannot read: choose another base-dir or node-name`,
    );
  }
  const data = entries.find((name) => !isHarmless(name));
  if (data === undefined) return;
  throw new DataDirectoryError(
    'badMarker',
    `data directory ${path} is not empty ("${data}") but has no marker ${MARKER_FILE}: restore the marker or choose another directory`,
  );
}

/** What a crash before the first marker, the file system or a file manager leaves behind. */
function isHarmless(name: string): boolean {
  return [LOCK_FILE, MARKER_FILE_TEMPORARY, 'lost+found'].includes(name) || name.startsWith('.');
}

/** Source: seen on the reference server, which refuses the same constellations. */
function refuseOtherNodes(baseDir: string, nodeName: string): void {
  const nodes = nodesIn(baseDir);
  const [only, second] = nodes;
  if (only === undefined || (only === nodeName && second === undefined)) return;
  const found =
    second === undefined
      ? `contains data from node '${only}' but the default node name is '${nodeName}'`
      : `contains data from multiple nodes (${nodes.join(', ')})`;
  throw new DataDirectoryError(
    'nodeNameRequired',
    `[RT0002] invalid configuration: node-name is required: ${baseDir} ${found}`,
  );
}

/** Names of the nodes that have data in the base directory. */
export function nodesIn(baseDir: string): readonly string[] {
  if (!existsSync(baseDir)) return [];
  return readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasMarker(join(baseDir, entry.name)))
    .map((entry) => entry.name)
    .toSorted();
}

function hasMarker(directory: string): boolean {
  return [MARKER_FILE, FOREIGN_MARKER_FILE].some((file) => existsSync(join(directory, file)));
}
