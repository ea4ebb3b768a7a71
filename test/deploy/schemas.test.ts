// The manifests against the schemas of Kubernetes and Knative.
import { Service as KnativeService } from '@kubernetes-models/knative/serving.knative.dev/v1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { Service } from 'kubernetes-models/v1';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readManifests } from '../support/manifests.ts';

/** Builds an object of one kind from what a manifest says, and checks it. */
interface Model {
  new (content: never): { validate(): void };
  readonly apiVersion: string;
  readonly kind: string;
}

const MODELS: readonly Model[] = [Deployment, Job, KnativeService, Service, StatefulSet];

function validate(apiVersion: string, kind: string, content: unknown): void {
  const ModelOfKind = MODELS.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  assert.ok(ModelOfKind !== undefined, `no schema of ${apiVersion} ${kind}`);
  // The types of the models say what `validate` checks.
  new ModelOfKind(content as never).validate();
}

describe('the manifest', () => {
  for (const { file, apiVersion, kind, name, content } of readManifests()) {
    test(`of ${kind} ${name} in ${file} is valid`, () => validate(apiVersion, kind, content));
  }
});

test('a manifest with a wrong or a missing member is not valid', () => {
  const valid = { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } };
  validate('v1', 'Service', valid);
  const wrong = { ...valid, spec: { ports: [{ port: 'eighty' }] } };
  assert.throws(() => validate('v1', 'Service', wrong), /port must be integer/);
  assert.throws(
    () => validate('apps/v1', 'StatefulSet', { spec: {} }),
    /must have required property/,
  );
});
