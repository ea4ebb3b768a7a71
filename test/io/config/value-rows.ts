import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyValueType, RawValue } from '../../../src/io/config/value-type.ts';

export function text(value: string): RawValue {
  return { kind: 'text', text: value };
}

export function toml(value: unknown): RawValue {
  return { kind: 'toml', value };
}

export type Row = readonly [raw: RawValue, outcome: unknown];

/** An outcome that is a RegExp is the reason of a refusal. */
export function checkRows(type: AnyValueType, rows: readonly Row[]): void {
  for (const [raw, outcome] of rows) {
    const shown = JSON.stringify(raw.kind === 'text' ? raw.text : raw.value);
    const says = outcome instanceof RegExp ? 'refused' : `taken as ${JSON.stringify(outcome)}`;
    test(`${shown} from ${raw.kind === 'text' ? 'a text' : 'the file'} is ${says}`, () => {
      const parsed = type.parse(raw);
      if (outcome instanceof RegExp) {
        assert(!parsed.ok, 'refused');
        assert.match(parsed.reason, outcome);
      } else {
        assert.deepEqual(parsed, { ok: true, value: outcome });
      }
    });
  }
}
