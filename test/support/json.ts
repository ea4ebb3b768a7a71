// Looking into JSON answers of unknown shape.
import assert from 'node:assert/strict';

/** The text of one member of a JSON object. */
export function stringField(value: unknown, name: string): string {
  const found = field(value, name);
  if (typeof found !== 'string') throw new Error(`no text '${name}' in ${JSON.stringify(value)}`);
  return found;
}

/** One member of a JSON object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) {
    throw new Error(`expected an object with '${name}', found ${JSON.stringify(value)}`);
  }
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** Compares only the members named by `expected`. */
export function assertHas(actual: unknown, expected: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(field(actual, name), value, name);
  }
}
