// The part of JSON Schema validity that decides whether a schema can be used at all: its shape, its
// types and its references. Keywords nobody here reads are left to whoever reads them.

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

const META_SCHEMA = /^https?:\/\/json-schema\.org\/draft(-0[467]|\/2019-09|\/2020-12)\/schema#?$/;

/** Keywords that hold one schema, a list of schemas, or schemas by name. */
const ONE = [
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED = ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'];

type JsonObject = Readonly<Record<string, unknown>>;

/** What is wrong with a schema, `undefined` when nothing is. External references are wrong. */
export function findJsonSchemaFault(root: unknown): string | undefined {
  const names = new Set<string>();
  const references: string[] = [];
  let isBundle = false;
  const rest: unknown[] = [root];
  for (let schema = rest.pop(); schema !== undefined; schema = rest.pop()) {
    if (typeof schema === 'boolean') continue;
    if (!isObject(schema)) return `${JSON.stringify(schema)} is not of types "boolean", "object"`;
    const fault = findKeywordFault(schema);
    if (fault !== undefined) return fault;
    collectReferences(schema, names, references);
    isBundle ||= schema !== root && schema['$id'] !== undefined;
    rest.push(...childrenOf(schema));
  }
  // Inside a bundle every `$id` is a new base, against which references would have to be resolved.
  if (isBundle) return undefined;
  return references
    .map((reference) => findReferenceFault(root, reference, names))
    .find((fault) => fault !== undefined);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findKeywordFault(schema: JsonObject): string | undefined {
  for (const keyword of ['$id', '$ref', '$anchor', '$schema', 'title', 'description']) {
    const value = schema[keyword];
    if (value !== undefined && typeof value !== 'string') return notOfType(value, 'string');
  }
  for (const keyword of NAMED) {
    const value = schema[keyword];
    if (value !== undefined && !isObject(value)) return notOfType(value, 'object');
  }
  for (const keyword of [...LIST, 'required']) {
    const value = schema[keyword];
    if (value !== undefined && !Array.isArray(value)) return notOfType(value, 'array');
  }
  const { type, $schema } = schema;
  if (type !== undefined && !isType(type)) return `${JSON.stringify(type)} is not a JSON type`;
  if (typeof $schema === 'string' && !META_SCHEMA.test($schema)) {
    return `Unknown meta-schema: '${$schema}'`;
  }
  return undefined;
}

function notOfType(value: unknown, type: string): string {
  return `${JSON.stringify(value)} is not of type "${type}"`;
}

function isType(type: unknown): boolean {
  if (!Array.isArray(type)) return typeof type === 'string' && TYPES.includes(type);
  return type.length > 0 && type.every((member) => TYPES.includes(String(member)));
}

function childrenOf(schema: JsonObject): unknown[] {
  const one = ONE.map((keyword) => schema[keyword]);
  const listed = LIST.flatMap((keyword) => schema[keyword] ?? []);
  const named = NAMED.flatMap((keyword) => Object.values(schema[keyword] ?? {}));
  // Drafts before 2020-12 let `items` hold a list.
  return [...one.flat(), ...listed, ...named].filter((child) => child !== undefined);
}

function collectReferences(schema: JsonObject, names: Set<string>, references: string[]): void {
  const { $id, $anchor, $dynamicAnchor, $ref } = schema;
  if (typeof $id === 'string') names.add($id);
  for (const anchor of [$anchor, $dynamicAnchor]) {
    if (typeof anchor === 'string') names.add(`#${anchor}`);
  }
  if (typeof $ref === 'string') references.push($ref);
}

function findReferenceFault(
  root: unknown,
  reference: string,
  names: ReadonlySet<string>,
): string | undefined {
  if (META_SCHEMA.test(reference) || names.has(reference)) return undefined;
  if (reference === '#' || reference === '') return undefined;
  if (reference.startsWith('#/')) return findPointerFault(root, reference.slice(1));
  const [base = '', fragment = ''] = reference.split('#', 2);
  if (base === '') return `Anchor '${fragment}' does not exist`;
  if (names.has(base)) return undefined;
  return `the schema contains an external reference ${reference}. This is not supported, all schemas uploaded to Restate should be normalized first, bundling the external references.`;
}

function findPointerFault(root: unknown, pointer: string): string | undefined {
  let at: unknown = root;
  for (const token of pointer.split('/').slice(1)) {
    at = isObject(at) || Array.isArray(at) ? ownProperty(at, decodeToken(token)) : undefined;
    if (at === undefined) return `Pointer '${pointer}' does not exist`;
  }
  return undefined;
}

function ownProperty(holder: object, name: string): unknown {
  return Object.entries(holder).find(([key]) => key === name)?.[1];
}

function decodeToken(token: string): string {
  return decodePercent(token).replaceAll('~1', '/').replaceAll('~0', '~');
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
