import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'log-';
const SEGMENTS = ['.0', '.1'] as const;

/** The two files of the log with this name. */
export function segmentPaths(environmentPath: string, name: string): readonly [string, string] {
  const path = join(environmentPath, `${PREFIX}${name}`);
  return [`${path}${SEGMENTS[0]}`, `${path}${SEGMENTS[1]}`];
}

/** Names of the logs' files in the environment's directory. */
export function logFilesIn(environmentPath: string): readonly string[] {
  if (!existsSync(environmentPath)) return [];
  return readdirSync(environmentPath).filter(
    (file) => file.startsWith(PREFIX) && SEGMENTS.some((end) => file.endsWith(end)),
  );
}

/** Names of the logs that have files in the environment's directory. */
export function logNamesIn(environmentPath: string): readonly string[] {
  const files = logFilesIn(environmentPath);
  return [...new Set(files.map((file) => file.slice(PREFIX.length, -SEGMENTS[0].length)))];
}
