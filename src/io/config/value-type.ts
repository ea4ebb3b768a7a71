// How the value of an option is written. One type serves the file, the environment and the flags; only
// the file has typed values, the other two have texts.
import { isIP } from 'node:net';
import { formatDuration, parseDuration } from '../../actors/domain/duration.ts';
import { type DurationMs, durationMs } from '../../actors/domain/time.ts';

/** A value as found: a text (environment, flag), or what the TOML parser made of it. */
export type RawValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toml'; readonly value: unknown };

export type ValueParse<T> =
  | { readonly ok: true; readonly value: T }
  /** Why the value is not of the type; says what was expected. */
  | { readonly ok: false; readonly reason: string };

export interface ValueType<T> {
  /** Shown in the help text in place of a value. */
  readonly placeholder: string;
  parse(raw: RawValue): ValueParse<T>;
  /** The value as it may be written. */
  show(value: T): string;
}

function accept<T>(value: T): ValueParse<T> {
  return { ok: true, value };
}

function expected(form: string, raw: RawValue): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `expected ${form}, found ${showRaw(raw)}` };
}

function showRaw(raw: RawValue): string {
  return JSON.stringify(raw.kind === 'text' ? raw.text : raw.value) ?? typeof raw;
}

/** The text of a value, `undefined` for a TOML value that is no string. */
function textOf(raw: RawValue): string | undefined {
  if (raw.kind === 'text') return raw.text;
  return typeof raw.value === 'string' ? raw.value : undefined;
}

/** The number of a value; a TOML string is none, whatever it says. */
function numberOf(raw: RawValue): number | undefined {
  if (raw.kind === 'toml') return typeof raw.value === 'number' ? raw.value : undefined;
  return /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(raw.text) ? Number(raw.text) : undefined;
}

/** `isValid` narrows the texts taken; `form` says which. */
export function textType(
  placeholder: string,
  form = 'a text that is not empty',
  isValid: (text: string) => boolean = (text) => text !== '',
): ValueType<string> {
  return {
    placeholder,
    parse(raw) {
      const text = textOf(raw);
      return text !== undefined && isValid(text) ? accept(text) : expected(form, raw);
    },
    show: (value) => value,
  };
}

export function choiceType<const T extends string>(...choices: readonly T[]): ValueType<T> {
  return {
    placeholder: choices.join('|'),
    parse(raw) {
      const text = textOf(raw);
      const found = choices.find((choice) => choice === text);
      return found === undefined ? expected(`one of ${choices.join(', ')}`, raw) : accept(found);
    },
    show: (value) => value,
  };
}

/** Of all texts only `true` and `false` count, as on the reference. */
export const BOOLEAN: ValueType<boolean> = {
  placeholder: 'true|false',
  parse(raw) {
    if (raw.kind === 'toml' && typeof raw.value === 'boolean') return accept(raw.value);
    if (raw.kind === 'text' && raw.text === 'true') return accept(true);
    if (raw.kind === 'text' && raw.text === 'false') return accept(false);
    return expected('true or false', raw);
  },
  show: String,
};

/** A whole number from `min` to `max`, both inclusive. */
export function integerType(min: number, max: number): ValueType<number> {
  return {
    placeholder: 'number',
    parse(raw) {
      const value = numberOf(raw);
      const isValid =
        value !== undefined && Number.isInteger(value) && value >= min && value <= max;
      return isValid ? accept(value) : expected(`a whole number from ${min} to ${max}`, raw);
    },
    show: String,
  };
}

/** A finite number above zero. */
export const FACTOR: ValueType<number> = {
  placeholder: 'number',
  parse(raw) {
    const value = numberOf(raw);
    const isValid = value !== undefined && Number.isFinite(value) && value > 0;
    return isValid ? accept(value) : expected('a number above 0', raw);
  },
  show: String,
};

/** A whole number above zero, or `unlimited`. */
export const ATTEMPTS: ValueType<number | 'unlimited'> = {
  placeholder: 'number|unlimited',
  parse(raw) {
    if (textOf(raw) === 'unlimited') return accept('unlimited');
    const value = numberOf(raw);
    const isValid = value !== undefined && Number.isSafeInteger(value) && value > 0;
    return isValid ? accept(value) : expected('a whole number above 0 or "unlimited"', raw);
  },
  show: String,
};

export interface DurationTypeOptions {
  readonly mayBeZero: boolean;
  /** A longer duration counts as this one. Unit: milliseconds. Default: unbounded. */
  readonly cappedAtMs?: number | undefined;
}

/** Whole milliseconds; a finer part is dropped. */
export function durationType(options: DurationTypeOptions): ValueType<DurationMs> {
  const { mayBeZero, cappedAtMs = Number.POSITIVE_INFINITY } = options;
  const form = 'a duration such as "90s", "1h 30m" or "PT5M"';
  return {
    placeholder: 'duration',
    parse(raw) {
      const text = textOf(raw);
      if (text === undefined) return expected(form, raw);
      const parsed = parseDuration(text);
      if (!parsed.ok) return { ok: false, reason: `expected ${form}: ${parsed.reason}` };
      const ms = Math.floor(parsed.ms);
      if (ms === 0 && !mayBeZero) return { ok: false, reason: 'duration cannot be zero' };
      return accept(durationMs(Math.min(ms, cappedAtMs)));
    },
    show: formatDuration,
  };
}

const BYTE_UNITS = ['', 'k', 'm', 'g', 't', 'p'];
const BYTE_COUNT = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?))?b?$/i;

/** `1GiB`, `1.5 GiB`, `3Gi`, decimal `512MB` and `100k`, or a plain number of bytes. At least `min`. */
export function byteCountType(min: number): ValueType<number> {
  const form = 'a human-readable byte count such as "32 MiB", "100k" or 4096';
  return {
    placeholder: 'bytes',
    parse(raw) {
      const text = textOf(raw);
      const bytes = text === undefined ? numberOf(raw) : parseByteCount(text);
      if (bytes === undefined || !Number.isSafeInteger(bytes)) return expected(form, raw);
      return bytes >= min ? accept(bytes) : expected(`at least ${min} bytes`, raw);
    },
    show: showByteCount,
  };
}

function parseByteCount(text: string): number | undefined {
  const match = BYTE_COUNT.exec(text.trim());
  if (match === null) return undefined;
  const [, amount, unit = '', binary] = match;
  const base = binary === undefined || binary === '' ? 1000 : 1024;
  return Math.round(Number(amount) * base ** BYTE_UNITS.indexOf(unit.toLowerCase()));
}

function showByteCount(bytes: number): string {
  const exponent = Math.min(5, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  if (exponent === 0) return `${bytes} B`;
  const amount = bytes / 1024 ** exponent;
  return `${Number(amount.toFixed(1))} ${(BYTE_UNITS[exponent] ?? '').toUpperCase()}iB`;
}

const IPV4_WITH_PORT = /^([^:]+)(?::(\d{1,5}))?$/;
const IPV6_WITH_PORT = /^\[([^\]]+)\](?::(\d{1,5}))?$/;

/** `ip`, `ip:port`, `[v6]` or `[v6]:port`, always returned with a port. Port 0 lets the system choose. */
export function bindAddressType(defaultPort: number): ValueType<string> {
  return {
    placeholder: 'ip[:port]',
    parse(raw) {
      const address = parseBindAddress(textOf(raw) ?? '', defaultPort);
      return address === undefined
        ? expected('an IP address such as 0.0.0.0:8080, [::]:8080 or 127.0.0.1', raw)
        : accept(address);
    },
    show: (value) => value,
  };
}

function parseBindAddress(text: string, defaultPort: number): string | undefined {
  if (isIP(text) === 6) return `[${text}]:${defaultPort}`;
  const match = IPV6_WITH_PORT.exec(text) ?? IPV4_WITH_PORT.exec(text);
  if (match === null) return undefined;
  const [, host = '', port = String(defaultPort)] = match;
  if (isIP(host) === 0 || Number(port) > 65_535) return undefined;
  const isBracketed = text.startsWith('[');
  if (isBracketed !== (isIP(host) === 6)) return undefined;
  return `${isBracketed ? `[${host}]` : host}:${Number(port)}`;
}
