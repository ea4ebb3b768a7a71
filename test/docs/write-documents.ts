// Writes the documents that are made from the source. Run by `npm run docs`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatDocument } from './format-document.ts';
import { optionsDocument } from './options-document.ts';

const path = fileURLToPath(new URL('../../../docs/options.md', import.meta.url));
writeFileSync(path, await formatDocument(optionsDocument(), path));
