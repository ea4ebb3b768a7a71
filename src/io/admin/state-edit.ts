// POST /services/{service}/state: replaces the user state of one key.
import { z } from 'zod';
import { objectToScope } from '../../actors/domain/scope.ts';
import { AdminError } from './admin-error.ts';
import { component } from './components.ts';
import type { AdminContext } from './context.ts';
import type { Features } from './features.ts';
import { operation } from './operation.ts';
import { route, type Route } from './route.ts';

/** An array of bytes, or a text that stands for its UTF-8 bytes. */
const stateValue = z.union([z.string(), z.array(z.int().min(0).max(255))]).transform(bytesOf);

const stateForm = component(
  'ModifyServiceStateRequest',
  z.object({
    version: z.string().nullish(),
    object_key: z.string(),
    scope: z.string().nullish(),
    new_state: z.record(z.string(), stateValue),
  }),
);

export function stateEditRoutes(context: AdminContext): readonly Route[] {
  const postState = operation({
    info: {
      id: 'modify_service_state',
      tag: 'service',
      summary: 'Replace the state of one key',
    },
    takes: z.object({ params: z.object({ service: z.string() }), body: stateForm }),
    responses: { 202: { description: 'Accepted; applied when the key is free' } },
    refusals: [400, 404],
    async handle({ params, body }) {
      await editState(context, params.service, body);
      return { status: 202 };
    },
  });
  return [route('/services/{service}/state', { POST: postState })];
}

async function editState(
  { schema, operator, options }: AdminContext,
  service: string,
  form: z.output<typeof stateForm>,
): Promise<void> {
  const scope = form.scope ?? undefined;
  const entries = Object.entries(form.new_state).map(
    ([key, value]) => [Buffer.from(key), value] as const,
  );
  const type = schema.current().services.get(service)?.type;
  if (type === 'Service') {
    throw new AdminError('invalidField', 'Cannot modify state for service type Service');
  }
  // State that a removed service left behind can still be cleared.
  if (type === undefined && entries.length > 0) {
    throw new AdminError('notFound', `The requested service '${service}' does not exist`);
  }
  if (scope !== undefined) checkScope(scope, options.features);
  const edit = { expectedVersion: form.version ?? undefined, entries };
  const owner = { service, key: form.object_key };
  await operator.editState(scope === undefined ? owner : { ...owner, scope }, edit);
}

/** Source: seen on the reference 1.7.12, the status of a malformed scope too. */
function checkScope(scope: string, { vqueues }: Features): void {
  const objection = objectToScope(scope);
  if (objection !== undefined) throw new AdminError('internal', `bad scope: ${objection}`);
  // The reference keeps such state where, without the feature, no handler ever finds it.
  if (vqueues !== true) {
    throw new AdminError('invalidField', 'scoped state requires vqueues to be enabled');
  }
}

function bytesOf(value: string | number[]): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : Uint8Array.from(value);
}
