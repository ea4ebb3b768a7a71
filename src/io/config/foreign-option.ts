// Options of the reference server without a meaning here: they are read and checked, so that an
// existing configuration starts, and whoever sets one to something else than its default is told.
import { must } from '../../actors/domain/assert.ts';
import { ANYTHING } from './collection-type.ts';
import { ANY_BYTES, ANY_DURATION, COUNT } from './common-types.ts';
import {
  BOOLEAN,
  choiceType,
  integerType,
  numberType,
  type RawValue,
  textType,
  type AnyValueType,
} from './value-type.ts';

export interface ForeignOption {
  readonly key: string;
  readonly type: AnyValueType;
  /** As `type` shows it; `undefined` when there is none, or when it depends on the machine. */
  readonly defaultText: string | undefined;
  readonly hasFlag: boolean;
}

/** A value as the file has it. */
type TomlValue = string | number | boolean | readonly string[];

interface ForeignText {
  readonly flag?: boolean | undefined;
}

export function foreign(
  key: string,
  type: AnyValueType,
  defaultValue?: TomlValue,
  { flag = false }: ForeignText = {},
): ForeignOption {
  const defaultText = defaultValue === undefined ? undefined : textOfDefault(type, defaultValue);
  return { key, type, defaultText, hasFlag: flag };
}

function textOfDefault(type: AnyValueType, value: TomlValue): string {
  return must(showIfValid(type, { kind: 'toml', value }), 'the default is of its type');
}

function showIfValid(type: AnyValueType, raw: RawValue): string | undefined {
  const parsed = type.parse(raw);
  return parsed.ok ? type.show(parsed.value) : undefined;
}

const WHOLE = integerType(0, Number.MAX_SAFE_INTEGER);
const RATIO = numberType(0, Number.MAX_VALUE);
const TEXT = textType('text');

/** Shorthands for the types of many options. */
export const FOREIGN_TYPES = {
  any: ANYTHING,
  boolean: BOOLEAN,
  bytes: ANY_BYTES,
  count: COUNT,
  duration: ANY_DURATION,
  ratio: RATIO,
  text: TEXT,
  whole: WHOLE,
} as const;

type TypeName = keyof typeof FOREIGN_TYPES;

/** Options of one table; `[key, type]` or `[key, type, default]`. */
export function foreignTable(
  table: string,
  rows: ReadonlyArray<readonly [key: string, type: TypeName, value?: TomlValue]>,
): readonly ForeignOption[] {
  const prefix = table === '' ? '' : `${table}.`;
  return rows.map(([key, type, value]) => foreign(prefix + key, FOREIGN_TYPES[type], value));
}

export interface RetryPolicyDefaults {
  readonly initialInterval: string;
  readonly factor: number;
  readonly maxAttempts?: number;
  readonly maxInterval: string;
}

const RETRY_POLICY_TYPE = choiceType('none', 'fixed-delay', 'exponential');

/** A retry policy object: none, a fixed delay, or delays that grow. */
export function foreignRetryPolicy(
  table: string,
  { initialInterval, factor, maxAttempts, maxInterval }: RetryPolicyDefaults,
): readonly ForeignOption[] {
  return [
    foreign(`${table}.type`, RETRY_POLICY_TYPE, 'exponential'),
    foreign(`${table}.interval`, ANY_DURATION),
    foreign(`${table}.initial-interval`, ANY_DURATION, initialInterval),
    foreign(`${table}.factor`, RATIO, factor),
    foreign(`${table}.max-attempts`, COUNT, maxAttempts),
    foreign(`${table}.max-interval`, ANY_DURATION, maxInterval),
  ];
}
