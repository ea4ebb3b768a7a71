// Results as JSON. Source: reference contract "JSON rendering by type": absent values are left out,
// integers keep every digit, bytes are lower-case hexadecimal.
import type { QueryBatch, QueryColumn, QueryType, QueryValue } from '../../actors/ports.ts';

/** Opens the document. */
export const JSON_START = '{"rows":[';
export const JSON_END = ']}';

/** Writes rows, with the commas between them, one batch after the other. */
export class JsonRowWriter {
  readonly #columns: ReadonlyArray<readonly [name: string, write: ValueWriter]>;
  #isFirst = true;

  constructor(columns: readonly QueryColumn[]) {
    this.#columns = columns.map(({ name, type }) => [`${JSON.stringify(name)}:`, writerFor(type)]);
  }

  write({ rowsCount, columns }: QueryBatch): string {
    let text = '';
    for (let row = 0; row < rowsCount; row += 1) {
      text += this.#isFirst ? '{' : ',{';
      this.#isFirst = false;
      text += `${this.#members(columns, row)}}`;
    }
    return text;
  }

  #members(columns: QueryBatch['columns'], row: number): string {
    let members = '';
    for (const [index, [name, write]] of this.#columns.entries()) {
      const value = columns[index]?.[row] ?? null;
      if (value !== null) members += `${members === '' ? '' : ','}${name}${write(value)}`;
    }
    return members;
  }
}

type ValueWriter = (value: QueryValue) => string;

function writerFor(type: QueryType): ValueWriter {
  switch (type.kind) {
    case 'largeBinary':
      return (value) => (value instanceof Uint8Array ? `"${toHex(value)}"` : 'null');
    case 'timestamp': {
      const { unit, isUtc } = type;
      return (value) => (typeof value === 'bigint' ? `"${timeText(value, unit, isUtc)}"` : 'null');
    }
    case 'duration':
      return (value) => (typeof value === 'bigint' ? `"${durationText(value)}"` : 'null');
    case 'decimal':
      return String;
    case 'float32':
    case 'float64':
      return (value) => floatText(Number(value));
    case 'list': {
      const write = nullable(writerFor(type.element));
      return (value) => (Array.isArray(value) ? `[${value.map(write).join(',')}]` : 'null');
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: field }) => [name, writerFor(field)] as const);
      return (value) => `{${structMembers(value, fields).join(',')}}`;
    }
    case 'null':
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64':
    case 'utf8':
    case 'largeUtf8':
    case 'date':
    case 'time':
    case 'interval':
      return (value) => (typeof value === 'bigint' ? value.toString() : JSON.stringify(value));
  }
}

function nullable(write: ValueWriter): ValueWriter {
  return (value) => (value === null ? 'null' : write(value));
}

function structMembers(
  value: QueryValue,
  fields: ReadonlyArray<readonly [name: string, write: ValueWriter]>,
): string[] {
  const members: string[] = [];
  for (const [name, write] of fields) {
    const member: unknown =
      typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    if (isValue(member)) members.push(`${JSON.stringify(name)}:${write(member)}`);
  }
  return members;
}

function isValue(value: unknown): value is QueryValue {
  return value !== null && value !== undefined;
}

/** Integral numbers keep the point that tells them from integers. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

const UNITS_PER_MS = { s: 0n, ms: 1n, us: 1000n, ns: 1_000_000n } as const;

/** RFC 3339 with as many digits as are needed, in threes. */
export function timeText(value: bigint, unit: 's' | 'ms' | 'us' | 'ns', isUtc: boolean): string {
  const perMs = UNITS_PER_MS[unit];
  const ms = unit === 's' ? value * 1000n : floorDivide(value, perMs);
  const rest = unit === 's' ? 0n : value - ms * perMs;
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) return value.toString();
  const text = date.toISOString();
  const digits = unit === 'ns' ? 6 : 3;
  const fraction =
    rest === 0n || unit === 'ms'
      ? text.slice(19, -1).replace(/^\.000$/, '')
      : `${text.slice(19, -1)}${rest.toString().padStart(digits, '0')}`;
  return `${text.slice(0, 19)}${fraction}${isUtc ? 'Z' : ''}`;
}

/** Seconds with up to three digits behind the point, whatever their number. */
export function durationText(ms: bigint): string {
  if (ms === 0n) return 'P0D';
  const absolute = ms < 0n ? -ms : ms;
  const fraction = String(absolute % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const seconds = `${absolute / 1000n}${fraction === '' ? '' : `.${fraction}`}`;
  return `${ms < 0n ? '-' : ''}PT${seconds}S`;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}
