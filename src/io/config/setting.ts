import type { RawValue } from './value-type.ts';

/** What one source says about one option. */
export interface Setting {
  readonly raw: RawValue;
  /** Where it was found, for messages: `--node-name`, `RESTATE_NODE_NAME`, `restate.toml`. */
  readonly source: string;
}

/** By the keys of the options. */
export type Settings = ReadonlyMap<string, Setting>;
