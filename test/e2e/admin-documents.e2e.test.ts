// The OpenAPI documents: that of the admin API, checked against what the server answers, and those of
// services.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApiDocument, type ApiOperation } from '../support/api-document.ts';
import type { HttpReply } from '../support/http.ts';
import { field, stringField } from '../support/json.ts';
import {
  manifestOf,
  startManifestEndpoint,
  type ManifestEndpoint,
} from '../support/manifest-endpoint.ts';
import { Rig } from '../support/rig.ts';
import { serverUnderTest } from '../support/servers.ts';

const JSON_TYPE = 'application/json';
const reference = { $ref: '#/$defs/Name' };

const SERVICES = [
  {
    name: 'Svc',
    ty: 'SERVICE',
    documentation: 'What it is.',
    metadata: { owner: 'me' },
    handlers: [
      { name: 'plain', documentation: 'What it does.', metadata: { a: 'b' } },
      {
        name: 'typed',
        input: {
          required: true,
          contentType: JSON_TYPE,
          jsonSchema: { $defs: { Name: { type: 'string' } }, properties: { name: reference } },
        },
        output: { contentType: JSON_TYPE, setContentTypeIfEmpty: false, jsonSchema: true },
      },
      { name: 'none', input: {}, output: {} },
      {
        name: 'optional',
        input: { required: false, contentType: 'text/*', jsonSchema: true },
        output: { contentType: 'text/plain', setContentTypeIfEmpty: true },
      },
      { name: 'hidden', ingressPrivate: true },
    ],
  },
  { name: 'Obj', ty: 'VIRTUAL_OBJECT', handlers: [{ name: 'read', ty: 'SHARED' }] },
  {
    name: 'Flow',
    ty: 'WORKFLOW',
    handlers: [{ name: 'run', ty: 'WORKFLOW' }, { name: 'query' }],
  },
  { name: 'Private', ty: 'SERVICE', ingressPrivate: true, handlers: [{ name: 'h' }] },
];

const DOES_NOT_EXIST = { type: 'does_not_exist' };

let rig: Rig;
let endpoint: ManifestEndpoint;
let document: ApiDocument;

before(async () => {
  rig = await Rig.start({});
  endpoint = await startManifestEndpoint({ body: manifestOf(...SERVICES) });
  document = await ApiDocument.fetch(rig.admin);
});

after(async () => {
  await endpoint.dispose();
  await rig.dispose();
});

/** Of the reference's document. */
const OPERATIONS = `
GET    /cluster-health                              cluster_health
GET    /deployments                                 list_deployments
POST   /deployments                                 create_deployment           body
GET    /deployments/{deployment}                    get_deployment              path deployment
DELETE /deployments/{deployment}                    delete_deployment           path deployment, query force?
PATCH  /deployments/{deployment}                    update_deployment           path deployment, body
GET    /health                                      health
DELETE /invocations/{invocation_id}                 delete_invocation           path invocation_id, query mode?
PATCH  /invocations/{invocation_id}/cancel          cancel_invocation           path invocation_id
PATCH  /invocations/{invocation_id}/kill            kill_invocation             path invocation_id
PATCH  /invocations/{invocation_id}/pause           pause_invocation            path invocation_id
PATCH  /invocations/{invocation_id}/purge           purge_invocation            path invocation_id
PATCH  /invocations/{invocation_id}/purge-journal   purge_journal               path invocation_id
PATCH  /invocations/{invocation_id}/restart-as-new  restart_as_new_invocation   path invocation_id, query from?, query deployment?
PATCH  /invocations/{invocation_id}/resume          resume_invocation           path invocation_id, query deployment?
GET    /kafka-clusters                              list_kafka_clusters
POST   /kafka-clusters                              create_kafka_cluster        body
GET    /kafka-clusters/{cluster_name}               get_kafka_cluster           path cluster_name, query include_subscriptions?
DELETE /kafka-clusters/{cluster_name}               delete_kafka_cluster        path cluster_name, query force?
PATCH  /kafka-clusters/{cluster_name}               update_kafka_cluster        path cluster_name, body
PUT    /limits/rules                                upsert_rules                body
POST   /limits/rules/bulk-delete                    bulk_delete_rules           body
POST   /query                                       query                       body
GET    /services                                    list_services
GET    /services/{service}                          get_service                 path service
PATCH  /services/{service}                          modify_service              path service, body
GET    /services/{service}/handlers                 list_service_handlers       path service
GET    /services/{service}/handlers/{handler}       get_service_handler         path service, path handler
GET    /services/{service}/openapi                  get_service_openapi         path service
POST   /services/{service}/state                    modify_service_state        path service, body
GET    /subscriptions                               list_subscriptions          query sink?, query source?
POST   /subscriptions                               create_subscription         body
GET    /subscriptions/{subscription}                get_subscription            path subscription
DELETE /subscriptions/{subscription}                delete_subscription         path subscription
GET    /version                                     version
POST   /vqueues/{vqueue_id}/pause                   pause_vqueue                path vqueue_id
POST   /vqueues/{vqueue_id}/resume                  resume_vqueue               path vqueue_id
`
  .trim()
  .split('\n')
  .map((line) => line.replaceAll(/ +/g, ' '));

function describeOperation({ method, path, id, parameters, hasBody }: ApiOperation): string {
  const takes = [...parameters, ...(hasBody ? ['body'] : [])];
  return `${method} ${path} ${id} ${takes.join(', ')}`.trim();
}

describe('the document of the admin API', () => {
  test('has the operations and parameters of the reference', () => {
    assert.deepEqual(document.operations.map(describeOperation).toSorted(), OPERATIONS.toSorted());
  });

  test('names every operation once, and every parameter of a path', () => {
    const ids = document.operations.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, parameters } of document.operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
      assert.deepEqual(
        parameters.filter((parameter) => parameter.startsWith('path')),
        named,
        path,
      );
    }
  });

  test('has the schemas that clients are generated for', () => {
    const names = [
      'ClusterHealthResponse',
      'CreateKafkaClusterRequest',
      'CreateSubscriptionRequest',
      'DeleteRuleRequest',
      'DeploymentResponse',
      'DetailedDeploymentResponse',
      'ErrorDescriptionResponse',
      'HandlerMetadata',
      'KafkaClusterResponse',
      'ListDeploymentsResponse',
      'ListKafkaClustersResponse',
      'ListServiceHandlersResponse',
      'ListServicesResponse',
      'ListSubscriptionsResponse',
      'ModifyServiceRequest',
      'ModifyServiceStateRequest',
      'Precondition',
      'QueryErrorBody',
      'QueryRequest',
      'RegisterDeploymentRequest',
      'RegisterDeploymentResponse',
      'RestartAsNewInvocationResponse',
      'RuleResponse',
      'SchemaInfo',
      'ServiceMetadata',
      'ServiceNameRevPair',
      'SimpleKafkaClusterResponse',
      'SubscriptionResponse',
      'UpdateDeploymentRequest',
      'UpdateKafkaClusterRequest',
      'UpsertRuleRequest',
      'UserLimits',
      'VersionInformation',
    ];
    const missing = names.filter((name) => !document.schemaNames.includes(name));
    assert.deepEqual(missing, []);
  });

  test('describes what the server answers', async () => {
    const call = async (method: string, path: string, body?: object): Promise<HttpReply> => {
      const headers = body === undefined ? {} : { 'content-type': JSON_TYPE };
      const reply = await rig.admin.request({ method, path, headers, body: JSON.stringify(body) });
      document.check(method, path, reply);
      return reply;
    };
    const registered = await call('POST', '/deployments', { uri: endpoint.url });
    assert.equal(registered.status, 201);
    const deployment = `/deployments/${stringField(registered.json(), 'id')}`;
    await call('POST', '/deployments', { uri: endpoint.url });
    for (const path of ['/health', '/version', '/cluster-health', '/deployments', deployment]) {
      assert.equal((await call('GET', path)).status, 200, path);
    }
    await call('PATCH', deployment, { dry_run: true });
    for (const { name, handlers } of SERVICES) {
      await call('GET', `/services/${name}`);
      await call('GET', `/services/${name}/handlers`);
      await call('GET', `/services/${name}/handlers/${handlers[0]?.name}`);
      await call('GET', `/services/${name}/openapi`);
    }
    await call('GET', '/services');
    await call('PATCH', '/services/Obj', { abort_timeout: '5m' });
    await call('POST', '/services/Obj/state', { object_key: 'k', new_state: {} });
    const changes = [{ pattern: 'a/*', limits: { concurrency: 1 }, description: 'x' }];
    await call('PUT', '/limits/rules', changes);
    await call('PUT', '/limits/rules', [{ pattern: 'a/*', precondition: DOES_NOT_EXIST }]);
    await call('POST', '/limits/rules/bulk-delete', [{ pattern: 'a/*' }]);
    await call('POST', '/vqueues/vq_18acK3cKZ5CK5zTkXzgrWfLw5MzrFnU3UV/pause');
    await call('POST', '/vqueues/vq/resume');
    const properties = { 'bootstrap.servers': 'b:9092' };
    await call('POST', '/kafka-clusters', { name: 'c', properties });
    const created = await call('POST', '/subscriptions', {
      source: 'kafka://c/t',
      sink: 'service://Svc/plain',
    });
    const subscription = `/subscriptions/${stringField(created.json(), 'id')}`;
    for (const path of ['/kafka-clusters', '/subscriptions', subscription]) {
      assert.equal((await call('GET', path)).status, 200, path);
    }
    await call('GET', '/kafka-clusters/c?include_subscriptions=true');
    await call('PATCH', '/kafka-clusters/c', { properties });
    await call('DELETE', '/kafka-clusters/c?force=true');
    await call('DELETE', subscription);
    await call('GET', '/services/Nope');
    await call('GET', `/deployments/dp_11bnGiHbkfDHqKPHMoQDmpj`);
    await call('DELETE', `${deployment}?force=true`);
  });
});

describe('the document of a service', () => {
  before(() => rig.register({ uri: endpoint.url, force: true }));

  async function documentOf(service: string): Promise<unknown> {
    const reply = await rig.admin.get(`/services/${service}/openapi`);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], JSON_TYPE);
    return reply.json();
  }

  async function operationsOf(service: string): Promise<readonly string[]> {
    const paths = field(await documentOf(service), 'paths') ?? {};
    return Object.entries(paths)
      .flatMap(([path, methods]: [string, object]) =>
        Object.entries(methods).map(
          ([method, operation]) => `${method} ${path} ${stringField(operation, 'operationId')}`,
        ),
      )
      .toSorted();
  }

  async function operation(service: string, path: string, method = 'post'): Promise<unknown> {
    const paths = field(await documentOf(service), 'paths');
    return field(field(paths, path), method);
  }

  test('is about the service and the ingress', async () => {
    const found = await documentOf('Svc');
    assert.equal(field(found, 'openapi'), '3.1.0');
    const info = field(found, 'info');
    assert.equal(field(info, 'title'), 'Svc');
    assert.match(stringField(info, 'version'), /^\d+$/);
    assert.equal(field(info, 'description'), 'What it is.');
    assert.deepEqual(field(info, 'x-restate-extensions'), { owner: 'me' });
    const url = `${rig.server.ingressUrl}/`;
    assert.deepEqual(field(found, 'servers'), [{ url, description: 'Restate Ingress URL' }]);
  });

  const expected: ReadonlyArray<readonly [service: string, operations: readonly string[]]> = [
    [
      'Obj',
      [
        'post /restate/call/Obj/{key}/read read',
        'post /restate/send/Obj/{key}/read readSend',
        'get /restate/invocation/Obj/{key}/read/{idempotencyKey}/attach readAttach',
        'get /restate/invocation/Obj/{key}/read/{idempotencyKey}/output readOutput',
      ],
    ],
    [
      'Flow',
      [
        'post /restate/call/Flow/{key}/run run',
        'post /restate/send/Flow/{key}/run runSend',
        'post /restate/call/Flow/{key}/query query',
        'post /restate/send/Flow/{key}/query querySend',
        'get /restate/workflow/Flow/{key}/attach runAttach',
        'get /restate/workflow/Flow/{key}/output runOutput',
      ],
    ],
    [
      'Private',
      [
        'post /restate/call/Private/h h',
        'post /restate/send/Private/h hSend',
        'get /restate/invocation/Private/h/{idempotencyKey}/attach hAttach',
        'get /restate/invocation/Private/h/{idempotencyKey}/output hOutput',
      ],
    ],
  ];
  for (const [service, operations] of expected) {
    test(`${service} has an operation for each way to reach a handler`, async () => {
      assert.deepEqual(await operationsOf(service), operations.toSorted());
    });
  }

  test('leaves private handlers out', async () => {
    const operations = await operationsOf('Svc');
    assert.equal(operations.length, 4 * 4);
    assert.deepEqual(
      operations.filter((name) => name.includes('hidden')),
      [],
    );
  });

  test('says what a handler takes and returns', async () => {
    const rows: ReadonlyArray<readonly [handler: string, input: unknown, output: unknown]> = [
      ['plain', { content: { '*/*': {} }, required: false }, { [JSON_TYPE]: {} }],
      [
        'typed',
        {
          content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/typedRequest' } } },
          required: true,
        },
        { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/typedResponse' } } },
      ],
      ['none', undefined, undefined],
      [
        'optional',
        {
          content: { 'text/*': { schema: { $ref: '#/components/schemas/optionalRequest' } } },
          required: false,
        },
        { 'text/plain': {} },
      ],
    ];
    for (const [handler, input, output] of rows) {
      const call = await operation('Svc', `/restate/call/Svc/${handler}`);
      assert.deepEqual(field(call, 'requestBody'), input, handler);
      assert.deepEqual(field(field(field(call, 'responses'), '200'), 'content'), output, handler);
      const sent = await operation('Svc', `/restate/send/Svc/${handler}`);
      assert.deepEqual(field(sent, 'requestBody'), input, handler);
    }
  });

  test('carries the schemas of handlers, with references that resolve', async () => {
    const schemas = field(field(await documentOf('Svc'), 'components'), 'schemas') ?? {};
    assert.deepEqual(Object.keys(schemas).toSorted(), [
      'RestateError',
      'optionalRequest',
      'typedRequest',
      'typedResponse',
    ]);
    assert.deepEqual(field(schemas, 'typedRequest'), {
      $defs: { Name: { type: 'string' } },
      properties: { name: { $ref: '#/components/schemas/typedRequest/$defs/Name' } },
    });
    assert.deepEqual(field(schemas, 'optionalRequest'), {});
    assert.equal(field(schemas, 'typedResponse'), true);
  });

  test('has the parameters of each way', async () => {
    const parameters = async (service: string, path: string, method?: string) => {
      const found = field(await operation(service, path, method), 'parameters');
      return JSON.stringify(found).replaceAll('{"$ref":"#/components/parameters/', '"{');
    };
    assert.equal(await parameters('Svc', '/restate/call/Svc/none'), '["{idempotencyKeyHeader"}]');
    assert.equal(
      await parameters('Obj', '/restate/send/Obj/{key}/read'),
      '["{key"},"{idempotencyKeyHeader"},"{delay"}]',
    );
    assert.equal(await parameters('Flow', '/restate/call/Flow/{key}/run'), '["{key"}]');
    const output = '/restate/invocation/Obj/{key}/read/{idempotencyKey}/output';
    assert.equal(await parameters('Obj', output, 'get'), '["{key"},"{idempotencyKeyPath"}]');
  });

  test('repeats what a handler says about itself', async () => {
    const call = await operation('Svc', '/restate/call/Svc/plain');
    assert.equal(field(call, 'description'), 'What it does.');
    assert.deepEqual(field(call, 'x-restate-extensions'), { a: 'b' });
  });
});

test('the server tells of refused requests, too', async (context) => {
  if (serverUnderTest === 'reference') {
    context.skip('its document leaves them out');
    return;
  }
  for (const { method, path, statuses, hasBody } of document.operations) {
    if (!hasBody) continue;
    for (const status of ['400', '413', '415', '422']) {
      assert.ok(statuses.includes(status), `${method} ${path} may answer ${status}`);
    }
  }
});
