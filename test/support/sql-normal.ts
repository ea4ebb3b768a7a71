// What two servers say about the same invocations, freed from what cannot be the same: ids, times,
// ports, stack traces.

export interface KnownIds {
  readonly ids: ReadonlyMap<string, string>;
  readonly deploymentId: string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?$/;
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Members whose numbers are times or hashes. */
const VOLATILE = new Set(['partition_key', 'wake_up_time', 'invoke_time']);

/** Members whose texts are JSON. */
const JSON_TEXTS = new Set([
  'entry_json',
  'entry_lite_json',
  'event_json',
  'suspended_waiting_future_json',
]);

/** Lists that the reference gives in any order. */
const UNORDERED = new Set([
  'services',
  'suspended_waiting_for_completions',
  'suspended_waiting_for_signals',
  'Unknown',
]);

/** Members that hold bytes with ids or times in them, for entries that have such. */
const OPAQUE_BYTES = /^(?:raw)$/;

export class Normalizer {
  readonly #names: ReadonlyMap<string, string>;

  constructor({ ids, deploymentId }: KnownIds) {
    const names = [...ids].map(([name, id]) => [id, `<${name}>`] as const);
    this.#names = new Map([...names, [deploymentId, '<deployment>'] as const]);
  }

  value(value: unknown, member = ''): unknown {
    if (Array.isArray(value)) return this.#list(value, member);
    if (typeof value === 'object' && value !== null) return this.#object(value);
    if (typeof value === 'number') return isVolatile(value, member) ? '<number>' : value;
    if (typeof value !== 'string') return value;
    if (JSON_TEXTS.has(member)) return this.value(JSON.parse(value));
    return this.#text(value, member);
  }

  #list(values: readonly unknown[], member: string): unknown {
    // Bytes and headers of what a client sent differ with its library, not with the server.
    if (member === 'payload' || member === 'headers') return `<${member}>`;
    const normal = values.map((each) => this.value(each));
    return UNORDERED.has(member) ? normal.toSorted(byText) : normal;
  }

  #object(object: object): unknown {
    return Object.fromEntries(
      Object.entries(object).map(([name, value]) => [name, this.value(value, name)]),
    );
  }

  #text(text: string, member: string): string {
    if (TIME.test(text)) return '<time>';
    if (ULID.test(text)) return '<ulid>';
    if (member === 'error_stacktrace') return '<stack>';
    if (OPAQUE_BYTES.test(member)) return '<bytes>';
    const [firstLine = ''] = member.startsWith('last_failure') ? text.split('\n', 1) : [text];
    return firstLine
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://<host>')
      .replaceAll(/(?:inv|dp)_1\w+/g, (id) => this.#names.get(id) ?? `<${id.slice(0, 3)}>`)
      .replaceAll(/sign_1[\w-]+/g, '<awakeable>');
  }
}

function isVolatile(value: number, member: string): boolean {
  return (VOLATILE.has(member) && value !== 0) || value > 1e12;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
