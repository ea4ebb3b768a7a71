import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InvocationTarget } from '../../../src/actors/domain/invocation.ts';
import { HANDLER_DEFAULTS } from '../../../src/actors/domain/limits.ts';
import { EMPTY_SCHEMA } from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { findDestination } from '../../../src/actors/schema/destination.ts';
import type { Destination, DestinationQuery } from '../../../src/actors/schema/destination.ts';
import {
  at,
  deploymentId,
  discovered,
  handlerManifest,
  registered,
  serviceManifest,
} from '../../support/schema-fixtures.ts';

const ONE = deploymentId(1);
const TWO = deploymentId(2);
const ms = durationMs;

/** Greeter in both deployments, the second being newer; Old only in the first. */
const first = registered(EMPTY_SCHEMA, {
  discovered: discovered({
    services: [
      serviceManifest({
        options: { abortTimeoutMs: ms(1), inactivityTimeoutMs: ms(2) },
        handlers: [handlerManifest({ options: { abortTimeoutMs: ms(3) } })],
      }),
      serviceManifest({ name: 'Old' }),
    ],
  }),
}).schema;
const schema = registered(first, {
  address: at('http://other'),
  freshId: TWO,
  discovered: discovered({
    minProtocolVersion: 6,
    maxProtocolVersion: 9,
    services: [serviceManifest({ options: { abortTimeoutMs: ms(4) } })],
  }),
}).schema;

function target(service: string, handler = 'greet'): InvocationTarget {
  return { kind: 'service', service, handler };
}

function find(fields: Partial<DestinationQuery> = {}): Destination {
  return findDestination(schema, {
    target: target('Greeter'),
    pin: undefined,
    defaults: HANDLER_DEFAULTS,
    negotiate: (_min, max) => Math.min(max, 6),
    ...fields,
  });
}

function found(destination: Destination): Destination & { kind: 'found' } {
  assert.ok(destination.kind === 'found', JSON.stringify(destination));
  return destination;
}

describe('an attempt goes', () => {
  test('to the latest deployment of its service, at the version they agree on', () => {
    const { deployment, pin, options } = found(find());
    assert.equal(deployment.id, TWO);
    assert.deepEqual(pin, { deploymentId: TWO, protocolVersion: 6 });
    assert.equal(options.abortTimeoutMs, 4);
  });

  test('to the deployment it is pinned to, at the pinned version and with the options there', () => {
    const pin = { deploymentId: ONE, protocolVersion: 5 };
    const negotiate = (): number => assert.fail('a pinned invocation negotiates nothing');
    const destination = found(find({ pin, negotiate }));
    assert.equal(destination.deployment.id, ONE);
    assert.equal(destination.pin, pin);
    assert.equal(destination.options.abortTimeoutMs, 3);
    assert.equal(destination.options.inactivityTimeoutMs, 2);
  });

  test('with the options of the service to a handler that the deployment does not have', () => {
    const pin = { deploymentId: ONE, protocolVersion: 5 };
    const { options } = found(find({ pin, target: target('Greeter', 'nope') }));
    assert.equal(options.abortTimeoutMs, 1);
  });

  const missing: ReadonlyArray<
    readonly [why: string, fields: Partial<DestinationQuery>, code: string, text: RegExp]
  > = [
    ['no deployment has its service', { target: target('Nope') }, 'RT0011', /service 'Nope'$/],
    [
      'its deployment is gone',
      { pin: { deploymentId: deploymentId(9), protocolVersion: 5 } },
      'RT0011',
      new RegExp(`not found in the registry.*'${deploymentId(9)}'`),
    ],
    [
      'its deployment lost the service',
      { target: target('Old'), pin: { deploymentId: TWO, protocolVersion: 5 } },
      'RT0011',
      /service 'Old'$/,
    ],
    ['no version is common', { negotiate: () => undefined }, 'RT0013', /no supported .* version$/],
  ];
  for (const [why, fields, code, text] of missing) {
    test(`nowhere when ${why}`, () => {
      const destination = find(fields);
      assert.ok(destination.kind === 'missing');
      assert.equal(destination.failure.documentationCode, code);
      assert.equal(destination.failure.code, 500);
      assert.match(destination.failure.message, text);
    });
  }

  test('where negotiation is told the range of the deployment', () => {
    const ranges: Array<readonly [number, number]> = [];
    find({ negotiate: (min, max) => void ranges.push([min, max]) });
    assert.deepEqual(ranges, [[6, 9]]);
  });
});
