// Bringing to the tables what a process flushed to its log and did not live to bring there.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { DataDirectoryError } from '../data-directory-error.ts';
import { flushDirectory } from '../file-flush.ts';
import type { KeyValueBackend, Write } from '../key-value-backend.ts';
import { logNamesIn, segmentPaths } from './log-files.ts';
import { decodeRecord, type LogRecord, RECORD_ALIGNMENT } from './record.ts';

/** Writes the records of a log to the tables, then removes its files. May be repeated after a crash. */
export async function recoverLog(
  environmentPath: string,
  name: string,
  tables: KeyValueBackend,
): Promise<void> {
  const paths = segmentPaths(environmentPath, name).filter((path) => existsSync(path));
  const segments = paths.map(readSegment).sort((a, b) => firstSequence(a) - firstSequence(b));
  const records = segments.flatMap((segment) => segment.records);
  refuseDamage(segments, records);
  const writes = lastWrites(records);
  if (writes.length > 0) await tables.commit(writes);
  removeInOrder(
    environmentPath,
    segments.map(({ path }) => path),
  );
}

interface ReadSegment {
  readonly path: string;
  readonly bytes: Buffer;
  readonly records: readonly LogRecord[];
  /** Where no further record was readable. */
  readonly end: number;
}

function readSegment(path: string): ReadSegment {
  const bytes = readFileSync(path);
  const records: LogRecord[] = [];
  let end = 0;
  for (;;) {
    const record = decodeRecord(bytes, end);
    const previous = records.at(-1);
    if (record === undefined) break;
    if (previous !== undefined && record.sequence !== previous.sequence + 1) break;
    records.push(record);
    end = record.end;
  }
  return { path, bytes, records, end };
}

/**
 * Only the last record can be torn: each is flushed before the next is written. Anything else that is
 * missing had been acknowledged, and the disk lost it.
 */
function refuseDamage(segments: readonly ReadSegment[], records: readonly LogRecord[]): void {
  for (const [index, { sequence }] of records.entries()) {
    const previous = records[index - 1]?.sequence;
    if (previous === undefined || sequence === previous + 1) continue;
    const paths = segments.map(({ path }) => path).join(', ');
    throw damaged(paths, `record ${previous + 1} is missing`);
  }
  const last = records.at(-1)?.sequence ?? 0;
  for (const segment of segments) refuseLaterRecord(segment, last);
}

/** Behind the end lie zeros and what an earlier use of the file left there. */
function refuseLaterRecord({ path, bytes, end }: ReadSegment, last: number): void {
  for (let offset = end; offset < bytes.length; offset += RECORD_ALIGNMENT) {
    const record = decodeRecord(bytes, offset);
    if (record === undefined || record.sequence <= last) continue;
    throw damaged(path, `record ${last + 1} at byte ${end} is unreadable`);
  }
}

/** The older first: without the newer its writes would be taken for the last ones. */
function removeInOrder(directory: string, paths: readonly string[]): void {
  for (const path of paths) {
    rmSync(path);
    flushDirectory(directory);
  }
}

/** Recovers every log in an environment's directory, whatever threads wrote them. */
export async function recoverLogs(
  environmentPath: string,
  openTables: () => KeyValueBackend,
): Promise<void> {
  const names = logNamesIn(environmentPath);
  if (names.length === 0) return;
  const tables = openTables();
  for (const name of names) await recoverLog(environmentPath, name, tables);
  await tables.close();
}

/** The last write of each key: the others would only be overwritten. */
function lastWrites(records: readonly LogRecord[]): readonly Write[] {
  const writes = new Map<string, Write>();
  for (const record of records) {
    for (const write of record.writes) writes.set(write.key.toString('latin1'), write);
  }
  return [...writes.values()];
}

function firstSequence({ records }: ReadSegment): number {
  return records[0]?.sequence ?? 0;
}

function damaged(path: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    'damagedLog',
    `the log ${path} is damaged: ${what}, although later records are there. Restore the data directory from a backup`,
  );
}
