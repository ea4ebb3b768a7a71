// What the definition of an option consists of.
import type { ValueType } from './value-type.ts';

/** What defaults may depend on. */
export interface OptionContext {
  /** Working directory, absolute. */
  readonly cwd: string;
  readonly hostname: string;
  /** Processor cores that the process may use. */
  readonly cores: number;
}

export interface Option<T> {
  /** Key in the file, with dots between tables. */
  readonly key: string;
  readonly type: ValueType<NonNullable<T>>;
  readonly defaultOf: (context: OptionContext) => T;
  /** The default as the help text shows it. */
  readonly defaultText: string;
  /** One sentence. */
  readonly doc: string;
  /** A flag `--<key>` exists. */
  readonly hasFlag: boolean;
  /** The flag takes no value. */
  readonly isSwitch: boolean;
  /** Read and checked, but nothing in this version acts on it: whoever sets it is told so. */
  readonly isUnused: boolean;
}

export interface OptionText {
  readonly doc: string;
  readonly flag?: boolean | 'switch' | undefined;
  readonly unused?: boolean | undefined;
}

/** An option whose default is the same everywhere. */
export function option<T extends NonNullable<unknown>>(
  key: string,
  type: ValueType<T>,
  value: T,
  text: OptionText,
): Option<T> {
  return derivedOption(key, type, () => value, { ...text, defaultText: type.show(value) });
}

/** An option without a default. */
export function optional<T extends NonNullable<unknown>>(
  key: string,
  type: ValueType<T>,
  { unset = 'unset', ...text }: OptionText & { readonly unset?: string },
): Option<T | undefined> {
  const ofValue = type as ValueType<NonNullable<T | undefined>>;
  return derivedOption<T | undefined>(key, ofValue, noDefault, { ...text, defaultText: unset });
}

function noDefault(): undefined {
  return undefined;
}

/** An option whose default depends on the machine. */
export function derivedOption<T>(
  key: string,
  type: ValueType<NonNullable<T>>,
  defaultOf: (context: OptionContext) => T,
  { doc, defaultText, flag = false, unused = false }: OptionText & { readonly defaultText: string },
): Option<T> {
  const [hasFlag, isSwitch] = [flag !== false, flag === 'switch'];
  return { key, type, defaultOf, defaultText, doc, hasFlag, isSwitch, isUnused: unused };
}

/** `RESTATE_WORKER__INVOKER__ABORT_TIMEOUT` for `worker.invoker.abort-timeout`. */
export function environmentName(key: string): string {
  return `RESTATE_${key.replaceAll('-', '_').replaceAll('.', '__').toUpperCase()}`;
}
