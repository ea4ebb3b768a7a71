import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveEntry } from '../../../src/actors/attempt/resolve-entry.ts';
import type { EntryContext, EntryResolution } from '../../../src/actors/attempt/resolve-entry.ts';
import type { AttachTarget, CommandMessage } from '../../../src/actors/attempt/service-message.ts';
import { formatAwakeableId, formatInvocationId } from '../../../src/actors/domain/ids.ts';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import { invocationIdFor } from '../../../src/actors/domain/make-invocation-id.ts';
import { EMPTY_SCHEMA } from '../../../src/actors/domain/schema.ts';
import { NO_SCOPE_FEATURES, type ScopeFeatures } from '../../../src/actors/domain/scope.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import {
  discovered,
  handlerManifest,
  registered,
  serviceManifest,
  T0,
} from '../../support/schema-fixtures.ts';

const { schema } = registered(EMPTY_SCHEMA, {
  discovered: discovered({
    services: [
      serviceManifest({ options: { idempotencyRetentionMs: durationMs(7) } }),
      serviceManifest({
        name: 'Counter',
        type: 'VirtualObject',
        handlers: [
          handlerManifest({ name: 'add' }),
          handlerManifest({ name: 'get', type: 'Shared' }),
        ],
      }),
      serviceManifest({
        name: 'Flow',
        type: 'Workflow',
        handlers: [handlerManifest({ name: 'run', type: 'Workflow' }), handlerManifest()],
      }),
    ],
  }),
});

const SERVICE: InvocationTarget = { kind: 'service', service: 'Greeter', handler: 'greet' };
const OBJECT = { kind: 'virtualObject', service: 'Counter', key: 'k', handler: 'add' } as const;
const FLOW = { kind: 'workflow', service: 'Flow', key: 'k', handler: 'run' } as const;
const TARGETS = {
  'a Service': SERVICE,
  'an exclusive handler': { ...OBJECT, mode: 'exclusive' },
  'a shared handler': { ...OBJECT, handler: 'get', mode: 'shared' },
  'a workflow run': { ...FLOW, mode: 'run' },
  'a shared handler of a workflow': { ...FLOW, handler: 'greet', mode: 'shared' },
} as const satisfies Record<string, InvocationTarget>;
type TargetName = keyof typeof TARGETS;
const TARGET_NAMES = Object.keys(TARGETS) as TargetName[];

const EMPTY = new Uint8Array(0);
const KEY = new TextEncoder().encode('k');
const RANDOM = new Uint8Array(16).fill(5);
const INPUT = new TextEncoder().encode('encoded input');
const name = '';
const outcome = { kind: 'success', value: EMPTY } as const;
const ID = formatInvocationId(3n, 4n);

function resolve(
  message: CommandMessage,
  target: InvocationTarget = SERVICE,
  scopeFeatures = NO_SCOPE_FEATURES,
): EntryResolution {
  const context: EntryContext = {
    target,
    schema,
    defaults: HANDLER_DEFAULTS,
    scopeFeatures,
    nowMs: T0,
    randomBytes: () => RANDOM,
    encodeInput: () => INPUT,
  };
  return resolveEntry(message, context);
}

function refusalOf(resolution: EntryResolution): readonly [code: string, message: string] {
  assert.ok(resolution.kind === 'refused', 'the entry is refused');
  assert.equal(resolution.failure.code, 500);
  return [resolution.failure.documentationCode, resolution.failure.message];
}

function call(fields: Partial<CommandMessage & { kind: 'call' }> = {}): CommandMessage {
  return {
    kind: 'call',
    service: 'Greeter',
    handler: 'greet',
    key: '',
    parameter: EMPTY,
    headers: [],
    invocationIdNotificationIdx: 1,
    completionId: 2,
    name,
    ...fields,
  };
}

const READS: readonly CommandMessage[] = [
  { kind: 'getLazyState', key: KEY, completionId: 1, name },
  { kind: 'getLazyStateKeys', completionId: 1, name },
  { kind: 'getEagerState', key: KEY, name },
  { kind: 'getEagerStateKeys', name },
];
const WRITES: readonly CommandMessage[] = [
  { kind: 'setState', key: KEY, value: EMPTY, name },
  { kind: 'clearState', key: KEY, name },
  { kind: 'clearAllState', name },
];
const PROMISES: readonly CommandMessage[] = [
  { kind: 'getPromise', key: 'p', completionId: 1, name },
  { kind: 'peekPromise', key: 'p', completionId: 1, name },
  { kind: 'completePromise', key: 'p', outcome, completionId: 1, name },
];
const STEPS: readonly CommandMessage[] = [
  { kind: 'output', outcome, name },
  { kind: 'sleep', wakeUpTimeMs: 0, completionId: 1, name },
  { kind: 'run', completionId: 1, name },
];

const PERMISSIONS: ReadonlyArray<
  readonly [what: readonly CommandMessage[], refusedIn: ReadonlyMap<TargetName, RegExp>]
> = [
  [READS, new Map([['a Service', /this service type doesn't have state access$/]])],
  [
    WRITES,
    new Map<TargetName, RegExp>([
      ['a Service', /this service type doesn't have state access$/],
      ['a shared handler', /this handler type cannot write state$/],
      ['a shared handler of a workflow', /this handler type cannot write state$/],
    ]),
  ],
  [
    PROMISES,
    new Map<TargetName, RegExp>([
      ['a Service', /only Workflow services support it$/],
      ['an exclusive handler', /only Workflow services support it$/],
      ['a shared handler', /only Workflow services support it$/],
    ]),
  ],
  [STEPS, new Map()],
];

describe('an entry', () => {
  for (const [messages, refusedIn] of PERMISSIONS) {
    for (const message of messages) {
      for (const targetName of TARGET_NAMES) {
        const refusal = refusedIn.get(targetName);
        const verdict = refusal === undefined ? 'accepted' : 'refused';
        test(`${message.kind} is ${verdict} in ${targetName}`, () => {
          const resolution = resolve(message, TARGETS[targetName]);
          if (refusal === undefined) return assert.deepEqual(resolution, { kind: 'resolved' });
          const [code, text] = refusalOf(resolution);
          assert.equal(code, 'RT0017');
          assert.match(text, refusal);
        });
      }
    }
  }
});

describe('a call', () => {
  const refused: ReadonlyArray<
    readonly [what: string, fields: Parameters<typeof call>[0], code: string, text: RegExp]
  > = [
    ['an unknown service', { service: 'Nope' }, 'RT0018', /handler Nope\/greet was not found$/],
    ['an unknown handler', { handler: 'nope' }, 'RT0018', /handler Greeter\/nope was not found$/],
    ['a Service with a key', { key: 'k' }, 'RT0017', /the callee 'Greeter' is a Service\./],
    ['an empty idempotency key', { idempotencyKey: '' }, 'RT0017', /idempotency key .* is empty$/],
    ['a scope', { scope: 's', limitKey: 'l' }, 'RT0024', /scoped invocations require flow control/],
    ['a limit key alone', { limitKey: 'l' }, 'RT0024', /limit key requires a scope/],
  ];
  for (const [what, fields, code, text] of refused) {
    test(`to ${what} is refused, delayed or not`, () => {
      const sent = { ...call(fields), kind: 'oneWayCall', invokeTimeMs: 0 } as CommandMessage;
      for (const message of [call(fields), sent]) {
        const [documentationCode, reason] = refusalOf(resolve(message));
        assert.equal(documentationCode, code);
        assert.match(reason, text);
        assert.match(reason, /failed precondition/);
      }
    });
  }

  const accepted: ReadonlyArray<
    readonly [what: string, fields: Parameters<typeof call>[0], target: InvocationTarget]
  > = [
    ['a Service', {}, SERVICE],
    [
      'an object',
      { service: 'Counter', handler: 'add', key: 'k' },
      TARGETS['an exclusive handler'],
    ],
    [
      'a shared handler',
      { service: 'Counter', handler: 'get', key: 'k' },
      TARGETS['a shared handler'],
    ],
    [
      'an object without a key, which is the empty key',
      { service: 'Counter', handler: 'add' },
      { ...TARGETS['an exclusive handler'], key: '' },
    ],
    ['a workflow', { service: 'Flow', handler: 'run', key: 'k' }, TARGETS['a workflow run']],
    ['a Service once', { idempotencyKey: 'once' }, SERVICE],
  ];
  for (const [what, fields, target] of accepted) {
    test(`reaches ${what}`, () => {
      const resolution = resolve(call(fields));
      assert.ok(resolution.kind === 'resolved' && resolution.callee !== undefined);
      const { idempotencyKey } = fields ?? {};
      const expected = invocationIdFor({ target, idempotencyKey, random: RANDOM, nowMs: T0 });
      assert.deepEqual(resolution.callee.target, target);
      assert.equal(resolution.callee.invocationId, expected);
      assert.equal(resolution.callee.input, INPUT);
    });
  }

  test('keeps its outcome for as long as the callee says', () => {
    const retentionOf = (message: CommandMessage) => {
      const resolution = resolve(message);
      assert.ok(resolution.kind === 'resolved');
      return resolution.callee?.completionRetentionMs;
    };
    assert.equal(retentionOf(call()), HANDLER_DEFAULTS.journalRetentionMs);
    assert.equal(retentionOf(call({ idempotencyKey: 'once' })), 7);
  });
});

describe('a call into a scope', () => {
  const ALL_ON = { scopes: true, scopedObjects: true };

  test('reaches the handler in the scope, with its limit key', () => {
    const message = call({ scope: 's1', limitKey: 'a/', idempotencyKey: 'ik' });
    const resolution = resolve(message, SERVICE, ALL_ON);
    assert.ok(resolution.kind === 'resolved' && resolution.callee !== undefined);
    const target = { ...SERVICE, scope: 's1' };
    const { callee } = resolution;
    assert.deepEqual([callee.target, callee.limitKey], [target, 'a']);
    const idempotencyKey = 'ik';
    const id = invocationIdFor({ target, idempotencyKey, random: RANDOM, nowMs: T0 });
    assert.equal(callee.invocationId, id);
  });

  test('of no name is a call into none', () => {
    const resolution = resolve(call({ scope: '', limitKey: '' }));
    assert.ok(resolution.kind === 'resolved');
    assert.deepEqual(resolution.callee?.target, SERVICE);
    assert.equal(resolution.callee.limitKey, undefined);
  });

  const object = { service: 'Counter', handler: 'add', key: 'k' };
  const refused: ReadonlyArray<
    readonly [
      what: string,
      fields: Parameters<typeof call>[0],
      features: ScopeFeatures,
      code: string,
      reason: string,
    ]
  > = [
    [
      'with scopes switched off',
      { scope: 'a b' },
      NO_SCOPE_FEATURES,
      'RT0024',
      'scoped invocations require flow control experimental feature to be enabled',
    ],
    [
      'that is malformed',
      { scope: 'a b', limitKey: 'a b' },
      ALL_ON,
      'RT0024',
      "the provided scope 'a b' is invalid: value contains characters outside the allowed set [a-zA-Z0-9_.-]",
    ],
    [
      'with a malformed limit key',
      { scope: 's', limitKey: 'a/b/c' },
      ALL_ON,
      'RT0024',
      "the provided limit key 'a/b/c' is invalid: too many path components in the given limit-key (max 2)",
    ],
    [
      'of an object, with scopes of objects switched off',
      { ...object, scope: 's' },
      { scopes: true, scopedObjects: false },
      'RT0017',
      'scope is not supported for Virtual Object targets',
    ],
    [
      'of no name, with a limit key',
      { limitKey: 'a' },
      ALL_ON,
      'RT0024',
      'the limit key requires a scope to be set',
    ],
  ];
  for (const [what, fields, features, code, reason] of refused) {
    test(`${what} is refused`, () => {
      const [documentationCode, message] = refusalOf(resolve(call(fields), SERVICE, features));
      assert.equal(documentationCode, code);
      assert.ok(message.endsWith(`because of a failed precondition: ${reason}`), message);
    });
  }
});

describe('a reference to another invocation', () => {
  const attaches: ReadonlyArray<readonly [target: AttachTarget, id: string]> = [
    [{ kind: 'invocationId', invocationId: ID }, ID],
    [
      { kind: 'workflow', workflow: 'Flow', key: 'k' },
      invocationIdFor({ target: TARGETS['a workflow run'], random: RANDOM, nowMs: T0 }),
    ],
    [
      { kind: 'workflow', workflow: 'Nope', key: 'k', scope: 's' },
      'inv_11110Rzeqthr3nM761ciEdiY03w9GqppoG',
    ],
    [
      {
        kind: 'idempotentRequest',
        service: 'Echo',
        handler: 'scopeInfo',
        idempotencyKey: 'ik',
        scope: 's1',
      },
      'inv_1a1mlWikgvPI7mahHFyJzxTlSoyMxphczE',
    ],
    [
      { kind: 'idempotentRequest', service: 'Greeter', handler: 'greet', idempotencyKey: 'i' },
      invocationIdFor({ target: SERVICE, idempotencyKey: 'i', random: RANDOM, nowMs: T0 }),
    ],
    [
      {
        kind: 'idempotentRequest',
        service: 'Counter',
        key: 'k',
        handler: 'get',
        idempotencyKey: 'i',
      },
      invocationIdFor({
        target: TARGETS['a shared handler'],
        idempotencyKey: 'i',
        random: RANDOM,
        nowMs: T0,
      }),
    ],
  ];
  for (const [target, targetId] of attaches) {
    for (const kind of ['attachInvocation', 'getInvocationOutput'] as const) {
      test(`by ${target.kind} resolves for ${kind}`, () => {
        const resolution = resolve({ kind, target, completionId: 1, name });
        assert.deepEqual(resolution, { kind: 'resolved', targetId });
      });
    }
  }

  const signal = { kind: 'signal', index: 1 } as const;
  const refused: ReadonlyArray<readonly [message: CommandMessage, code: string, text: RegExp]> = [
    [
      {
        kind: 'attachInvocation',
        target: { kind: 'invocationId', invocationId: 'bad' },
        completionId: 1,
        name,
      },
      'RT0017',
      /invalid invocation id bad: bad format$/,
    ],
    [
      {
        kind: 'getInvocationOutput',
        target: { kind: 'workflow', workflow: 'W', key: 'k', scope: 'a b' },
        completionId: 1,
        name,
      },
      'RT0024',
      /the provided scope 'a b' is invalid/,
    ],
    [
      { kind: 'sendSignal', targetInvocationId: 'bad', signal, result: { kind: 'void' }, name },
      'RT0012',
      /^cannot decode entry: .*'bad'/,
    ],
    [
      { kind: 'completeAwakeable', awakeableId: 'sign_1zzz', outcome, name },
      'RT0012',
      /^cannot decode entry: .*'sign_1zzz'/,
    ],
  ];
  for (const [message, code, text] of refused) {
    test(`that is malformed is refused in ${message.kind}`, () => {
      const [documentationCode, reason] = refusalOf(resolve(message));
      assert.equal(documentationCode, code);
      assert.match(reason, text);
    });
  }

  test('by a signal or an awakeable names the invocation', () => {
    const result = { kind: 'void' } as const;
    const sent = resolve({ kind: 'sendSignal', targetInvocationId: ID, signal, result, name });
    assert.deepEqual(sent, { kind: 'resolved', targetId: ID });
    const awakeableId = formatAwakeableId(ID, 17);
    const completed = resolve({ kind: 'completeAwakeable', awakeableId, outcome, name });
    assert.deepEqual(completed, { kind: 'resolved', targetId: ID, awakeableSignalIndex: 17 });
  });

  test('by an awakeable of the old kind leads nowhere', () => {
    const awakeableId = formatAwakeableId(ID, 17).replace('sign_1', 'prom_1');
    const resolution = resolve({ kind: 'completeAwakeable', awakeableId, outcome, name });
    assert.deepEqual(resolution, { kind: 'resolved' });
  });
});
