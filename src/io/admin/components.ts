// Schemas of the admin API that its OpenAPI document names, under the names that clients generated
// from the reference's document know.
import { z } from 'zod';

interface ComponentInfo {
  readonly id?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Of a query parameter, which is a text on the wire. */
  readonly type?: 'boolean' | 'integer' | undefined;
}

export const COMPONENTS = z.registry<ComponentInfo>();

/** Names a schema. */
export function component<S extends z.ZodType>(id: string, schema: S): S {
  COMPONENTS.add(schema, { id });
  return schema;
}

/** Titles one of several forms of a component. */
export function titled<S extends z.ZodType>(title: string, schema: S): S {
  COMPONENTS.add(schema, { title });
  return schema;
}

/** What a view that fits the schema may be made of. */
export type Shown<S extends z.ZodType> = DeepReadonly<z.input<S>>;

type DeepReadonly<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<DeepReadonly<Item>>
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;

export const textMap = z.record(z.string(), z.string());

/** The body of every refusal that is not the HTTP framework's own. */
export const errorDescription = component(
  'ErrorDescriptionResponse',
  z.object({ message: z.string(), restate_code: z.string().nullish() }),
);
