// Changes of the schema, as functions from one schema to the next. A refused change leaves no trace.
import type { EndpointAddress } from '../domain/endpoint.ts';
import type { DeploymentId } from '../domain/ids.ts';
import type { DiscoveredDeployment, ServiceManifest } from '../domain/manifest.ts';
import {
  activeRevisions,
  type Deployment,
  type Schema,
  type ServiceRevision,
} from '../domain/schema.ts';
import type { UnixMillis } from '../domain/time.ts';
import { endpointOf, isAt } from './address.ts';
import type { SchemaRefusal } from './refusal.ts';
import { buildRevision } from './service-revision.ts';

/** A deployment to register, after discovery. */
export interface Registration {
  readonly address: EndpointAddress;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly discovered: DiscoveredDeployment;
  /** Replaces a deployment with the same address, and allows what `breaking` allows. */
  readonly force: boolean;
  /** Allows a service to change its type. */
  readonly breaking: boolean;
  readonly nowMs: UnixMillis;
  /** Used unless a deployment is replaced. */
  readonly freshId: DeploymentId;
}

export type Registered =
  /** Registered already and not forced: nothing changes. */
  | { readonly kind: 'existing'; readonly deployment: Deployment }
  | {
      readonly kind: 'created' | 'replaced';
      readonly deployment: Deployment;
      readonly schema: Schema;
    }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };

/** A change of a registered deployment, after discovery at its new address. */
export interface DeploymentUpdate {
  readonly id: DeploymentId;
  readonly address: EndpointAddress;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly discovered: DiscoveredDeployment;
  /** Replaces the stored services too; their revision numbers stay. */
  readonly overwrite: boolean;
}

export type Updated =
  | { readonly kind: 'updated'; readonly deployment: Deployment; readonly schema: Schema }
  | { readonly kind: 'unknownDeployment' }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };

/** The deployment registered at an address; of several, which updates can bring about, the newest. */
export function findDeploymentAt(schema: Schema, address: EndpointAddress): Deployment | undefined {
  let newest: Deployment | undefined;
  for (const deployment of schema.deployments.values()) {
    if (!isAt(deployment.endpoint, address)) continue;
    if (newest === undefined || newest.createdAtMs < deployment.createdAtMs) newest = deployment;
  }
  return newest;
}

export function registerDeployment(schema: Schema, registration: Registration): Registered {
  const { discovered, force, breaking } = registration;
  const existing = findDeploymentAt(schema, registration.address);
  if (existing !== undefined && !force) return { kind: 'existing', deployment: existing };
  const id = existing?.id ?? registration.freshId;
  const services = buildServices(discovered.manifest.services, {
    id,
    nextRevision: (service) => (schema.services.get(service)?.revision ?? 0) + 1,
    activeTypeOf: (service) => (force || breaking ? undefined : schema.services.get(service)?.type),
  });
  if (services.kind === 'refused') return services;
  const deployment = {
    id,
    metadata: registration.metadata,
    createdAtMs: registration.nowMs,
    additionalHeaders: registration.additionalHeaders,
    ...discoveredFields(registration),
    services: services.revisions,
  };
  const kind = existing === undefined ? 'created' : 'replaced';
  return { kind, deployment, schema: withDeployment(schema, deployment) };
}

export function updateDeployment(schema: Schema, update: DeploymentUpdate): Updated {
  const stored = schema.deployments.get(update.id);
  if (stored === undefined) return { kind: 'unknownDeployment' };
  const { manifest } = update.discovered;
  const before = `${stored.minProtocolVersion}..=${stored.maxProtocolVersion}`;
  const after = `${manifest.minProtocolVersion}..=${manifest.maxProtocolVersion}`;
  if (before !== after) {
    const message = `an update deployment operation must provide an endpoint with the same services and handlers. The update tried to change the supported protocol versions from ${before} to ${after}`;
    return { kind: 'refused', refusal: { kind: 'protocolRangeChanged', message } };
  }
  const services = update.overwrite
    ? overwriteServices(schema, stored, manifest.services)
    : { kind: 'built' as const, revisions: stored.services };
  if (services.kind === 'refused') return services;
  const deployment = {
    ...stored,
    additionalHeaders: update.additionalHeaders,
    ...discoveredFields(update),
    services: services.revisions,
  };
  return { kind: 'updated', deployment, schema: withDeployment(schema, deployment) };
}

/** The schema without a deployment; `undefined` when there is none with this id. */
export function removeDeployment(schema: Schema, id: DeploymentId): Schema | undefined {
  if (!schema.deployments.has(id)) return undefined;
  const deployments = new Map(schema.deployments);
  deployments.delete(id);
  return nextSchema(schema, deployments);
}

type BuiltServices =
  | { readonly kind: 'built'; readonly revisions: ReadonlyMap<string, ServiceRevision> }
  | { readonly kind: 'refused'; readonly refusal: SchemaRefusal };

interface ServicesPlace {
  readonly id: DeploymentId;
  nextRevision(service: string): number;
  /** The type a service must keep; `undefined` lets it have any. */
  activeTypeOf(service: string): ServiceRevision['type'] | undefined;
}

function buildServices(manifests: readonly ServiceManifest[], place: ServicesPlace): BuiltServices {
  const reserved = manifests.find(({ name }) => isReserved(name));
  if (reserved !== undefined) return { kind: 'refused', refusal: reservedName(reserved.name) };
  const revisions = new Map<string, ServiceRevision>();
  for (const manifest of manifests) {
    const activeType = place.activeTypeOf(manifest.name);
    if (activeType !== undefined && activeType !== manifest.type) {
      return { kind: 'refused', refusal: serviceTypeChanged(manifest.name) };
    }
    const revision = place.nextRevision(manifest.name);
    const built = buildRevision(manifest, { deploymentId: place.id, revision });
    if (built.kind === 'refused') return built;
    revisions.set(manifest.name, built.revision);
  }
  return { kind: 'built', revisions };
}

function overwriteServices(
  schema: Schema,
  { id, services }: Deployment,
  manifests: readonly ServiceManifest[],
): BuiltServices {
  return buildServices(manifests, {
    id,
    nextRevision: (service) =>
      services.get(service)?.revision ?? (schema.services.get(service)?.revision ?? 0) + 1,
    activeTypeOf: () => undefined,
  });
}

function isReserved(service: string): boolean {
  const name = service.toLowerCase();
  return name.startsWith('restate') || name === 'openapi';
}

function reservedName(service: string): SchemaRefusal {
  const message = `cannot insert/modify service '${service}' as it contains a reserved name`;
  return { kind: 'reservedName', message };
}

function serviceTypeChanged(service: string): SchemaRefusal {
  const message = `detected a new service revision for '${service}' changing the service type from previous revision. Service type cannot be changed across revisions.`;
  return { kind: 'serviceTypeChanged', message };
}

function discoveredFields({ address, discovered }: Pick<Registration, 'address' | 'discovered'>) {
  const { protocolMode, minProtocolVersion, maxProtocolVersion } = discovered.manifest;
  const { sdkVersion } = discovered;
  const endpoint = endpointOf(address, discovered);
  return { endpoint, protocolMode, minProtocolVersion, maxProtocolVersion, sdkVersion };
}

export function withDeployment(schema: Schema, deployment: Deployment): Schema {
  const deployments = new Map(schema.deployments).set(deployment.id, deployment);
  return nextSchema(schema, deployments);
}

function nextSchema(schema: Schema, deployments: Schema['deployments']): Schema {
  const services = activeRevisions(deployments);
  return { ...schema, version: schema.version + 1, deployments, services };
}
