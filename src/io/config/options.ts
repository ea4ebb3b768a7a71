// Every option there is, once. Flags, environment names, file keys, the help text, docs/options.md and
// the type `ServerConfig` all follow from this table. Keys and defaults are those of the reference
// server, unless an entry says otherwise.
import { EXPERIMENTAL_OPTIONS } from './experimental-options.ts';
import { HANDLER_OPTIONS } from './handler-options.ts';
import { INVOKER_OPTIONS } from './invoker-options.ts';
import { LISTENER_OPTIONS } from './listener-options.ts';
import { NODE_OPTIONS } from './node-options.ts';
import type { Option } from './option.ts';
import { SECURITY_OPTIONS } from './security-options.ts';
import { SERVICE_OPTIONS } from './service-options.ts';
import { TRACING_OPTIONS } from './tracing-options.ts';

export const OPTIONS = {
  ...NODE_OPTIONS,
  ...TRACING_OPTIONS,
  ...LISTENER_OPTIONS,
  ...SECURITY_OPTIONS,
  ...SERVICE_OPTIONS,
  ...INVOKER_OPTIONS,
  ...HANDLER_OPTIONS,
  ...EXPERIMENTAL_OPTIONS,
} as const;

export type OptionName = keyof typeof OPTIONS;
type OptionValue<N extends OptionName> = ReturnType<(typeof OPTIONS)[N]['defaultOf']>;

/** The effective value of every option. Paths are absolute. */
export type OptionValues = { readonly [N in OptionName]: OptionValue<N> };

/** The table without the types of its values, for code that treats all options alike. */
export const OPTION_LIST: ReadonlyArray<readonly [name: OptionName, option: Option<unknown>]> =
  Object.entries(OPTIONS) as ReadonlyArray<readonly [OptionName, Option<unknown>]>;
