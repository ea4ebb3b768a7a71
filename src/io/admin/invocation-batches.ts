// Routes below /internal/invocations_batch_operations: operations on many invocations, for the web UI.
import { z } from 'zod';
import { parseInvocationId } from '../../actors/domain/ids.ts';
import type { DeploymentChoice, InvocationOperation } from '../../actors/partition/command.ts';
import { AdminError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { invalidField } from './deployment-forms.ts';
import {
  defaultDeployment,
  makeOperation,
  OPERATION_VERBS,
  parseDeploymentChoice,
} from './invocations.ts';
import { batchRefusal, isSuccess } from './operation-answer.ts';
import { operation } from './operation.ts';
import { idText } from './query.ts';
import { route, type Route } from './route.ts';

/** Source: seen on the reference 1.7.12. */
const BATCH_SIZE_MAX = 1000;

const batchForm = z.object({
  invocation_ids: z.array(idText(parseInvocationId)),
  deployment: z.string().nullish(),
});

type BatchForm = z.output<typeof batchForm>;
type OperationKind = InvocationOperation['kind'];

export function invocationBatchRoutes(context: AdminContext): readonly Route[] {
  return Object.entries(OPERATION_VERBS).map(([verb, kind]) =>
    route(`/internal/invocations_batch_operations/${verb}`, {
      POST: operation({
        takes: z.object({ body: batchForm }),
        responses: { 200: { description: 'What came of each', body: z.unknown() } },
        handle: async ({ body }) => ({
          status: 200,
          body: await operateOnMany(context, body, kind),
        }),
      }),
    }),
  );
}

async function operateOnMany(context: AdminContext, form: BatchForm, kind: OperationKind) {
  const { invocation_ids: ids } = form;
  if (ids.length > BATCH_SIZE_MAX) {
    const message = `Batch size ${ids.length} exceeds maximum allowed size of ${BATCH_SIZE_MAX}`;
    throw new AdminError('invalidField', message);
  }
  const details = { from: 0, deployment: readDeploymentField(form.deployment, kind) };
  const outcomes = await Promise.all(
    ids.map((id) => context.operator.operate(id, makeOperation(context, id, kind, details))),
  );
  const succeeded: unknown[] = [];
  const failed: unknown[] = [];
  for (const [index, id] of ids.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if (!isSuccess(outcome)) {
      failed.push({ invocation_id: id, error: batchRefusal(id, kind, outcome) });
    } else if (outcome.kind === 'restarted') {
      succeeded.push({ old_invocation_id: id, new_invocation_id: outcome.newInvocationId });
    } else {
      succeeded.push(id);
    }
  }
  return { succeeded, failed };
}

function readDeploymentField(
  text: string | null | undefined,
  kind: OperationKind,
): DeploymentChoice {
  const takesDeployment = kind === 'resume' || kind === 'restartAsNew';
  if (!takesDeployment || text === undefined || text === null) return defaultDeployment(kind);
  return parseDeploymentChoice(text, (reason) => invalidField('deployment', reason));
}
