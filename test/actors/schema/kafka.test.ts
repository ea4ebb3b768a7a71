import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatSubscriptionId } from '../../../src/actors/domain/ids.ts';
import {
  findClusterNameFault,
  formatSink,
  formatSource,
} from '../../../src/actors/domain/kafka.ts';
import { EMPTY_SCHEMA, type Schema } from '../../../src/actors/domain/schema.ts';
import type { SchemaChange } from '../../../src/actors/schema/change.ts';
import {
  createCluster,
  createSubscription,
  removeCluster,
  removeSubscription,
  updateCluster,
} from '../../../src/actors/schema/kafka.ts';
import { registered, T0 } from '../../support/schema-fixtures.ts';

const PROPERTIES = { 'bootstrap.servers': 'b:9092' };
const ID = formatSubscriptionId(7n);

function changed<T>(change: SchemaChange<T>): { readonly schema: Schema; readonly value: T } {
  assert.ok(change.kind === 'changed', JSON.stringify(change));
  return change;
}

function refusalOf(change: SchemaChange<unknown>): readonly [kind: string, message: string] {
  assert.ok(change.kind === 'refused');
  return [change.refusal.kind, change.refusal.message];
}

const withService = registered(EMPTY_SCHEMA).schema;
const withCluster = changed(createCluster(withService, 'c', PROPERTIES, T0)).schema;

function subscribe(source: string, sink: string, options = {}) {
  return createSubscription(withCluster, { id: ID, source, sink, options });
}

const subscribed = changed(subscribe('kafka://c/t', 'service://Greeter/greet')).schema;

describe('a Kafka cluster', () => {
  test('is kept with the time of its creation', () => {
    const { schema, value } = changed(createCluster(EMPTY_SCHEMA, 'c', PROPERTIES, T0));
    assert.deepEqual(value, { name: 'c', properties: PROPERTIES, createdAtMs: T0 });
    assert.equal(schema.kafka.clusters.get('c'), value);
    assert.equal(schema.version, EMPTY_SCHEMA.version + 1);
    assert.equal(EMPTY_SCHEMA.kafka.clusters.size, 0);
  });

  test('keeps nothing but that time when it is updated', () => {
    const properties = { 'metadata.broker.list': 'x' };
    const { value } = changed(updateCluster(withCluster, 'c', properties));
    assert.deepEqual(value, { name: 'c', properties, createdAtMs: T0 });
  });

  test('needs brokers, whether it exists or not', () => {
    const message = (name: string) =>
      `kafka cluster '${name}' properties must contain either 'bootstrap.servers' or 'metadata.broker.list'`;
    const changes = [
      [createCluster(withCluster, 'c', {}, T0), 'c'],
      [updateCluster(withCluster, 'c', { brokers: 'b' }), 'c'],
      [updateCluster(withCluster, 'd', {}), 'd'],
    ] as const;
    for (const [change, name] of changes) {
      assert.deepEqual(refusalOf(change), ['invalidCluster', message(name)]);
    }
  });

  test('is created once', () => {
    const message = "kafka cluster 'c' already exists in schema registry";
    assert.deepEqual(refusalOf(createCluster(withCluster, 'c', PROPERTIES, T0)), [
      'alreadyExists',
      message,
    ]);
  });

  test('that does not exist is neither updated nor removed', () => {
    const registry = 'not found in the schema registry: kafka cluster';
    const updated = updateCluster(withCluster, 'd', PROPERTIES);
    assert.deepEqual(refusalOf(updated), ['notRegistered', `${registry} 'd'`]);
    const removed = removeCluster(withCluster, 'd', { force: true });
    assert.deepEqual(refusalOf(removed), ['notRegistered', `${registry} named 'd'`]);
  });

  test('that is subscribed to is removed only by force, and leaves the subscription', () => {
    const [kind, message] = refusalOf(removeCluster(subscribed, 'c', { force: false }));
    assert.equal(kind, 'clusterInUse');
    assert.ok(message.includes(ID), message);
    const { schema } = changed(removeCluster(subscribed, 'c', { force: true }));
    assert.equal(schema.kafka.clusters.size, 0);
    assert.equal(schema.kafka.subscriptions.size, 1);
  });
});

describe('the name of a Kafka cluster', () => {
  const rows: ReadonlyArray<readonly [name: string, fault: string | undefined]> = [
    ...['c', 'A_b.c-d', '127.0.0.1', '[::1]', 'a:9', 'a:', 'a@b:c@d', "a'b", '*', '.', ':'].map(
      (name) => [name, undefined] as const,
    ),
    ['', 'empty string'],
    ...['a b', 'a/b', 'ä', 'a?b', 'a#b', 'a<b', 'a|b', 'a\\b'].map(
      (name) => [name, 'invalid uri character'] as const,
    ),
    ...['%41', 'a:b:c', 'a[b', 'a]', '@', 'a@'].map((name) => [name, 'invalid authority'] as const),
  ];
  for (const [name, fault] of rows) {
    test(`'${name}' has ${fault ?? 'no'} fault`, () => {
      assert.equal(findClusterNameFault(name), fault);
    });
  }
});

describe('a subscription', () => {
  test('belongs to a consumer group of its own unless it names one', () => {
    const { value } = changed(subscribe('kafka://c/t', 'service://Greeter/greet', { a: 'b' }));
    assert.deepEqual(value.options, { 'client.id': 'restate', 'group.id': ID, a: 'b' });
    const named = changed(subscribe('kafka://c/t', 'service://Greeter/greet', { 'group.id': 'g' }));
    assert.equal(named.value.options['group.id'], 'g');
  });

  test('takes the group of its cluster and does not repeat the client id', () => {
    const properties = { ...PROPERTIES, 'group.id': 'clusterwide', 'client.id': 'me' };
    const { schema } = changed(updateCluster(withCluster, 'c', properties));
    const subscription = { id: ID, source: 'kafka://c/t', sink: 'service://Greeter/greet' };
    const inherited = changed(createSubscription(schema, { ...subscription, options: {} }));
    assert.deepEqual(inherited.value.options, { 'group.id': 'clusterwide' });
    const options = { 'group.id': 'own', 'client.id': 'mine' };
    const own = changed(createSubscription(schema, { ...subscription, options }));
    assert.deepEqual(own.value.options, options);
  });

  const accepted: ReadonlyArray<readonly [source: string, shown: string]> = [
    ['kafka://c/t', 'kafka://c/t'],
    ['kafka://c', 'kafka://c/'],
    ['kafka://c/a/b', 'kafka://c/a/b'],
    ['kafka://c/t?x=1#y', 'kafka://c/t'],
  ];
  for (const [source, shown] of accepted) {
    test(`to ${source} is shown as one to ${shown}`, () => {
      const { value } = changed(subscribe(source, 'service://Greeter/greet?y=1'));
      assert.deepEqual(
        [formatSource(value), formatSink(value)],
        [shown, 'service://Greeter/greet'],
      );
    });
  }

  const scheme = (name: string) => `must have a scheme segment, with supported schemes: [${name}].`;
  const missing = 'cannot find service/handler specified in the sink URI.';
  const refused: ReadonlyArray<readonly [source: string, sink: string, message: string]> = [
    ['http://c/t', 'http://x', `invalid source URI 'http://c/t': ${scheme('kafka')}`],
    ['KAFKA://c/t', 'x', `invalid source URI 'KAFKA://c/t': ${scheme('kafka')}`],
    ['c', 'x', `invalid source URI 'c': ${scheme('kafka')}`],
    ['kafka://d/t', 'http://x', `invalid sink URI 'http://x/': ${scheme('service')}`],
    ['kafka://d/t', 'service://X/y', `invalid sink URI 'service://X/y': ${missing}`],
    ['kafka://d/t', 'service://Greeter', `invalid sink URI 'service://Greeter/': ${missing}`],
  ];
  for (const [source, sink, message] of refused) {
    test(`from ${source} to ${sink} is refused`, () => {
      assert.deepEqual(refusalOf(subscribe(source, sink)), ['invalidSubscription', message]);
    });
  }

  test('needs a registered cluster', () => {
    assert.deepEqual(refusalOf(subscribe('kafka://d/t', 'service://Greeter/greet')), [
      'unknownCluster',
      `Kafka cluster 'd' not found. Available clusters: ["c"]`,
    ]);
  });

  test('is removed once', () => {
    const { schema } = changed(removeSubscription(subscribed, ID));
    assert.equal(schema.kafka.subscriptions.size, 0);
    assert.deepEqual(refusalOf(removeSubscription(schema, ID)), [
      'notRegistered',
      `not found in the schema registry: subscription with id '${ID}'`,
    ]);
  });
});
