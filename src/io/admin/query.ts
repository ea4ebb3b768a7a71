// Texts in paths and query strings, and what they become.
import { z } from 'zod';
import type { IdParse } from '../../actors/domain/ids.ts';
import { AdminError } from './admin-error.ts';
import { COMPONENTS } from './components.ts';

/** The values of the parameters that an operation knows; others are ignored. */
export function readQuery(
  query: string | undefined,
  names: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const given = new URLSearchParams(query);
  const values = names.map((name) => {
    const [value, ...more] = given.getAll(name);
    if (more.length > 0) throw invalidQuery(`duplicate field \`${name}\``);
    return [name, value] as const;
  });
  return Object.fromEntries(values);
}

export function invalidQuery(reason: string): AdminError {
  return new AdminError('invalidQuery', `Failed to deserialize query string: ${reason}`);
}

/** An id, refused with the reason that its parser gives. */
export function idText<T>(parse: (text: string) => IdParse<T>) {
  return z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.reason });
    return z.NEVER;
  });
}

/** `false` when left out. */
export const booleanText = z
  .string()
  .refine((text) => text === 'true' || text === 'false', {
    error: 'provided string was not `true` or `false`',
  })
  .optional()
  .transform((text) => text === 'true');
COMPONENTS.add(booleanText, { type: 'boolean' });

/** Largest index of a journal entry that a parameter can name. */
const U32_MAX = 2 ** 32 - 1;

export const u32Text = z.string().transform((text, context): number => {
  const message = findIntegerFault(text);
  if (message === undefined) return Number(text);
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
COMPONENTS.add(u32Text, { type: 'integer' });

function findIntegerFault(text: string): string | undefined {
  if (text === '') return 'cannot parse integer from empty string';
  if (!/^\+?\d+$/.test(text)) return 'invalid digit found in string';
  return Number(text) > U32_MAX ? 'number too large to fit in target type' : undefined;
}
