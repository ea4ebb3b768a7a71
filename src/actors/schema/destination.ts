// Which deployment an attempt goes to: the one it is pinned to, else the latest of its service.
import type { InvocationTarget, Pin } from '../domain/invocation.ts';
import type {
  Deployment,
  Handler,
  HandlerDefaults,
  Schema,
  ServiceRevision,
} from '../domain/schema.ts';
import type { AttemptFailure } from '../attempt/failure.ts';
import { attemptFailure } from '../attempt/failure.ts';
import { boundedAttempts, effectiveOptions } from './resolve.ts';
import type { EffectiveOptions } from './resolve.ts';

export type Destination =
  | {
      readonly kind: 'found';
      readonly deployment: Deployment;
      readonly options: EffectiveOptions;
      readonly pin: Pin;
    }
  | { readonly kind: 'missing'; readonly failure: AttemptFailure };

export interface DestinationQuery {
  readonly target: InvocationTarget;
  readonly pin: Pin | undefined;
  readonly defaults: HandlerDefaults;
  readonly negotiate: (minVersion: number, maxVersion: number) => number | undefined;
}

export function findDestination(schema: Schema, query: DestinationQuery): Destination {
  const { target, pin } = query;
  const latest = schema.services.get(target.service);
  const deploymentId = pin?.deploymentId ?? latest?.deploymentId;
  const deployment = deploymentId && schema.deployments.get(deploymentId);
  if (!deployment) return pin === undefined ? noService(target) : noPinnedDeployment(pin);
  return pin === undefined ? unpinned(deployment, query) : reached(deployment, query, pin);
}

function unpinned(deployment: Deployment, query: DestinationQuery): Destination {
  const { id, minProtocolVersion, maxProtocolVersion } = deployment;
  const protocolVersion = query.negotiate(minProtocolVersion, maxProtocolVersion);
  if (protocolVersion !== undefined) {
    return reached(deployment, query, { deploymentId: id, protocolVersion });
  }
  return missing('RT0013', `deployment '${id}' speaks no supported service protocol version`);
}

function reached(
  deployment: Deployment,
  { target, defaults }: DestinationQuery,
  pin: Pin,
): Destination {
  const revision = deployment.services.get(target.service);
  if (revision === undefined) return noService(target);
  // A handler missing from the revision is asked for all the same; the deployment refuses it.
  const handler = revision.handlers.get(target.handler);
  return { kind: 'found', deployment, options: optionsOf(revision, handler, defaults), pin };
}

/** Asked for with every attempt; a changed schema has other revisions. */
const knownOptions = new WeakMap<ServiceRevision, Map<string | undefined, KnownOptions>>();

interface KnownOptions {
  readonly defaults: HandlerDefaults;
  readonly options: EffectiveOptions;
}

function optionsOf(
  revision: ServiceRevision,
  handler: Handler | undefined,
  defaults: HandlerDefaults,
): EffectiveOptions {
  let ofHandlers = knownOptions.get(revision);
  if (ofHandlers === undefined) knownOptions.set(revision, (ofHandlers = new Map()));
  const known = ofHandlers.get(handler?.name);
  if (known?.defaults === defaults) return known.options;
  const effective = effectiveOptions(revision, handler, defaults);
  const retryPolicy = boundedAttempts(effective.retryPolicy, defaults);
  const options = { ...effective, retryPolicy };
  ofHandlers.set(handler?.name, { defaults, options });
  return options;
}

function noService({ service }: InvocationTarget): Destination {
  return missing('RT0011', `there is no deployment for service '${service}'`);
}

function noPinnedDeployment({ deploymentId }: Pin): Destination {
  return missing(
    'RT0011',
    `the invocation has a deployment id associated, but it was not found in the registry. Register deployment '${deploymentId}' again, or move the invocation to another one`,
  );
}

function missing(documentationCode: string, message: string): Destination {
  return { kind: 'missing', failure: attemptFailure(documentationCode, message) };
}
