// Options that hold several values. The environment writes them as TOML does, with quotes optional:
// `[a, b]`, `{a = "b"}`; flags separate the elements of a list by commas.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parse as parseToml } from 'smol-toml';
import {
  accept,
  type AnyValueType,
  asItIs,
  expected,
  type RawValue,
  type ValueType,
} from './value-type.ts';

export type TextMap = Readonly<Record<string, string>>;

/** `form` describes an element in the plural. */
export function listType(
  form: string,
  isValid: (element: string) => boolean = () => true,
): ValueType<readonly string[]> {
  return {
    placeholder: 'list',
    parse(raw) {
      const elements = elementsOf(raw);
      return elements !== undefined && elements.every(isValid)
        ? accept(elements)
        : expected(`a list of ${form}, such as ["a", "b"]`, raw);
    },
    show: (value) => `[${value.map((element) => JSON.stringify(element)).join(', ')}]`,
    toToml: asItIs,
  };
}

function elementsOf(raw: RawValue): readonly string[] | undefined {
  const value = raw.kind === 'text' ? readBracketed(raw.text, '[') : raw.value;
  if (Array.isArray(value)) {
    return value.every((element) => typeof element === 'string') ? value : undefined;
  }
  const text = raw.kind === 'text' ? raw.text : value;
  if (typeof text !== 'string') return undefined;
  return splitElements(text.trim().replace(/^\[(.*)\]$/s, '$1'));
}

function splitElements(text: string): readonly string[] {
  const elements = text.split(',').map((element) => unquote(element.trim()));
  return elements.filter((element) => element !== '');
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1');
}

/** What TOML makes of a text that begins with `bracket`; `undefined` when it is no TOML. */
function readBracketed(text: string, bracket: '[' | '{'): unknown {
  if (!text.trim().startsWith(bracket)) return undefined;
  try {
    return parseToml(`value = ${text}`)['value'];
  } catch {
    return undefined;
  }
}

/** Names and texts. `isValid` narrows the entries taken; `form` says which. */
export function mapType(
  form: string,
  isValid: (name: string, value: string) => boolean = () => true,
): ValueType<TextMap> {
  return {
    placeholder: 'table',
    parse(raw) {
      const map = mapOf(raw);
      return map !== undefined && Object.entries(map).every(([name, value]) => isValid(name, value))
        ? accept(map)
        : expected(`${form}, such as {name = "value"}`, raw);
    },
    show: (value) =>
      `{${Object.entries(value)
        .map(([name, text]) => `${JSON.stringify(name)} = ${JSON.stringify(text)}`)
        .join(', ')}}`,
    toToml: asItIs,
    merge: (lower, higher) => ({ ...lower, ...higher }),
  };
}

function mapOf(raw: RawValue): TextMap | undefined {
  if (raw.kind === 'toml') return textMap(raw.value);
  return textMap(readBracketed(raw.text, '{') ?? readUnquotedMap(raw.text));
}

/** `{a=b, c=d}` */
function readUnquotedMap(text: string): TextMap | undefined {
  const [, inner] = /^\s*\{(.*)\}\s*$/s.exec(text) ?? [];
  if (inner === undefined) return undefined;
  const entries = splitElements(inner).map((element) => element.split(/\s*=\s*/, 2));
  return Object.fromEntries(
    entries.map(([name = '', value = '']) => [unquote(name), unquote(value)]),
  );
}

function textMap(value: unknown): TextMap | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    return undefined;
  }
  return Object.fromEntries(entries.map(([name, text]) => [name.toLowerCase(), text]));
}

/** Names of HTTP headers, in lower case, and their values. */
export const HEADERS: ValueType<TextMap> = mapType('a table of HTTP headers', isHeader);

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Whatever the file or the environment says. */
export const ANYTHING: AnyValueType = {
  placeholder: 'any',
  parse: (raw) => accept(raw.kind === 'text' ? raw.text : (raw.value ?? '')),
  show: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  toToml: asItIs,
};
