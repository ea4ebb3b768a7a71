import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  HandlerManifest,
  InputManifest,
  OutputManifest,
  ServiceManifest,
} from '../../../src/actors/domain/manifest.ts';
import type {
  Handler,
  HandlerType,
  InputRule,
  ServiceRevision,
  ServiceType,
} from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { buildRevision } from '../../../src/actors/schema/service-revision.ts';
import { deploymentId, handlerManifest, serviceManifest } from '../../support/schema-fixtures.ts';

const PLACE = { deploymentId: deploymentId(1), revision: 3 };

function build(fields: Partial<ServiceManifest>): ServiceRevision {
  const built = buildRevision(serviceManifest(fields), PLACE);
  assert.ok(built.kind === 'built', JSON.stringify(built));
  return built.revision;
}

function refusalOf(fields: Partial<ServiceManifest>): string {
  const built = buildRevision(serviceManifest(fields), PLACE);
  assert.ok(built.kind === 'refused');
  assert.equal(built.refusal.kind, 'invalidManifest');
  return built.refusal.message;
}

function buildOne(fields: Partial<HandlerManifest>): Handler {
  const handler = build({ handlers: [handlerManifest(fields)] }).handlers.get('greet');
  assert.ok(handler !== undefined);
  return handler;
}

function refusalOfOne(fields: Partial<HandlerManifest>): string {
  return refusalOf({ handlers: [handlerManifest(fields)] });
}

describe('the type of a handler', () => {
  const rows: ReadonlyArray<
    readonly [
      service: ServiceType,
      declared: HandlerType | undefined,
      type: HandlerType | 'none' | 'refused',
    ]
  > = [
    ['Service', undefined, 'none'],
    ['Service', 'Shared', 'none'],
    ['Service', 'Exclusive', 'refused'],
    ['Service', 'Workflow', 'refused'],
    ['VirtualObject', undefined, 'Exclusive'],
    ['VirtualObject', 'Shared', 'Shared'],
    ['VirtualObject', 'Exclusive', 'Exclusive'],
    ['VirtualObject', 'Workflow', 'refused'],
    ['Workflow', undefined, 'Shared'],
    ['Workflow', 'Shared', 'Shared'],
    ['Workflow', 'Exclusive', 'refused'],
    ['Workflow', 'Workflow', 'Workflow'],
  ];
  for (const [service, declared, type] of rows) {
    test(`declared ${declared ?? 'not at all'} in a ${service} is ${type}`, () => {
      const fields = { type: service, handlers: [handlerManifest({ type: declared })] };
      if (type === 'refused') {
        assert.equal(
          refusalOf(fields),
          `invalid combination of service type and handler type '(${service}, Some(${declared}))'`,
        );
      } else {
        assert.equal(build(fields).handlers.get('greet')?.type ?? 'none', type);
      }
    });
  }
});

describe('a service revision', () => {
  test('stands at its place, with everything the manifest says', () => {
    const revision = build({
      documentation: 'doc',
      metadata: { a: 'b' },
      options: { abortTimeoutMs: durationMs(1) },
    });
    const { handlers, ...fields } = revision;
    assert.deepEqual(fields, {
      name: 'Greeter',
      type: 'Service',
      ...PLACE,
      public: true,
      documentation: 'doc',
      metadata: { a: 'b' },
      options: { abortTimeoutMs: 1, workflowCompletionRetentionMs: undefined },
    });
    assert.deepEqual([...handlers.keys()], ['greet']);
  });

  test('takes the last of two handlers with one name', () => {
    const revision = build({
      handlers: [
        handlerManifest({ documentation: 'first' }),
        handlerManifest({ documentation: 'last' }),
      ],
    });
    assert.equal(revision.handlers.size, 1);
    assert.equal(revision.handlers.get('greet')?.documentation, 'last');
  });

  test('takes the retention of the result from the last run handler that sets it', () => {
    const run = (name: string, ms: number | undefined): HandlerManifest => ({
      name,
      type: 'Workflow',
      options: { workflowCompletionRetentionMs: ms === undefined ? undefined : durationMs(ms) },
    });
    const revision = build({
      type: 'Workflow',
      handlers: [run('a', 9000), run('b', 1000), run('c', undefined)],
    });
    assert.equal(revision.options.workflowCompletionRetentionMs, 1000);
    for (const { options } of revision.handlers.values()) {
      assert.equal(options.workflowCompletionRetentionMs, undefined);
    }
  });
});

describe('public', () => {
  const rows: ReadonlyArray<
    readonly [service: boolean | undefined, handler: boolean | undefined, isPublic: boolean]
  > = [
    [undefined, undefined, true],
    [undefined, true, false],
    [false, false, true],
    [false, true, false],
    [true, undefined, true],
    [true, true, false],
  ];
  for (const [service, handler, isPublic] of rows) {
    test(`is ${isPublic} for a handler with private ${service} at the service and ${handler} at the handler`, () => {
      const revision = build({
        private: service,
        handlers: [handlerManifest({ private: handler })],
      });
      assert.equal(revision.public, service !== true);
      assert.equal(revision.handlers.get('greet')?.public, isPublic);
    });
  }

  test('cannot be asked for by a handler of a private service', () => {
    assert.equal(
      refusalOf({ private: true, handlers: [handlerManifest({ private: false })] }),
      'The service Greeter is private, but the greet is explicitly set as public. This is not supported. Please make the service public, and hide the individual handlers',
    );
  });
});

describe('retentions', () => {
  const ms = durationMs(1);

  for (const type of ['Service', 'VirtualObject', 'Workflow'] as const) {
    test(`of a workflow's result are refused at other handlers of a ${type}`, () => {
      const handlers = [handlerManifest({ options: { workflowCompletionRetentionMs: ms } })];
      assert.equal(
        refusalOf({ type, handlers }),
        "greet sets the workflow_completion_retention, but it's not a WORKFLOW handler",
      );
    });
  }

  test('by idempotency key are refused at a run handler', () => {
    const handlers = [
      handlerManifest({ type: 'Workflow', options: { idempotencyRetentionMs: ms } }),
    ];
    assert.equal(
      refusalOf({ type: 'Workflow', handlers }),
      "greet sets the idempotency_retention, but it's a WORKFLOW handler",
    );
  });
});

describe('a negative exponentiation factor', () => {
  const options = { retryPolicy: { exponentiationFactor: -1 } };
  const fault =
    'sets the exponentiation_factor of its retry_policy to -1, but it must not be negative';

  test('is refused at a service', () => {
    assert.equal(refusalOf({ options }), `Greeter ${fault}`);
  });

  test('is refused at a handler', () => {
    assert.equal(refusalOf({ handlers: [handlerManifest({ options })] }), `greet ${fault}`);
  });
});

describe('faults of one handler', () => {
  const retention = { workflowCompletionRetentionMs: durationMs(1) };
  const input = { required: false, contentType: 'x' };
  const rows: ReadonlyArray<readonly [fields: Partial<HandlerManifest>, first: RegExp]> = [
    [{ type: 'Exclusive', options: retention, private: false, input }, /^invalid combination/],
    [
      { options: retention, private: false, input },
      /^greet sets the workflow_completion_retention/,
    ],
    [{ private: false, input }, /^The service Greeter is private/],
    [{ input }, /^the handler 'greet' input content-type/],
  ];
  for (const [fields, first] of rows) {
    test(`are reported in order: ${String(first)}`, () => {
      assert.match(refusalOf({ private: true, handlers: [handlerManifest(fields)] }), first);
    });
  }
});

describe('the input rules of a handler', () => {
  const noBody: InputRule = { kind: 'noBodyAndNoContentType' };
  const ofType = (contentType: string): InputRule => ({ kind: 'contentType', contentType });
  const ofTypeWithBody = (contentType: string): InputRule => ({
    kind: 'contentTypeAndBody',
    contentType,
  });
  const json = 'application/json';
  const rows: ReadonlyArray<
    readonly [
      input: Partial<InputManifest> | undefined,
      rules: readonly InputRule[],
      description: string,
    ]
  > = [
    [undefined, [noBody, ofType('*/*')], '*/*'],
    [{}, [noBody], 'none'],
    [{ jsonSchema: { type: 'number' } }, [noBody], 'none'],
    [{ required: true }, [], '<invalid rules>'],
    [{ contentType: json }, [noBody, ofType(json)], json],
    [{ contentType: ' a/b ' }, [noBody, ofType('a/b')], 'a/b'],
    [{ contentType: '*/*' }, [noBody, ofType('*/*')], '*/*'],
    [{ contentType: 'text/*' }, [noBody, ofType('text/*')], 'text/*'],
    [{ contentType: 'a/b/c' }, [noBody, ofType('a/b/c')], 'a/b/c'],
    [{ contentType: '/' }, [noBody, ofType('/')], '/'],
    [{ required: true, contentType: json }, [ofType(json)], json],
    [
      { contentType: json, jsonSchema: { title: 'MyInput', type: 'object' } },
      [noBody, ofTypeWithBody(json)],
      "JSON 'MyInput'",
    ],
    [
      { required: true, contentType: json, jsonSchema: { type: 'number' } },
      [ofTypeWithBody(json)],
      'JSON number',
    ],
    [{ contentType: json, jsonSchema: { title: '' } }, [noBody, ofTypeWithBody(json)], "JSON ''"],
    [{ contentType: 'a/b', jsonSchema: {} }, [noBody, ofTypeWithBody('a/b')], 'a/b'],
    [{ contentType: 'a/b', jsonSchema: true }, [noBody, ofTypeWithBody('a/b')], 'a/b'],
    [
      { contentType: 'a/b', jsonSchema: { type: ['number', 'null'] } },
      [noBody, ofTypeWithBody('a/b')],
      'a/b',
    ],
  ];
  for (const [input, rules, description] of rows) {
    test(`for ${JSON.stringify(input)} are shown as ${description}`, () => {
      const handler = buildOne({ input: input && { required: false, ...input } });
      assert.deepEqual(handler.inputRules, rules);
      assert.equal(handler.inputDescription, description);
    });
  }

  test('come with the JSON schema only when there is a content type', () => {
    const schema = { type: 'number' };
    const withType = { required: false, contentType: 'a/b', jsonSchema: schema };
    assert.equal(buildOne({ input: withType }).inputJsonSchema, schema);
    assert.equal(
      buildOne({ input: { required: false, jsonSchema: schema } }).inputJsonSchema,
      undefined,
    );
  });

  const refused: ReadonlyArray<readonly [contentType: string, reason: string]> = [
    ['foo bar baz', "can't parse the content-type 'foo bar baz': must contain one /"],
    ['', "can't parse the content-type '': must contain one /"],
    [
      '*/json',
      "can't parse the content-type '*/json': the wildcard format */subType is not supported",
    ],
    ['*/', "can't parse the content-type '*/': the wildcard format */subType is not supported"],
  ];
  for (const [contentType, reason] of refused) {
    test(`cannot be made of the content type '${contentType}'`, () => {
      assert.equal(
        refusalOfOne({ input: { required: false, contentType } }),
        `the handler 'greet' input content-type is not valid: ${reason}`,
      );
    });
  }

  test('cannot be made of an invalid JSON schema', () => {
    const input = { required: false, contentType: 'a/b', jsonSchema: 5 };
    assert.match(
      refusalOfOne({ input }),
      /^the json schema for Greeter\/greet input is invalid: 5/,
    );
  });
});

describe('the output of a handler', () => {
  const rows: ReadonlyArray<
    readonly [
      output: Partial<OutputManifest> | undefined,
      expected: readonly [contentType: string | undefined, ifEmpty: boolean, description: string],
    ]
  > = [
    [undefined, ['application/json', false, 'application/json']],
    [{}, [undefined, false, 'none']],
    [{ setContentTypeIfEmpty: true }, [undefined, false, 'none']],
    [{ jsonSchema: { type: 'foo' } }, [undefined, false, 'none']],
    [{ contentType: 'text/plain' }, ['text/plain', false, 'text/plain']],
    [{ contentType: 'bad' }, ['bad', false, 'bad']],
    [
      { contentType: 'text/plain', setContentTypeIfEmpty: true },
      ['text/plain', true, 'optional text/plain'],
    ],
    [
      { contentType: 'a/b', setContentTypeIfEmpty: true, jsonSchema: { title: 'T' } },
      ['a/b', true, "JSON 'T'"],
    ],
    [{ contentType: 'a/b', jsonSchema: { type: 'number' } }, ['a/b', false, 'JSON number']],
  ];
  for (const [output, expected] of rows) {
    test(`for ${JSON.stringify(output)} is shown as ${expected[2]}`, () => {
      const handler = buildOne({ output: output && { setContentTypeIfEmpty: false, ...output } });
      assert.deepEqual(
        [handler.outputContentType, handler.setContentTypeIfEmpty, handler.outputDescription],
        expected,
      );
    });
  }

  test('has no content type with a line break', () => {
    const output = { contentType: 'a/b\nx', setContentTypeIfEmpty: false };
    assert.match(refusalOfOne({ output }), /output content-type is not valid/);
  });

  test('has no invalid JSON schema', () => {
    const output = { contentType: 'a/b', setContentTypeIfEmpty: false, jsonSchema: [] };
    assert.match(refusalOfOne({ output }), /^the json schema for Greeter\/greet output is invalid/);
  });
});
