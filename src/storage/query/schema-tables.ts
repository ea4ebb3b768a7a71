// sys_deployment, sys_service and sys_rules: what is registered.
import type { Deployment, ServiceRevision } from '../../actors/domain/schema.ts';
import type { LimitRule } from '../../actors/domain/rule-book.ts';
import { boolean, text, textList, timestamp, u32, u64 } from './column.ts';
import { unstoredTable } from './query-table.ts';

const SERVICE_TYPES = {
  Service: 'service',
  VirtualObject: 'virtual_object',
  Workflow: 'workflow',
} as const;

export const DEPLOYMENT_TABLE = unstoredTable<Deployment>(
  'sys_deployment',
  [
    text('id', ({ id }) => id),
    text('ty', ({ endpoint }) => endpoint.kind),
    text('endpoint', ({ endpoint }) => (endpoint.kind === 'http' ? endpoint.uri : endpoint.arn)),
    timestamp('created_at', ({ createdAtMs }) => createdAtMs),
    u32('min_service_protocol_version', ({ minProtocolVersion }) => minProtocolVersion),
    u32('max_service_protocol_version', ({ maxProtocolVersion }) => maxProtocolVersion),
    textList('services', ({ services }) => [...services.keys()]),
  ],
  ({ schema }) => schema.deployments.values(),
);

/** The latest revision of each service. */
export const SERVICE_TABLE = unstoredTable<ServiceRevision>(
  'sys_service',
  [
    text('name', ({ name }) => name),
    u64('revision', ({ revision }) => revision),
    boolean('public', (service) => service.public),
    text('ty', ({ type }) => SERVICE_TYPES[type]),
    text('deployment_id', ({ deploymentId }) => deploymentId),
  ],
  ({ schema }) => schema.services.values(),
);

export const RULES_TABLE = unstoredTable<LimitRule>(
  'sys_rules',
  [
    text('pattern', ({ pattern }) => pattern),
    u32('concurrency', ({ concurrency }) => concurrency),
    text('description', ({ description }) => description),
    boolean('disabled', ({ disabled }) => disabled),
    u32('version', ({ version }) => version),
    timestamp('last_modified', ({ modifiedAtMs }) => modifiedAtMs),
  ],
  ({ schema }) => schema.ruleBook.rules.values(),
);
