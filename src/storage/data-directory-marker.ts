// The file that says whose a data directory is and how it is laid out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DataDirectoryError } from './data-directory-error.ts';
import { writeFileFlushed } from './file-flush.ts';

export const MARKER_FILE = 'reprise.json';
export const MARKER_FILE_TEMPORARY = 'reprise.json.tmp';

/** Layout of a data directory; raised when an older version could not read what a newer one writes. */
export const FORMAT_VERSION = 2;

const PARTITIONS_COUNT_MAX = 65_535;

const MARKER = z.object({
  formatVersion: z.int().positive(),
  clusterName: z.string().min(1),
  /** Fixed for the life of the directory. */
  partitionsCount: z.int().min(1).max(PARTITIONS_COUNT_MAX),
  /** LMDB environments that the partitions share. Fixed as well. */
  environmentsCount: z.int().min(1).max(PARTITIONS_COUNT_MAX),
  /** RFC 3339, UTC. */
  createdAt: z.iso.datetime(),
  /** Every environment has been made: one that is missing is lost. */
  hasTables: z.boolean().optional(),
});

const VERSION_ONLY = z.object({ formatVersion: z.number() });

export type Marker = Readonly<z.infer<typeof MARKER>>;

/** The marker of a directory, `undefined` if it has none. */
export function readMarker(directory: string): Marker | undefined {
  const path = join(directory, MARKER_FILE);
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  const value = parseJson(text, path);
  refuseNewerFormat(value, directory);
  const parsed = MARKER.safeParse(value);
  if (!parsed.success) throw badMarker(path, z.prettifyError(parsed.error));
  return parsed.data;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badMarker(path, error instanceof Error ? error.message : String(error));
  }
}

/** Looked at first, since a newer format may have other fields. */
function refuseNewerFormat(value: unknown, directory: string): void {
  const version = VERSION_ONLY.safeParse(value);
  if (!version.success || version.data.formatVersion <= FORMAT_VERSION) return;
  throw new DataDirectoryError(
    'newerFormat',
    `data directory ${directory} has format ${version.data.formatVersion}, but this version of ` +
      `Reprise reads formats up to ${FORMAT_VERSION}: use a newer version`,
  );
}

function badMarker(path: string, why: string): DataDirectoryError {
  return new DataDirectoryError('badMarker', `failed to read the directory marker ${path}: ${why}`);
}

export function writeMarker(directory: string, marker: Marker): void {
  writeFileFlushed(
    join(directory, MARKER_FILE),
    join(directory, MARKER_FILE_TEMPORARY),
    `${JSON.stringify(marker, undefined, 2)}\n`,
  );
}
