import type { InvocationTarget } from '../domain/invocation.ts';
import type { Handler, ServiceRevision } from '../domain/schema.ts';

/** The target of an invocation of `handler`. `key` is ignored for a Service. */
export function invocationTarget(
  { name: service, type }: Pick<ServiceRevision, 'name' | 'type'>,
  { name: handler, type: handlerType }: Pick<Handler, 'name' | 'type'>,
  key: string,
): InvocationTarget {
  switch (type) {
    case 'Service':
      return { kind: 'service', service, handler };
    case 'VirtualObject': {
      const mode = handlerType === 'Shared' ? 'shared' : 'exclusive';
      return { kind: 'virtualObject', service, key, handler, mode };
    }
    case 'Workflow': {
      const mode = handlerType === 'Workflow' ? 'run' : 'shared';
      return { kind: 'workflow', service, key, handler, mode };
    }
  }
}
