import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EMPTY_SCHEMA } from '../../../src/actors/domain/schema.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { modifyService, type ServiceSettings } from '../../../src/actors/schema/modify-service.ts';
import {
  at,
  deploymentId,
  discovered,
  registered,
  serviceManifest,
} from '../../support/schema-fixtures.ts';

const services = discovered({
  services: [
    serviceManifest({ options: { abortTimeoutMs: durationMs(1), enableLazyState: true } }),
    serviceManifest({ name: 'Flow', type: 'Workflow', handlers: [] }),
  ],
});
const first = registered(EMPTY_SCHEMA, { discovered: services, freshId: deploymentId(1) }).schema;
const { schema } = registered(first, {
  address: at('http://other/'),
  discovered: services,
  freshId: deploymentId(2),
});

function modified(service: string, settings: ServiceSettings) {
  const change = modifyService(schema, service, settings);
  assert.ok(change.kind === 'changed', JSON.stringify(change));
  return change;
}

describe('changed settings of a service', () => {
  test('hold in the active revision, whose number stays', () => {
    const change = modified('Greeter', { journalRetentionMs: durationMs(5), public: false });
    assert.equal(change.schema.services.get('Greeter'), change.value);
    assert.deepEqual([change.value.revision, change.value.deploymentId], [2, deploymentId(2)]);
    assert.deepEqual([change.value.public, change.value.options.journalRetentionMs], [false, 5]);
    const older = change.schema.deployments.get(deploymentId(1));
    assert.equal(older, schema.deployments.get(deploymentId(1)));
    assert.equal(change.schema.version, schema.version + 1);
  });

  test('leave the other settings as they are', () => {
    const { value } = modified('Greeter', {
      inactivityTimeoutMs: durationMs(7),
      abortTimeoutMs: undefined,
    });
    assert.equal(value.public, true);
    assert.deepEqual([value.options.inactivityTimeoutMs, value.options.abortTimeoutMs], [7, 1]);
    assert.equal(value.options.enableLazyState, true);
  });

  test('may be about the result of a workflow, and of nothing else', () => {
    const settings = { workflowCompletionRetentionMs: durationMs(3) };
    assert.equal(modified('Flow', settings).value.options.workflowCompletionRetentionMs, 3);
    assert.deepEqual(modifyService(schema, 'Greeter', settings), {
      kind: 'refused',
      refusal: {
        kind: 'retentionUnsupported',
        message: 'modifying retention time for service type Service is unsupported',
      },
    });
  });

  test('need a service', () => {
    assert.deepEqual(modifyService(schema, 'Nope', {}), {
      kind: 'refused',
      refusal: {
        kind: 'notRegistered',
        message: "not found in the schema registry: service with name 'Nope'",
      },
    });
  });
});
