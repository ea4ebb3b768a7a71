import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { formatSubscriptionId } from '../../src/actors/domain/ids.ts';
import { changeRules, EMPTY_RULE_BOOK, removeRules } from '../../src/actors/domain/rule-book.ts';
import { EMPTY_SCHEMA, type Schema } from '../../src/actors/domain/schema.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import type { SchemaStore } from '../../src/actors/ports.ts';
import { createCluster, createSubscription, removeCluster } from '../../src/actors/schema/kafka.ts';
import { removeDeployment } from '../../src/actors/schema/register.ts';
import { openEnvironment } from '../../src/storage/environment.ts';
import { openSchemaStore } from '../../src/storage/schema-store.ts';
import { packRow } from '../../src/storage/value-codec.ts';
import {
  at,
  atFunction,
  deploymentId,
  discovered,
  handlerManifest,
  registered,
  serviceManifest,
  T0,
} from '../support/schema-fixtures.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'schema-store-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What a store opened afresh finds. */
async function reopen(): Promise<Schema> {
  const store = openSchemaStore(directory);
  const schema = store.load();
  await store.close();
  return schema;
}

async function reopened(store: SchemaStore): Promise<Schema> {
  await store.close();
  return reopen();
}

/** Three deployments that use every optional field and share a service. */
function fullSchema(): Schema {
  const rich = serviceManifest({
    name: 'Rich',
    type: 'Workflow',
    documentation: 'doc',
    metadata: { a: 'b' },
    options: {
      inactivityTimeoutMs: durationMs(0),
      enableLazyState: true,
      retryPolicy: { maxAttempts: 'unlimited', onMaxAttempts: 'kill', exponentiationFactor: 1.5 },
    },
    handlers: [
      handlerManifest({
        type: 'Workflow',
        metadata: { c: 'd' },
        options: { workflowCompletionRetentionMs: durationMs(5) },
        input: {
          required: true,
          contentType: 'application/json',
          jsonSchema: { title: 'T', properties: { 'a.b': { enum: [1, null, 'x', 1.5, [{}]] } } },
        },
        output: { contentType: 'text/plain', setContentTypeIfEmpty: true, jsonSchema: true },
      }),
      handlerManifest({ name: 'look', input: { required: false } }),
    ],
  });
  const first = registered(EMPTY_SCHEMA, {
    additionalHeaders: { 'x-api': 'ü' },
    metadata: { git: 'abc' },
    discovered: discovered({ services: [rich, serviceManifest()] }),
  });
  const second = registered(first.schema, { address: at('http://b'), freshId: deploymentId(2) });
  const { schema } = registered(second.schema, {
    address: atFunction('1', 'arn:aws:iam::123456789012:role/caller'),
    freshId: deploymentId(9),
    discovered: discovered({ lambdaCompression: 'zstd', protocolMode: 'RequestResponse' }),
  });
  return withKafka(schema);
}

function withKafka(schema: Schema): Schema {
  const properties = { 'bootstrap.servers': 'b', 'sasl.password': 'p', __proto__x: '' };
  const created = createCluster(schema, 'long'.repeat(1000), properties, T0);
  assert.ok(created.kind === 'changed');
  const subscribed = createSubscription(created.schema, {
    id: formatSubscriptionId(1n),
    source: `kafka://${'long'.repeat(1000)}/t`,
    sink: 'service://Greeter/greet',
    options: { a: 'ü' },
  });
  assert.ok(subscribed.kind === 'changed');
  return subscribed.schema;
}

describe('the schema store', () => {
  test('begins empty', async () => {
    assert.deepEqual(await reopen(), EMPTY_SCHEMA);
  });

  test('gives back what was saved, with the active revisions', async () => {
    const schema = fullSchema();
    const store = openSchemaStore(directory);
    await store.save(schema);
    await store.close();
    assert.deepEqual(await reopen(), schema);
  });

  test('gives back the last of several saves, removed deployments left out', async () => {
    const store = openSchemaStore(directory);
    const schema = fullSchema();
    await store.save(schema);
    const without = removeDeployment(schema, deploymentId(1));
    assert.ok(without !== undefined);
    await store.save(without);
    await store.close();
    assert.deepEqual(await reopen(), without);
  });

  test('gives back the rules of scopes, and none that was removed', async () => {
    const store = openSchemaStore(directory);
    const change = { disabled: false, precondition: { kind: 'none' } } as const;
    const changes = [
      { ...change, pattern: 'a/*', concurrency: 1, description: 'ü' },
      { ...change, pattern: 'b', disabled: true },
    ];
    const made = changeRules(EMPTY_RULE_BOOK, changes, unixMillis(1));
    assert.ok(made.kind === 'changed');
    const schema = { ...fullSchema(), ruleBook: made.book };
    await store.save(schema);
    assert.deepEqual(await reopened(store), schema);

    const again = openSchemaStore(directory);
    const removal = { pattern: 'b', precondition: { kind: 'none' } } as const;
    const removed = removeRules(again.load().ruleBook, [removal]);
    assert.ok(removed.kind === 'removed');
    await again.save({ ...schema, ruleBook: removed.book });
    assert.deepEqual(await reopened(again), { ...schema, ruleBook: removed.book });
  });

  test('saves on top of what another run left', async () => {
    const before = openSchemaStore(directory);
    await before.save(fullSchema());
    await before.close();
    const store = openSchemaStore(directory);
    const changed = registered(store.load(), { address: at('http://c'), freshId: deploymentId(3) });
    await store.save(changed.schema);
    await store.close();
    assert.deepEqual(await reopen(), changed.schema);
  });

  test('gives back what was left of Kafka', async () => {
    const store = openSchemaStore(directory);
    const schema = fullSchema();
    await store.save(schema);
    const removed = removeCluster(schema, 'long'.repeat(1000), { force: true });
    assert.ok(removed.kind === 'changed');
    await store.save(removed.schema);
    await store.close();
    assert.deepEqual(await reopen(), removed.schema);
  });

  test('writes only the rows of deployments that changed', async () => {
    const store = openSchemaStore(directory);
    const schema = fullSchema();
    await store.save(schema);
    const rows = openEnvironment(directory);
    const key = Buffer.from(`deployment/${deploymentId(1)}`);
    // Writing the row again would undo this.
    await rows.put(key, Buffer.from('marked'));
    const { schema: changed } = registered(schema, {
      address: at('http://c'),
      freshId: deploymentId(3),
    });
    await store.save(changed);
    assert.equal(rows.getBinary(key)?.toString(), 'marked');
    await rows.close();
    await store.close();
  });

  test('reads deployments that were stored when there were none but HTTP ones', async () => {
    const { schema } = registered(EMPTY_SCHEMA, { address: at('http://a') });
    const [deployment] = schema.deployments.values();
    assert.ok(deployment !== undefined);
    const { endpoint, services, ...fields } = deployment;
    const revisions = [...services.values()].map((revision) => ({
      ...revision,
      handlers: [...revision.handlers.values()],
    }));
    assert.ok(endpoint.kind === 'http');
    const { uri, httpVersion } = endpoint;
    const environment = openEnvironment(directory);
    await environment.put(Buffer.from('changes'), packRow([1, schema.version]));
    await environment.put(
      Buffer.from(`deployment/${deployment.id}`),
      packRow([1, { ...fields, uri, httpVersion, services: revisions }]),
    );
    await environment.close();
    assert.deepEqual(await reopen(), schema);
  });

  test('refuses rows of another version', async () => {
    const environment = openEnvironment(directory);
    await environment.put(Buffer.from('changes'), Buffer.from([0x92, 0x02, 0x01]));
    await environment.close();
    const store = openSchemaStore(directory);
    assert.throws(() => store.load(), /version 1, not 2/);
    await store.close();
  });
});
