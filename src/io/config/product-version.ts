import { readFileSync } from 'node:fs';

/** Version of Reprise, from its package.json. */
export const PRODUCT_VERSION = readVersion();

function readVersion(): string {
  // Seen from dist/src/io/config, where this file runs.
  const file = new URL('../../../../package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
