import type { Schema } from '../domain/schema.ts';
import type { SchemaRefusal } from './refusal.ts';

/** What a change of the schema comes to. `value` is what was changed. */
export type SchemaChange<T> =
  | { readonly kind: 'changed'; readonly value: T; readonly schema: Schema }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };
