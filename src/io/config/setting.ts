import type { OptionValues } from './options.ts';
import type { RawValue } from './value-type.ts';

/** What one source says about one option. */
export interface Setting {
  readonly raw: RawValue;
  /** Where it was found, for error messages: `--node-name`, `RESTATE_NODE_NAME`, `restate.toml`. */
  readonly source: string;
}

export type Settings = ReadonlyMap<keyof OptionValues, Setting>;
