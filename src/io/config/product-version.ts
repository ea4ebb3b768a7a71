import { readFileSync } from 'node:fs';

/** Version of Reprise, from its package.json. */
export const PRODUCT_VERSION = readVersion();

function readVersion(): string {
  // Above this file, whether it runs compiled alone or in a bundle.
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const manifest = readManifest(new URL('package.json', folder));
    if (manifest?.name === 'reprise') return manifest.version;
    if (folder.pathname === '/') return 'unknown';
  }
}

interface Manifest {
  readonly name: unknown;
  readonly version: string;
}

function readManifest(file: URL): Manifest | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { name, version: String(version) };
  } catch {
    return undefined;
  }
}
