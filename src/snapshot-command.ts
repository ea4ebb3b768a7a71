// `reprise snapshot`: a consistent copy of a data directory, whether a server uses it or not.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ConfigSources, loadConfig, type ServerConfig } from './io/config/load.ts';
import { askForSnapshot } from './io/control/ask-for-snapshot.ts';
import { DataDirectoryError } from './storage/data-directory-error.ts';
import { nodesIn } from './storage/data-directory.ts';
import { takeOfflineSnapshot } from './storage/snapshot/offline-snapshot.ts';

/** What the command comes to. */
export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

const HELP = `Copies the data directory of a node, while its server runs or not.

Usage: reprise snapshot <directory> [flags]

The copy is <directory>/<node-name>, which must not exist: a server that is started with
--base-dir <directory> goes on from it. A running server writes the copy itself, as the user it runs as.

Flags and variables that say where the data directory is, base-dir and node-name, are the server's:
see reprise --help.`;

/** `sources.argv` begins behind the name of the command. */
export async function runSnapshotCommand(sources: ConfigSources): Promise<CommandResult> {
  const [directory, ...flags] = sources.argv;
  if (sources.argv.includes('--help') || sources.argv.includes('-h')) return printed(HELP);
  if (directory === undefined || directory.startsWith('-')) {
    return failed(2, `error: expected a directory\n\n${HELP}`);
  }
  const loaded = loadConfig({ ...sources, argv: flags });
  if (loaded.kind === 'error') return failed(loaded.exitCode, loaded.message);
  if (loaded.kind === 'print') return printed(loaded.text);
  try {
    const copied = await takeSnapshot(loaded.config, resolve(sources.cwd, directory));
    return { ...printed(copied), errors: loaded.warnings.map((line) => `${line}\n`).join('') };
  } catch (error) {
    return failed(1, error instanceof Error ? error.message : String(error));
  }
}

async function takeSnapshot(config: ServerConfig, parent: string): Promise<string> {
  const { baseDir, nodeName } = config;
  if (!existsSync(join(baseDir, nodeName))) throw noDataDirectory(config);
  try {
    const { path, bytes } = await takeOfflineSnapshot(baseDir, nodeName, parent);
    return `${path}\n  ${bytes} bytes, copied from a directory that no server uses`;
  } catch (error) {
    if (!(error instanceof DataDirectoryError) || error.kind !== 'locked') throw error;
    return askServer(join(baseDir, nodeName), parent, error);
  }
}

async function askServer(
  dataDirectory: string,
  parent: string,
  locked: DataDirectoryError,
): Promise<string> {
  try {
    const { path, bytes, pauseMs } = await askForSnapshot(dataDirectory, parent);
    return `${path}\n  ${bytes} bytes; the partitions stood still for ${pauseMs.toFixed(1)} ms`;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    // Anything but an answer of the server.
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    throw new Error(`${locked.message}, which does not answer: ${why}`, { cause });
  }
}

function noDataDirectory({ baseDir, nodeName }: ServerConfig): Error {
  const nodes = nodesIn(baseDir);
  const others = nodes.length === 0 ? '' : `; there is data of ${nodes.join(', ')} (--node-name)`;
  return new Error(`there is no data directory ${join(baseDir, nodeName)}${others}`);
}

function printed(text: string): CommandResult {
  return { exitCode: 0, output: `${text}\n`, errors: '' };
}

function failed(exitCode: number, message: string): CommandResult {
  return { exitCode, output: '', errors: `${message}\n` };
}
