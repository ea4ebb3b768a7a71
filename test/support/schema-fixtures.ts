// Manifests and registrations with everything filled in that a test does not care about.
import assert from 'node:assert/strict';
import { parseDeploymentUri, type DeploymentUri } from '../../src/actors/domain/deployment-uri.ts';
import type { HttpAddress, LambdaAddress } from '../../src/actors/domain/endpoint.ts';
import { formatDeploymentId, type DeploymentId } from '../../src/actors/domain/ids.ts';
import { parseLambdaArn } from '../../src/actors/domain/lambda-arn.ts';
import type {
  DiscoveredDeployment,
  EndpointManifest,
  HandlerManifest,
  ServiceManifest,
} from '../../src/actors/domain/manifest.ts';
import type { Deployment, Schema } from '../../src/actors/domain/schema.ts';
import { unixMillis } from '../../src/actors/domain/time.ts';
import { registerDeployment, type Registration } from '../../src/actors/schema/register.ts';

export const T0 = unixMillis(1_795_000_000_000);

/** The nth deployment id, the same in every run. */
export function deploymentId(n: number): DeploymentId {
  return formatDeploymentId(BigInt(n));
}

export function uri(text: string): DeploymentUri {
  const parsed = parseDeploymentUri(text);
  assert.ok(parsed.kind === 'absolute', `${text} is an absolute URI`);
  return parsed.uri;
}

/** The address of an HTTP deployment. */
export function at(text: string): HttpAddress {
  return { kind: 'http', uri: uri(text) };
}

/** The address of a version of one Lambda function. */
export function atFunction(version: string, assumeRoleArn?: string): LambdaAddress {
  const arn = `arn:aws:lambda:eu-central-1:123456789012:function:greeter:${version}`;
  const parsed = parseLambdaArn(arn);
  assert.ok(parsed.kind === 'arn', `${arn} is a qualified ARN`);
  return { kind: 'lambda', arn: parsed.arn, assumeRoleArn };
}

export function handlerManifest(fields: Partial<HandlerManifest> = {}): HandlerManifest {
  return { name: 'greet', options: {}, ...fields };
}

export function serviceManifest(fields: Partial<ServiceManifest> = {}): ServiceManifest {
  return {
    name: 'Greeter',
    type: 'Service',
    options: {},
    handlers: [handlerManifest()],
    ...fields,
  };
}

export function endpointManifest(fields: Partial<EndpointManifest> = {}): EndpointManifest {
  return {
    protocolMode: 'BidiStream',
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: [serviceManifest()],
    ...fields,
  };
}

export function discovered(fields: Partial<EndpointManifest> = {}): DiscoveredDeployment {
  return { manifest: endpointManifest(fields), httpVersion: 'HTTP/2.0', sdkVersion: 'sdk/1' };
}

export function registration(fields: Partial<Registration> = {}): Registration {
  return {
    address: at('http://host:9080/'),
    additionalHeaders: {},
    metadata: {},
    discovered: discovered(),
    force: false,
    breaking: false,
    nowMs: T0,
    freshId: deploymentId(1),
    ...fields,
  };
}

/** Registers and expects a change. */
export function registered(
  schema: Schema,
  fields: Partial<Registration> = {},
): { readonly deployment: Deployment; readonly schema: Schema } {
  const result = registerDeployment(schema, registration(fields));
  assert.ok(result.kind === 'created' || result.kind === 'replaced', JSON.stringify(result));
  return result;
}
