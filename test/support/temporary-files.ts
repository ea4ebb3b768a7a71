import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export interface TemporaryFiles {
  readonly directory: string;
  /** Writes a file and gives its path. */
  readonly file: (name: string, text: string) => string;
}

/** A directory that is removed after the tests of the file that asks for it. */
export function temporaryFiles(name: string): TemporaryFiles {
  const directory = mkdtempSync(join(tmpdir(), `reprise-${name}-`));
  after(() => rmSync(directory, { recursive: true }));
  return {
    directory,
    file: (fileName, text) => {
      const path = join(directory, fileName);
      writeFileSync(path, text);
      return path;
    },
  };
}
