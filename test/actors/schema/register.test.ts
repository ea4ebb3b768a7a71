import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServiceManifest } from '../../../src/actors/domain/manifest.ts';
import {
  activeRevisions,
  EMPTY_SCHEMA,
  type Deployment,
  type Schema,
} from '../../../src/actors/domain/schema.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import {
  findDeploymentAt,
  registerDeployment,
  removeDeployment,
  updateDeployment,
  type DeploymentUpdate,
} from '../../../src/actors/schema/register.ts';
import {
  at,
  atFunction,
  deploymentId,
  discovered,
  registered,
  registration,
  serviceManifest,
  T0,
} from '../../support/schema-fixtures.ts';

const A = at('http://a:9080/');
const B = at('http://b:9080/');

function services(...names: readonly string[]): ReturnType<typeof discovered> {
  return discovered({ services: names.map((name) => serviceManifest({ name })) });
}

/** Every active service with its revision and deployment. */
function active(schema: Schema): Record<string, string> {
  return Object.fromEntries(
    [...schema.services.values()].map((it) => [it.name, `${it.revision} in ${it.deploymentId}`]),
  );
}

function revisionsOf(deployment: Deployment): Record<string, number> {
  return Object.fromEntries([...deployment.services].map(([name, it]) => [name, it.revision]));
}

/** a holds Foo and Bar, b a newer Foo. */
function twoDeployments(): Schema {
  const first = registered(EMPTY_SCHEMA, {
    address: A,
    freshId: deploymentId(1),
    discovered: services('Foo', 'Bar'),
  });
  return registered(first.schema, {
    address: B,
    freshId: deploymentId(2),
    discovered: services('Foo'),
  }).schema;
}

describe('registerDeployment', () => {
  test('makes a new deployment under the fresh id', () => {
    const result = registerDeployment(
      EMPTY_SCHEMA,
      registration({
        address: at('http://a:9080/x?y=z'),
        additionalHeaders: { 'x-api': 'k' },
        metadata: { git: 'abc' },
      }),
    );
    assert.ok(result.kind === 'created');
    const { services: stored, ...fields } = result.deployment;
    assert.deepEqual(fields, {
      id: deploymentId(1),
      endpoint: { kind: 'http', uri: 'http://a:9080/x?y=z', httpVersion: 'HTTP/2.0' },
      protocolMode: 'BidiStream',
      additionalHeaders: { 'x-api': 'k' },
      metadata: { git: 'abc' },
      createdAtMs: T0,
      minProtocolVersion: 5,
      maxProtocolVersion: 7,
      sdkVersion: 'sdk/1',
    });
    assert.deepEqual([...stored.keys()], ['Greeter']);
    assert.equal(result.schema.version, 1);
    assert.equal(result.schema.deployments.get(deploymentId(1)), result.deployment);
    assert.equal(EMPTY_SCHEMA.deployments.size, 0);
  });

  test('counts the revision of each service from its active one', () => {
    const schema = twoDeployments();
    assert.deepEqual(active(schema), {
      Foo: `2 in ${deploymentId(2)}`,
      Bar: `1 in ${deploymentId(1)}`,
    });
  });

  test('leaves a deployment at the same address alone unless forced', () => {
    const schema = twoDeployments();
    const again = registration({ address: at('https://A:9080/?q=1'), breaking: true });
    assert.deepEqual(registerDeployment(schema, again), {
      kind: 'existing',
      deployment: schema.deployments.get(deploymentId(1)),
    });
  });

  test('replaces everything but the id of a deployment when forced', () => {
    const before = registered(EMPTY_SCHEMA, { address: A, metadata: { k: 'v' } }).schema;
    const after = registerDeployment(
      before,
      registration({
        address: at('http://a:9080/?x=1'),
        force: true,
        freshId: deploymentId(9),
        nowMs: unixMillis(T0 + 1),
        additionalHeaders: { h: '1' },
        discovered: services('Other'),
      }),
    );
    assert.ok(after.kind === 'replaced');
    assert.equal(after.deployment.id, deploymentId(1));
    assert.deepEqual(after.deployment.endpoint, {
      kind: 'http',
      uri: 'http://a:9080/?x=1',
      httpVersion: 'HTTP/2.0',
    });
    assert.equal(after.deployment.createdAtMs, T0 + 1);
    assert.deepEqual(after.deployment.metadata, {});
    assert.deepEqual(after.deployment.additionalHeaders, { h: '1' });
    assert.deepEqual(revisionsOf(after.deployment), { Other: 1 });
    assert.deepEqual([...after.schema.services.keys()], ['Other']);
  });

  test('lets a service fall back when its deployment is replaced without it', () => {
    const { schema } = registered(twoDeployments(), {
      address: B,
      force: true,
      discovered: services('Baz'),
    });
    assert.deepEqual(active(schema), {
      Foo: `1 in ${deploymentId(1)}`,
      Bar: `1 in ${deploymentId(1)}`,
      Baz: `1 in ${deploymentId(2)}`,
    });
  });

  test('gives a replaced service a revision after the active one of another deployment', () => {
    const { schema } = registered(twoDeployments(), {
      address: A,
      force: true,
      discovered: services('Foo'),
    });
    assert.deepEqual(active(schema), { Foo: `3 in ${deploymentId(1)}` });
  });

  test('takes the last of two services with one name', () => {
    const { deployment } = registered(EMPTY_SCHEMA, {
      discovered: discovered({
        services: [
          serviceManifest({ documentation: 'first' }),
          serviceManifest({ documentation: 'last' }),
        ],
      }),
    });
    assert.equal(deployment.services.get('Greeter')?.documentation, 'last');
  });

  test('accepts a deployment without services', () => {
    const { deployment } = registered(EMPTY_SCHEMA, { discovered: services() });
    assert.equal(deployment.services.size, 0);
  });

  for (const name of ['restate', 'RESTATEfoo', 'restate.foo', 'openapi', 'OpenAPI']) {
    test(`refuses the reserved name ${name} before anything else`, () => {
      const broken: ServiceManifest = serviceManifest({
        handlers: [{ name: 'h', type: 'Exclusive', options: {} }],
      });
      const result = registerDeployment(
        EMPTY_SCHEMA,
        registration({ discovered: discovered({ services: [broken, serviceManifest({ name })] }) }),
      );
      assert.deepEqual(result, {
        kind: 'refused',
        refusal: {
          kind: 'reservedName',
          message: `cannot insert/modify service '${name}' as it contains a reserved name`,
        },
      });
    });
  }

  test('accepts a name that only contains a reserved one', () => {
    const { schema } = registered(EMPTY_SCHEMA, {
      discovered: services('openapi2', 'my.restate'),
    });
    assert.equal(schema.services.size, 2);
  });

  const typeChange = discovered({ services: [serviceManifest({ name: 'Foo', type: 'Workflow' })] });

  test('refuses a service that changes its type', () => {
    const request = registration({ address: at('http://c'), discovered: typeChange });
    assert.deepEqual(registerDeployment(twoDeployments(), request), {
      kind: 'refused',
      refusal: {
        kind: 'serviceTypeChanged',
        message:
          "detected a new service revision for 'Foo' changing the service type from previous revision. Service type cannot be changed across revisions.",
      },
    });
  });

  for (const allowed of [{ breaking: true }, { force: true }]) {
    test(`lets a service change its type with ${JSON.stringify(allowed)}`, () => {
      const { schema } = registered(twoDeployments(), {
        address: at('http://c'),
        freshId: deploymentId(3),
        discovered: typeChange,
        ...allowed,
      });
      assert.equal(schema.services.get('Foo')?.type, 'Workflow');
      assert.equal(schema.services.get('Foo')?.revision, 3);
    });
  }
});

describe('findDeploymentAt', () => {
  test('finds the newest of several deployments at one address', () => {
    const first = registered(EMPTY_SCHEMA, { address: A, freshId: deploymentId(1) });
    const second = registered(first.schema, {
      address: B,
      freshId: deploymentId(2),
      nowMs: unixMillis(T0 + 1),
    });
    const moved = updateDeployment(second.schema, update({ id: deploymentId(2), address: A }));
    assert.ok(moved.kind === 'updated');
    assert.equal(findDeploymentAt(moved.schema, A)?.id, deploymentId(2));
    assert.equal(findDeploymentAt(moved.schema, B), undefined);
  });
});

describe('a Lambda deployment', () => {
  const first = atFunction('1');
  const asRole = atFunction('1', 'arn:aws:iam::123456789012:role/caller');

  test('is stored with its role and the compression of its manifest', () => {
    const { deployment } = registered(EMPTY_SCHEMA, {
      address: asRole,
      discovered: discovered({ lambdaCompression: 'zstd', protocolMode: 'RequestResponse' }),
    });
    assert.deepEqual(deployment.endpoint, { ...asRole, compression: 'zstd' });
    assert.equal(deployment.protocolMode, 'RequestResponse');
  });

  test('is found by its ARN, whatever the role', () => {
    const { schema } = registered(EMPTY_SCHEMA, { address: first });
    assert.equal(findDeploymentAt(schema, asRole)?.id, deploymentId(1));
    assert.equal(findDeploymentAt(schema, atFunction('2')), undefined);
    assert.equal(findDeploymentAt(schema, A), undefined);
  });

  test('becomes an HTTP deployment by an update with a URI', () => {
    const { schema } = registered(EMPTY_SCHEMA, { address: first });
    const result = updateDeployment(schema, update({ address: B }));
    assert.ok(result.kind === 'updated');
    assert.equal(result.deployment.endpoint.kind, 'http');
  });
});

function update(fields: Partial<DeploymentUpdate> = {}): DeploymentUpdate {
  return {
    id: deploymentId(1),
    address: A,
    additionalHeaders: {},
    discovered: discovered(),
    overwrite: false,
    ...fields,
  };
}

describe('updateDeployment', () => {
  test('changes the address and keeps services, revisions, metadata and creation time', () => {
    const before = registered(EMPTY_SCHEMA, { address: A, metadata: { k: 'v' } });
    const result = updateDeployment(
      before.schema,
      update({
        address: at('http://moved/x'),
        additionalHeaders: { h: '1' },
        discovered: { ...services('Other'), httpVersion: 'HTTP/1.1', sdkVersion: 'sdk/2' },
      }),
    );
    assert.ok(result.kind === 'updated');
    assert.deepEqual(result.deployment, {
      ...before.deployment,
      endpoint: { kind: 'http', uri: 'http://moved/x', httpVersion: 'HTTP/1.1' },
      additionalHeaders: { h: '1' },
      sdkVersion: 'sdk/2',
    });
    assert.equal(result.schema.version, 2);
  });

  test('checks no service names unless it overwrites', () => {
    const { schema } = registered(EMPTY_SCHEMA, { address: A });
    const restate = services('restate');
    assert.equal(updateDeployment(schema, update({ discovered: restate })).kind, 'updated');
    const refused = updateDeployment(schema, update({ discovered: restate, overwrite: true }));
    assert.ok(refused.kind === 'refused');
    assert.equal(refused.refusal.kind, 'reservedName');
  });

  test('overwrites the services under their revisions, whatever their type', () => {
    const twice = registered(twoDeployments(), {
      address: A,
      force: true,
      discovered: services('Foo'),
    });
    const result = updateDeployment(
      twice.schema,
      update({
        overwrite: true,
        discovered: discovered({
          services: [
            serviceManifest({ name: 'Foo', type: 'VirtualObject' }),
            serviceManifest({ name: 'New' }),
          ],
        }),
      }),
    );
    assert.ok(result.kind === 'updated');
    assert.deepEqual(active(result.schema), {
      Foo: `3 in ${deploymentId(1)}`,
      New: `1 in ${deploymentId(1)}`,
    });
    assert.equal(result.schema.services.get('Foo')?.type, 'VirtualObject');
  });

  test('refuses another range of protocol versions', () => {
    const { schema } = registered(EMPTY_SCHEMA, { address: A });
    const result = updateDeployment(
      schema,
      update({ overwrite: true, discovered: discovered({ maxProtocolVersion: 6 }) }),
    );
    assert.deepEqual(result, {
      kind: 'refused',
      refusal: {
        kind: 'protocolRangeChanged',
        message:
          'an update deployment operation must provide an endpoint with the same services and handlers. The update tried to change the supported protocol versions from 5..=7 to 5..=6',
      },
    });
  });

  test('knows no other deployments than the registered ones', () => {
    assert.deepEqual(updateDeployment(EMPTY_SCHEMA, update()), { kind: 'unknownDeployment' });
  });
});

describe('removeDeployment', () => {
  test('makes the next lower revision active, and drops services that have none', () => {
    const schema = twoDeployments();
    const withoutB = removeDeployment(schema, deploymentId(2));
    assert.deepEqual(withoutB && active(withoutB), {
      Foo: `1 in ${deploymentId(1)}`,
      Bar: `1 in ${deploymentId(1)}`,
    });
    const withoutA = removeDeployment(schema, deploymentId(1));
    assert.deepEqual(withoutA && active(withoutA), { Foo: `2 in ${deploymentId(2)}` });
    assert.equal(schema.deployments.size, 2);
  });

  test('says that there is nothing to remove', () => {
    assert.equal(removeDeployment(EMPTY_SCHEMA, deploymentId(1)), undefined);
  });
});

describe('activeRevisions', () => {
  test('does not depend on the order of the deployments', () => {
    const { deployments } = twoDeployments();
    const reversed = new Map([...deployments].reverse());
    assert.deepEqual(activeRevisions(reversed), activeRevisions(deployments));
  });
});
