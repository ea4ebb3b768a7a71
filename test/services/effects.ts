// What handlers did, told to the test through a file: nothing that restarts can lose it.
import { appendFileSync } from 'node:fs';

const path = process.env['EFFECTS_FILE'];

/** Appends one line to the effects file. Synchronous, so it is on record before the handler goes on. */
export function record(effect: string): void {
  if (path === undefined) throw new Error('EFFECTS_FILE is not set');
  appendFileSync(path, `${effect}\n`);
}
