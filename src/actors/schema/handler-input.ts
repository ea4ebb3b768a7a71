// What a handler accepts and returns, worked out once when it is registered.
import type { InputManifest, OutputManifest } from '../domain/manifest.ts';
import type { Handler, InputRule } from '../domain/schema.ts';
import { findJsonSchemaFault } from './json-schema.ts';

/** The fields of a `Handler` that follow from the manifest's `input`. */
export type HandlerInput = Pick<Handler, 'inputRules' | 'inputDescription' | 'inputJsonSchema'>;

/** The fields of a `Handler` that follow from the manifest's `output`. */
export type HandlerOutput = Pick<
  Handler,
  'outputContentType' | 'setContentTypeIfEmpty' | 'outputDescription' | 'outputJsonSchema'
>;

/** Names a handler in the message of a refusal. */
export interface HandlerName {
  readonly service: string;
  readonly handler: string;
}

type Built<T> =
  | { readonly kind: 'built'; readonly value: T }
  | { readonly kind: 'refused'; readonly message: string };

const ANY_CONTENT_TYPE = '*/*';
const OUTPUT_CONTENT_TYPE_DEFAULT = 'application/json';
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/;

const NO_BODY: InputRule = { kind: 'noBodyAndNoContentType' };

/**
 * A JSON schema counts only next to a content type: without one it is neither checked nor shown.
 * `required` without a content type leaves no rule, and nothing passes then. Seen on the reference
 * 1.7.12, like every row of this function.
 */
export function buildInput(
  name: HandlerName,
  input: InputManifest | undefined,
): Built<HandlerInput> {
  if (input === undefined)
    return built(describeInput([NO_BODY, contentTypeRule(ANY_CONTENT_TYPE)]));
  const { required, contentType, jsonSchema } = input;
  if (contentType === undefined) return built(describeInput(required ? [] : [NO_BODY]));
  const trimmed = contentType.trim();
  const fault = contentTypeFault(trimmed);
  if (fault !== undefined) {
    const refusal = `the handler '${name.handler}' input content-type is not valid: can't parse the content-type '${trimmed}': ${fault}`;
    return { kind: 'refused', message: refusal };
  }
  const rule = jsonSchema === undefined ? contentTypeRule(trimmed) : bodyRule(trimmed);
  const described = describeInput(required ? [rule] : [NO_BODY, rule], jsonSchema);
  return checkJsonSchema(name, 'input', jsonSchema, described);
}

export function buildOutput(
  name: HandlerName,
  output: OutputManifest | undefined,
): Built<HandlerOutput> {
  if (output === undefined) {
    return built(describeOutput(OUTPUT_CONTENT_TYPE_DEFAULT, false, undefined));
  }
  const { contentType, setContentTypeIfEmpty, jsonSchema } = output;
  if (contentType === undefined) {
    return built({ setContentTypeIfEmpty: false, outputDescription: 'none' });
  }
  if (!HEADER_VALUE.test(contentType)) {
    const refusal = `the handler '${name.handler}' output content-type is not valid: failed to parse header value`;
    return { kind: 'refused', message: refusal };
  }
  const described = describeOutput(contentType, setContentTypeIfEmpty, jsonSchema);
  return checkJsonSchema(name, 'output', jsonSchema, described);
}

function contentTypeRule(contentType: string): InputRule {
  return { kind: 'contentType', contentType };
}

function bodyRule(contentType: string): InputRule {
  return { kind: 'contentTypeAndBody', contentType };
}

function contentTypeFault(contentType: string): string | undefined {
  const slash = contentType.indexOf('/');
  if (slash < 0) return 'must contain one /';
  const isTypeWildcard = contentType.slice(0, slash) === '*';
  if (isTypeWildcard && contentType.slice(slash + 1) !== '*') {
    return 'the wildcard format */subType is not supported';
  }
  return undefined;
}

function describeInput(inputRules: readonly InputRule[], jsonSchema?: unknown): HandlerInput {
  const rule = inputRules.at(-1);
  if (rule === undefined) return { inputRules, inputDescription: '<invalid rules>' };
  if (rule.kind === 'noBodyAndNoContentType') return { inputRules, inputDescription: 'none' };
  const inputDescription = describeJsonSchema(jsonSchema) ?? rule.contentType;
  return { inputRules, inputDescription, inputJsonSchema: jsonSchema };
}

function describeOutput(
  outputContentType: string,
  setContentTypeIfEmpty: boolean,
  jsonSchema: unknown,
): HandlerOutput {
  const plain = setContentTypeIfEmpty ? `optional ${outputContentType}` : outputContentType;
  return {
    outputContentType,
    setContentTypeIfEmpty,
    outputDescription: describeJsonSchema(jsonSchema) ?? plain,
    outputJsonSchema: jsonSchema,
  };
}

function describeJsonSchema(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('title' in schema && typeof schema.title === 'string') return `JSON '${schema.title}'`;
  if ('type' in schema && typeof schema.type === 'string') return `JSON ${schema.type}`;
  return undefined;
}

function checkJsonSchema<T>(
  { service, handler }: HandlerName,
  side: 'input' | 'output',
  jsonSchema: unknown,
  value: T,
): Built<T> {
  const fault = jsonSchema === undefined ? undefined : findJsonSchemaFault(jsonSchema);
  if (fault === undefined) return built(value);
  return {
    kind: 'refused',
    message: `the json schema for ${service}/${handler} ${side} is invalid: ${fault}`,
  };
}

function built<T>(value: T): Built<T> {
  return { kind: 'built', value };
}
