// What the admin API changes besides deployments: settings of services, Kafka clusters and
// subscriptions, and that it all outlives the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import {
  manifestOf,
  startManifestEndpoint,
  type ManifestEndpoint,
} from '../support/manifest-endpoint.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
let endpoint: ManifestEndpoint;

before(async () => {
  rig = await Rig.start({});
  const handlers = [{ name: 'h' }, { name: 'hidden', ingressPrivate: true }];
  endpoint = await startManifestEndpoint({
    body: manifestOf(
      { name: 'Svc', ty: 'SERVICE', handlers },
      { name: 'Private', ty: 'SERVICE', ingressPrivate: true, handlers: [{ name: 'h' }] },
      { name: 'Flow', ty: 'WORKFLOW', handlers: [{ name: 'run', ty: 'WORKFLOW' }] },
      { name: 'Kept', ty: 'SERVICE', handlers },
    ),
  });
  assert.equal((await rig.register({ uri: endpoint.url })).status, 201);
});

after(async () => {
  await endpoint.dispose();
  await rig.dispose();
});

function send(method: string, path: string, body?: unknown): Promise<HttpReply> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return rig.admin.request({ method, path, headers, body: JSON.stringify(body) });
}

async function expect(status: number, ...request: Parameters<typeof send>): Promise<unknown> {
  const reply = await send(...request);
  assert.equal(reply.status, status, reply.text());
  return reply.body.length === 0 ? undefined : reply.json();
}

async function assertRefused(
  status: number,
  [message, code]: readonly [message: string, code?: string],
  ...request: Parameters<typeof send>
): Promise<void> {
  const refusal = await expect(status, ...request);
  assert.deepEqual(refusal, { message, restate_code: code ?? null });
}

describe('settings of a service', () => {
  test('are changed without a new revision', async () => {
    const before = await expect(200, 'GET', '/services/Svc');
    const settings = {
      idempotency_retention: '1 week',
      journal_retention: '0',
      inactivity_timeout: 'PT1H30M',
      abort_timeout: '1500ms',
    };
    const changed = await expect(200, 'PATCH', '/services/Svc', settings);
    assertHas(changed, {
      revision: field(before, 'revision'),
      deployment_id: field(before, 'deployment_id'),
      public: true,
      idempotency_retention: '7d',
      journal_retention: '0s',
      inactivity_timeout: '1h 30m',
      abort_timeout: '1s 500ms',
    });
    const shown = await expect(200, 'GET', '/services/Svc');
    assertHas(shown, { abort_timeout: '1s 500ms', journal_retention: '0s' });
    const deployment = `/deployments/${stringField(shown, 'deployment_id')}`;
    const services = field(await expect(200, 'GET', deployment), 'services');
    assert.ok(Array.isArray(services));
    const hosted = services.find((service) => field(service, 'name') === 'Svc');
    assertHas(hosted, { abort_timeout: '1s 500ms', journal_retention: '0s' });
  });

  for (const settings of [{}, { public: null, abort_timeout: null }, { odd: 1 }]) {
    test(`stay as they are after ${JSON.stringify(settings)}`, async () => {
      const before = await expect(200, 'GET', '/services/Kept');
      const after = await expect(200, 'PATCH', '/services/Kept', settings);
      for (const name of ['public', 'abort_timeout', 'revision']) {
        assert.equal(field(after, name), field(before, name), name);
      }
    });
  }

  /** Whether the service, and which of its handlers are public. */
  async function publicParts(service: string): Promise<readonly unknown[]> {
    const found = await expect(200, 'GET', `/services/${service}`);
    const handlers = field(found, 'handlers');
    assert.ok(Array.isArray(handlers));
    const names = handlers.filter((handler) => field(handler, 'public') === true);
    return [field(found, 'public'), ...names.map((handler) => field(handler, 'name'))];
  }

  test('hide a service and show it again, except its private handlers', async () => {
    assert.deepEqual(await publicParts('Svc'), [true, 'h']);
    await expect(200, 'PATCH', '/services/Svc', { public: false });
    assert.deepEqual(await publicParts('Svc'), [false]);
    const refused = await rig.ingress.post('/Svc/h');
    assert.equal(refused.status, 400, refused.text());
    await expect(200, 'PATCH', '/services/Svc', { public: true });
    assert.deepEqual(await publicParts('Svc'), [true, 'h']);
  });

  test('show the handlers of a service that was private', async () => {
    assert.deepEqual(await publicParts('Private'), [false]);
    await expect(200, 'PATCH', '/services/Private', { public: true });
    assert.deepEqual(await publicParts('Private'), [true, 'h']);
  });

  test('are about the result of a workflow only for workflows', async () => {
    const settings = { workflow_completion_retention: '5s' };
    const changed = await expect(200, 'PATCH', '/services/Flow', settings);
    assertHas(changed, { workflow_completion_retention: '5s' });
    const message = 'modifying retention time for service type Service is unsupported';
    await assertRefused(400, [message], 'PATCH', '/services/Svc', settings);
  });

  for (const duration of ['10', '', 'bogus', '1 month', '-5s', 5]) {
    test(`are no durations like ${JSON.stringify(duration)}`, async () => {
      const reply = await send('PATCH', '/services/Svc', { abort_timeout: duration });
      assert.equal(reply.status, 422);
      assert.match(reply.text(), /^Failed to deserialize .* type: abort_timeout: ./);
    });
  }
});

describe('a Kafka cluster', () => {
  const properties = { 'bootstrap.servers': 'b:9092', 'sasl.password': 'p', 'client.id': 'c' };
  const shown = { ...properties, 'sasl.password': '***' };

  test('is created, listed, updated and removed, without showing its secrets', async () => {
    const reply = await send('POST', '/kafka-clusters', { name: 'my.cluster', properties });
    assert.equal(reply.status, 201, reply.text());
    assert.equal(reply.headers['location'], 'kafka-clusters/my.cluster');
    assertHas(reply.json(), { name: 'my.cluster', properties: shown });
    const createdAt = stringField(reply.json(), 'created_at');
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);

    const clusters = field(await expect(200, 'GET', '/kafka-clusters'), 'clusters');
    assert.ok(Array.isArray(clusters));
    assert.deepEqual(
      clusters.map((cluster) => field(cluster, 'name')),
      ['my.cluster'],
    );
    const found = await expect(200, 'GET', '/kafka-clusters/my.cluster');
    assertHas(found, { properties: shown, created_at: createdAt, subscriptions: [] });

    const replaced = { 'metadata.broker.list': 'x' };
    const change = { properties: replaced };
    const updated = await expect(200, 'PATCH', '/kafka-clusters/my.cluster', change);
    assertHas(updated, { properties: replaced, created_at: createdAt });
    await expect(202, 'DELETE', '/kafka-clusters/my.cluster');
    assert.equal((await send('GET', '/kafka-clusters/my.cluster')).status, 404);
  });

  test('is refused when it exists, has no brokers or no usable name', async () => {
    await expect(201, 'POST', '/kafka-clusters', { name: 'twice', properties });
    const twice = "kafka cluster 'twice' already exists in schema registry";
    await assertRefused(409, [twice], 'POST', '/kafka-clusters', { name: 'twice', properties });
    const missing =
      "kafka cluster 'c' properties must contain either 'bootstrap.servers' or 'metadata.broker.list'";
    await assertRefused(400, [missing], 'POST', '/kafka-clusters', { name: 'c', properties: {} });
    for (const name of ['', 'a b', 'a/b', '%41', 5]) {
      assert.equal((await send('POST', '/kafka-clusters', { name, properties })).status, 422);
    }
    const odd = { name: 'c', properties: { 'bootstrap.servers': 1 } };
    assert.equal((await send('POST', '/kafka-clusters', odd)).status, 422);
  });
});

describe('a subscription', () => {
  const properties = { 'bootstrap.servers': 'b:9092' };
  const subscription = { source: 'kafka://events/topic?x=1', sink: 'service://Svc/h' };

  before(() => expect(201, 'POST', '/kafka-clusters', { name: 'events', properties }));

  async function listed(query: string): Promise<readonly unknown[]> {
    const found = field(await expect(200, 'GET', `/subscriptions${query}`), 'subscriptions');
    assert.ok(Array.isArray(found));
    return found.map((one) => field(one, 'id'));
  }

  test('is created, found and removed', async () => {
    const reply = await send('POST', '/subscriptions', subscription);
    assert.equal(reply.status, 201, reply.text());
    const id = stringField(reply.json(), 'id');
    assert.match(id, /^sub_1[0-9a-zA-Z]{22}$/);
    assert.equal(reply.headers['location'], `subscriptions/${id}`);
    const options = { 'client.id': 'restate', 'group.id': id };
    const shown = { id, source: 'kafka://events/topic', sink: 'service://Svc/h', options };
    assertHas(reply.json(), shown);
    assertHas(await expect(200, 'GET', `/subscriptions/${id}`), shown);

    assert.deepEqual(await listed(''), [id]);
    assert.deepEqual(await listed('?sink=service%3A%2F%2FSvc%2Fh&source=kafka://events/topic'), [
      id,
    ]);
    assert.deepEqual(await listed('?sink=service://Svc/h&source=kafka://events/other'), []);
    const cluster = '/kafka-clusters/events';
    const subscriptions = async (query: string): Promise<unknown> =>
      field(await expect(200, 'GET', cluster + query), 'subscriptions');
    assert.deepEqual(await subscriptions('?include_subscriptions=false'), []);
    const included = await subscriptions('?include_subscriptions=true');
    assert.ok(Array.isArray(included));
    assertHas(included[0], shown);

    const orphan = `Removing the kafka cluster 'events' leads to subscription '${id}' being orphan. Remove the subscription first, or use the 'force' flag.`;
    await assertRefused(409, [orphan], 'DELETE', cluster);
    await expect(202, 'DELETE', `/subscriptions/${id}`);
    await expect(202, 'DELETE', cluster);
    await expect(201, 'POST', '/kafka-clusters', { name: 'events', properties });
  });

  test('stays when its cluster is removed by force', async () => {
    await expect(201, 'POST', '/kafka-clusters', { name: 'gone', properties });
    const source = 'kafka://gone/topic';
    const created = await expect(201, 'POST', '/subscriptions', { ...subscription, source });
    await expect(202, 'DELETE', '/kafka-clusters/gone?force=true');
    assert.deepEqual(await listed(`?source=${source}`), [field(created, 'id')]);
  });

  test('may override the options, secret ones unseen', async () => {
    const options = { 'group.id': 'g', 'sasl.username': 'u' };
    const created = await expect(201, 'POST', '/subscriptions', { ...subscription, options });
    const shown = { 'client.id': 'restate', 'group.id': 'g', 'sasl.username': '***' };
    assertHas(created, { options: shown });
  });

  const kafka = 'must have a scheme segment, with supported schemes: [kafka].';
  const service = 'must have a scheme segment, with supported schemes: [service].';
  const sink = 'cannot find service/handler specified in the sink URI.';
  const invalid: ReadonlyArray<readonly [source: string, sink: string, message: string]> = [
    ['http://events/t', 'service://Svc/h', `invalid source URI 'http://events/t': ${kafka}`],
    ['events', 'service://Svc/h', `invalid source URI 'events': ${kafka}`],
    ['kafka://events/t', 'http://Svc/h', `invalid sink URI 'http://Svc/h': ${service}`],
    ['kafka://nope/t', 'service://X/y', `invalid sink URI 'service://X/y': ${sink}`],
    ['kafka://events/t', 'service://Svc', `invalid sink URI 'service://Svc/': ${sink}`],
  ];
  for (const [source, to, message] of invalid) {
    test(`from ${source} to ${to} is refused`, async () => {
      const refusal = [`[META0009] ${message}`, 'META0009'] as const;
      await assertRefused(400, refusal, 'POST', '/subscriptions', { source, sink: to });
    });
  }

  test('to a cluster that is not registered names those that are', async () => {
    const reply = await send('POST', '/subscriptions', {
      source: 'kafka://nope/t',
      sink: 'service://Svc/h',
    });
    assert.equal(reply.status, 400);
    const message = stringField(reply.json(), 'message');
    assert.match(
      message,
      /^Kafka cluster 'nope' not found\. Available clusters: \[.*"events".*\]$/,
    );
  });

  for (const source of ['', 'a b', 'events/t', 'kafka:///t']) {
    test(`from '${source}' is no URI`, async () => {
      assert.equal((await send('POST', '/subscriptions', { ...subscription, source })).status, 422);
    });
  }
});

describe('a value', () => {
  test('is converted by the deployment of its service', async () => {
    const path = '/internal/services/Svc/serdes/decode/some/serde';
    const reply = await rig.admin.request({ method: 'POST', path, body: 'x' });
    assert.equal(reply.status, 200, reply.text());
    assert.equal(reply.headers['content-type'], undefined);
    assertHas(endpoint.discoveries.at(-1), {
      ':method': 'POST',
      ':path': '/serdes/Svc/decode/some/serde',
      'content-type': 'application/octet-stream',
      accept: 'application/json',
      'x-restate-serdes-protocol': 'v1',
      'x-restate-cluster-name': 'localcluster',
    });
  });

  test('is not converted by a deployment without serdes', async () => {
    endpoint.answer({ status: 404, body: 'no' });
    const reply = await rig.admin.request({
      method: 'POST',
      path: '/internal/services/Svc/serdes/encode/x',
    });
    assert.equal(reply.status, 500);
    assert.match(
      stringField(reply.json(), 'message'),
      /^Internal server error: got status code '404'/,
    );
  });
});

describe('after a crash', () => {
  test('changed settings, clusters and subscriptions are still there', async () => {
    const properties = { 'bootstrap.servers': 'b:9092' };
    await expect(201, 'POST', '/kafka-clusters', { name: 'durable', properties });
    const source = 'kafka://durable/t';
    const subscription = { source, sink: 'service://Kept/h' };
    const { id } = (await expect(201, 'POST', '/subscriptions', subscription)) as {
      readonly id: string;
    };
    await expect(200, 'PATCH', '/services/Kept', { abort_timeout: '77s', public: false });
    await rig.crash();
    assertHas(await expect(200, 'GET', '/services/Kept'), {
      abort_timeout: '1m 17s',
      public: false,
    });
    assertHas(await expect(200, 'GET', '/kafka-clusters/durable'), { properties });
    assertHas(await expect(200, 'GET', `/subscriptions/${id}`), { source });
  });

  test('removed ones are not', async () => {
    await expect(202, 'DELETE', '/kafka-clusters/durable?force=true');
    await rig.crash();
    assert.equal((await send('GET', '/kafka-clusters/durable')).status, 404);
  });
});
