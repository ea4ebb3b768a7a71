// Settings of a service that an operator changes. They hold until the service is registered again.
import type { Deployment, HandlerOptions, Schema, ServiceRevision } from '../domain/schema.ts';
import type { DurationMs } from '../domain/time.ts';
import type { SchemaChange } from './change.ts';
import { notRegistered, refused } from './refusal.ts';
import { withDeployment } from './register.ts';

/** Settings left out stay as they are. */
export interface ServiceSettings {
  readonly public?: boolean | undefined;
  readonly idempotencyRetentionMs?: DurationMs | undefined;
  readonly workflowCompletionRetentionMs?: DurationMs | undefined;
  readonly journalRetentionMs?: DurationMs | undefined;
  readonly inactivityTimeoutMs?: DurationMs | undefined;
  readonly abortTimeoutMs?: DurationMs | undefined;
}

/** Of the active revision, in whose handlers' own settings nothing changes. */
export function modifyService(
  schema: Schema,
  service: string,
  settings: ServiceSettings,
): SchemaChange<ServiceRevision> {
  const active = schema.services.get(service);
  const deployment = active && schema.deployments.get(active.deploymentId);
  if (active === undefined || deployment === undefined) {
    return notRegistered(`service with name '${service}'`);
  }
  if (settings.workflowCompletionRetentionMs !== undefined && active.type !== 'Workflow') {
    const message = `modifying retention time for service type ${active.type} is unsupported`;
    return refused('retentionUnsupported', message);
  }
  const { public: isPublic = active.public, ...options } = settings;
  const value = { ...active, public: isPublic, options: override(active.options, options) };
  return { kind: 'changed', value, schema: withDeployment(schema, hosting(deployment, value)) };
}

function hosting(deployment: Deployment, revision: ServiceRevision): Deployment {
  const services = new Map(deployment.services).set(revision.name, revision);
  return { ...deployment, services };
}

function override(stored: HandlerOptions, changes: HandlerOptions): HandlerOptions {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...stored, ...Object.fromEntries(given) };
}
