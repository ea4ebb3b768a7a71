import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HandlerManifest, ServiceManifest } from '../../../src/actors/domain/manifest.ts';
import { parseManifest } from '../../../src/io/deployment/manifest.ts';
import { manifestJson } from '../../support/fake-endpoint.ts';

type Fields = Readonly<Record<string, unknown>>;

function serviceJson(fields: Fields): string {
  return manifestJson({ services: [{ name: 'S', ty: 'SERVICE', handlers: [], ...fields }] });
}

function handlerJson(fields: Fields): string {
  return serviceJson({ handlers: [{ name: 'h', ...fields }] });
}

function parseService(fields: Fields): ServiceManifest | undefined {
  const result = parseManifest(serviceJson(fields));
  assert.ok(result.kind === 'manifest', JSON.stringify(result));
  return result.manifest.services[0];
}

function parseHandler(fields: Fields): HandlerManifest | undefined {
  return parseService({ handlers: [{ name: 'h', ...fields }] })?.handlers[0];
}

const OPTIONS = {
  inactivityTimeout: 1,
  abortTimeout: 2,
  journalRetention: 3,
  idempotencyRetention: 4,
  enableLazyState: true,
  ingressPrivate: true,
  retryPolicyInitialInterval: 5,
  retryPolicyMaxInterval: 6,
  retryPolicyMaxAttempts: 0,
  retryPolicyExponentiationFactor: 1.5,
  retryPolicyOnMaxAttempts: 'KILL',
};

const PARSED_OPTIONS = {
  inactivityTimeoutMs: 1,
  abortTimeoutMs: 2,
  journalRetentionMs: 3,
  idempotencyRetentionMs: 4,
  enableLazyState: true,
  retryPolicy: {
    initialIntervalMs: 5,
    exponentiationFactor: 1.5,
    maxIntervalMs: 6,
    maxAttempts: 0,
    onMaxAttempts: 'kill',
  },
};

/** Without the fields that are `undefined`. */
function present(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('parseManifest', () => {
  test('reads the names and versions of a manifest', () => {
    assert.deepEqual(present(parseManifest(manifestJson())), {
      kind: 'manifest',
      manifest: {
        protocolMode: 'BidiStream',
        minProtocolVersion: 5,
        maxProtocolVersion: 7,
        services: [
          {
            name: 'Greeter',
            type: 'Service',
            options: {},
            handlers: [{ name: 'greet', options: {} }],
          },
        ],
      },
    });
  });

  test('reads every field of a service', () => {
    const fields = { ty: 'VIRTUAL_OBJECT', documentation: 'd', metadata: { a: 'b' }, ...OPTIONS };
    assert.deepEqual(present(parseService(fields)), {
      name: 'S',
      type: 'VirtualObject',
      documentation: 'd',
      metadata: { a: 'b' },
      private: true,
      options: PARSED_OPTIONS,
      handlers: [],
    });
  });

  test('reads every field of a handler', () => {
    const fields = {
      ty: 'WORKFLOW',
      documentation: 'd',
      metadata: { a: 'b' },
      ...OPTIONS,
      workflowCompletionRetention: 7,
      input: { required: true, contentType: 'a/b', jsonSchema: { type: 'number' } },
      output: { setContentTypeIfEmpty: true, contentType: 'c/d', jsonSchema: true },
    };
    assert.deepEqual(present(parseHandler(fields)), {
      name: 'h',
      type: 'Workflow',
      documentation: 'd',
      metadata: { a: 'b' },
      private: true,
      options: { ...PARSED_OPTIONS, workflowCompletionRetentionMs: 7 },
      input: { required: true, contentType: 'a/b', jsonSchema: { type: 'number' } },
      output: { setContentTypeIfEmpty: true, contentType: 'c/d', jsonSchema: true },
    });
  });

  test('reads inputs and outputs that leave fields out', () => {
    assert.deepEqual(present(parseHandler({ input: {}, output: {} })), {
      name: 'h',
      options: {},
      input: { required: false },
      output: { setContentTypeIfEmpty: false },
    });
    assert.deepEqual(
      present(parseHandler({ input: { contentType: 'a/b' }, output: { contentType: 'c/d' } })),
      {
        name: 'h',
        options: {},
        input: { required: false, contentType: 'a/b' },
        output: { setContentTypeIfEmpty: false, contentType: 'c/d' },
      },
    );
  });

  test('takes null for absent', () => {
    const nulls = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, null]));
    const fields = { ...nulls, ty: null, documentation: null, input: null, output: null };
    assert.deepEqual(present(parseHandler(fields)), { name: 'h', options: {} });
    const input = { required: null, contentType: null, jsonSchema: null };
    assert.deepEqual(present(parseHandler({ input })?.input), { required: false });
  });

  const accepted: ReadonlyArray<readonly [title: string, json: string]> = [
    ['a range that only meets the supported one', manifestJson({ minProtocolVersion: 1 })],
    ['the largest version', manifestJson({ maxProtocolVersion: 2_147_483_647 })],
    ['no services', manifestJson({ services: [] })],
    ['a compression for Lambda', manifestJson({ lambdaCompression: 'zstd' })],
    ['an absent compression', manifestJson({ lambdaCompression: null })],
    ['a service name with dots and dashes', serviceJson({ name: '_x.-' })],
    ['a factor below 1', serviceJson({ retryPolicyExponentiationFactor: 0.5 })],
    ['request/response mode', manifestJson({ protocolMode: 'REQUEST_RESPONSE' })],
  ];
  for (const [title, json] of accepted) {
    test(`accepts ${title}`, () => {
      assert.equal(parseManifest(json).kind, 'manifest');
    });
  }

  const deep = JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown;
  const undecodable: ReadonlyArray<readonly [title: string, json: string]> = [
    ['text that is no JSON', 'hello'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['an unknown field', manifestJson({ foo: 1 })],
    ['an unknown protocol mode', manifestJson({ protocolMode: 'X' })],
    ['no lowest version', manifestJson({ minProtocolVersion: undefined })],
    ['version 0', manifestJson({ minProtocolVersion: 0 })],
    ['a negative version', manifestJson({ minProtocolVersion: -1 })],
    ['half a version', manifestJson({ minProtocolVersion: 5.5 })],
    ['an unknown compression', manifestJson({ lambdaCompression: 'gz' })],
    ['services that are absent', manifestJson({ services: undefined })],
    ['services that are null', manifestJson({ services: null })],
    ['an unknown field of a service', serviceJson({ foo: 1 })],
    ['a service name that begins with a dash', serviceJson({ name: '-a' })],
    ['a service name that is one underscore', serviceJson({ name: '_' })],
    ['a service name with a line break', serviceJson({ name: 'a\n' })],
    ['a service without type', serviceJson({ ty: undefined })],
    ['a service of an unknown type', serviceJson({ ty: 'X' })],
    ['a service without handlers', serviceJson({ handlers: undefined })],
    ['a retention of results at a service', serviceJson({ workflowCompletionRetention: 1 })],
    ['metadata that is null', serviceJson({ metadata: null })],
    ['metadata that is no string', serviceJson({ metadata: { a: 1 } })],
    ['a negative timeout', serviceJson({ inactivityTimeout: -1 })],
    ['half a millisecond', serviceJson({ inactivityTimeout: 1.5 })],
    ['a timeout without bounds', serviceJson({ inactivityTimeout: 2 ** 64 })],
    ['a factor that is a text', serviceJson({ retryPolicyExponentiationFactor: 'x' })],
    ['an unknown end of retries', serviceJson({ retryPolicyOnMaxAttempts: 'x' })],
    ['an unknown field of a handler', handlerJson({ foo: 1 })],
    ['a handler name with a dash', handlerJson({ name: 'a-b' })],
    ['a handler without name', handlerJson({ name: undefined })],
    ['a handler of an unknown type', handlerJson({ ty: 'X' })],
    ['an unknown field of an input', handlerJson({ input: { foo: 1 } })],
    ['a content type that is a number', handlerJson({ input: { contentType: 5 } })],
    ['an unknown field of an output', handlerJson({ output: { foo: 1 } })],
    ['a JSON schema nested without bounds', handlerJson({ input: { jsonSchema: deep } })],
  ];
  for (const [title, json] of undecodable) {
    test(`cannot decode ${title}`, () => {
      assert.equal(parseManifest(json).kind, 'undecodable');
    });
  }

  test('says where it could not decode', () => {
    const result = parseManifest(handlerJson({ input: { contentType: 5 } }));
    assert.ok(result.kind === 'undecodable');
    assert.match(result.reason, /^services\.0\.handlers\.0\.input\.contentType: /);
  });

  test('quotes the pattern that a name does not match', () => {
    const result = parseManifest(serviceJson({ name: '-a' }));
    assert.deepEqual(result, {
      kind: 'undecodable',
      reason: `services.0.name: doesn't match pattern "^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$"`,
    });
  });

  const refused: ReadonlyArray<readonly [json: string, kind: string, reason: string]> = [
    [manifestJson({ protocolMode: null }), 'badResponse', 'missing protocol mode'],
    [
      manifestJson({ protocolMode: undefined, minProtocolVersion: 9 }),
      'badResponse',
      'missing protocol mode',
    ],
    [
      manifestJson({ maxProtocolVersion: 2_147_483_648 }),
      'badResponse',
      'max protocol version must be in [1, 2147483647]',
    ],
    [
      manifestJson({ minProtocolVersion: 2_147_483_648, maxProtocolVersion: 1e19 }),
      'badResponse',
      'min protocol version must be in [1, 2147483647]',
    ],
    [
      manifestJson({ minProtocolVersion: 6, maxProtocolVersion: 5 }),
      'badResponse',
      "Expected min protocol version to be <= max protocol version. Received min protocol version '6', max protocol version '5'",
    ],
    [
      manifestJson({ minProtocolVersion: 1, maxProtocolVersion: 4 }),
      'unsupportedProtocol',
      'unsupported service protocol versions: [1, 4]. Supported versions by this runtime are [5, 7]. Please upgrade the SDK and try registering again.',
    ],
    [
      manifestJson({ minProtocolVersion: 8, maxProtocolVersion: 9 }),
      'unsupportedProtocol',
      'unsupported service protocol versions: [8, 9]. Supported versions by this runtime are [5, 7]. Please upgrade the SDK and try registering again.',
    ],
  ];
  for (const [json, kind, reason] of refused) {
    test(`refuses a manifest with: ${reason}`, () => {
      assert.deepEqual(parseManifest(json), { kind, reason });
    });
  }
});
