import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatDocument } from './format-document.ts';
import { optionsDocument } from './options-document.ts';

test('docs/options.md is what `npm run docs` writes', async () => {
  const path = fileURLToPath(new URL('../../../docs/options.md', import.meta.url));
  assert.equal(readFileSync(path, 'utf8'), await formatDocument(optionsDocument(), path));
});
