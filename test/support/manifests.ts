// Reading the files of `deploy/`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { field } from './json.ts';

const DIRECTORY = fileURLToPath(new URL('../../../deploy/', import.meta.url));

/** One object of a manifest. */
export interface ManifestObject {
  /** Path of the file below `deploy/`. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly content: unknown;
}

/** Paths below `deploy/`. */
export function deployFiles(): readonly string[] {
  return readdirSync(DIRECTORY, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(DIRECTORY.length))
    .toSorted();
}

export function readDeployFile(path: string): string {
  return readFileSync(join(DIRECTORY, path), 'utf8');
}

/** Every object of every manifest. */
export function readManifests(): readonly ManifestObject[] {
  return deployFiles()
    .filter((path) => path.endsWith('.yaml'))
    .flatMap((file) => readObjects(file));
}

function readObjects(file: string): readonly ManifestObject[] {
  return parseAllDocuments(readDeployFile(file), { strict: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const content: unknown = document.toJS();
    const metadata = field(content, 'metadata');
    return {
      file,
      apiVersion: String(field(content, 'apiVersion')),
      kind: String(field(content, 'kind')),
      name: String(field(metadata, 'name')),
      content,
    };
  });
}

/** The value at a path of member names and indices. */
export function at(value: unknown, ...path: ReadonlyArray<string | number>): unknown {
  return path.reduce<unknown>((parent, name) => field(parent, String(name)), value);
}

/** The elements of a list; none when there is no list. */
export function listAt(
  value: unknown,
  ...path: ReadonlyArray<string | number>
): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
