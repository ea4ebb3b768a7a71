// Routes below /invocations. Source: reference contract, "Invocation operations".
import { parseDeploymentId, parseInvocationId } from '../../actors/domain/ids.ts';
import type { InvocationId } from '../../actors/domain/ids.ts';
import type { InvocationOperation, OperationOutcome } from '../../actors/partition/command.ts';
import { GatewayUnavailableError } from '../../actors/ports.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { AdminErrorKind } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { invalidField } from './deployment-forms.ts';
import { emptyResponse } from './respond.ts';
import { route } from './route.ts';
import type { AdminRequest, Route, RouteHandler } from './route.ts';

type Refusal = Exclude<OperationOutcome, 'done' | 'accepted' | 'notFound' | 'deploymentNotFound'>;

/** Kind and text of each refusal; the text follows "The invocation '…' ". */
const REFUSALS: Readonly<Record<Refusal, readonly [kind: AdminErrorKind, text: string]>> = {
  alreadyCompleted: ['conflict', 'was already completed.'],
  notRunning: ['conflict', 'is not running, cannot be paused.'],
  notStarted: ['tooEarly', 'is either inboxed or scheduled, cannot be resumed.'],
  notResumable: ['conflict', 'is completed, cannot be resumed.'],
  notCompleted: ['conflict', 'is not yet completed.'],
  deploymentFixed: [
    'conflict',
    'is still running or the deployment id is not pinned yet, deployment id cannot be changed.',
  ],
  protocolMismatch: [
    'invalidField',
    'is running on a protocol version that the chosen deployment does not support.',
  ],
};

/** Operations without parameters, by the last segment of their path. */
const VERBS = {
  cancel: 'cancel',
  kill: 'kill',
  pause: 'pause',
  purge: 'purge',
  'purge-journal': 'purgeJournal',
} as const;

export function invocationRoutes(context: AdminContext): readonly Route[] {
  const verbs = Object.entries(VERBS).map(([verb, kind]) =>
    operationRoute(context, verb, () => ({ kind })),
  );
  return [
    ...verbs,
    operationRoute(context, 'resume', (request) => ({
      kind: 'resume',
      deployment: readDeploymentChoice(request),
    })),
    route('/invocations/{invocation}', { DELETE: deleteInvocation(context) }),
  ];
}

function operationRoute(
  context: AdminContext,
  verb: string,
  readOperation: (request: AdminRequest) => InvocationOperation,
): Route {
  return route(`/invocations/{invocation}/${verb}`, {
    PATCH: async (request) => {
      const id = readInvocationId(request);
      const outcome = await operate(context, id, readOperation(request));
      return respond(id, outcome);
    },
  });
}

/** The deprecated way: always accepted, whatever becomes of it. */
function deleteInvocation(context: AdminContext): RouteHandler {
  return async (request) => {
    const kind = readMode(request.http.query);
    await operate(context, readInvocationId(request), { kind });
    return emptyResponse(202);
  };
}

async function operate(
  { operator }: AdminContext,
  id: InvocationId,
  operation: InvocationOperation,
): Promise<OperationOutcome> {
  try {
    return await operator.operate(id, operation);
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    const message = `Error when routing the request internally. Reason: ${error.message}`;
    throw new AdminError('unavailable', message, { cause: error });
  }
}

function respond(id: InvocationId, outcome: OperationOutcome): HttpResponse {
  switch (outcome) {
    case 'done':
      return emptyResponse(200);
    case 'accepted':
      return emptyResponse(202);
    case 'notFound':
      throw new AdminError('notFound', `The requested invocation '${id}' does not exist`);
    case 'deploymentNotFound':
      throw new AdminError(
        'invalidField',
        `The given deployment was not found when trying to resume the invocation '${id}'.`,
      );
    case 'alreadyCompleted':
    case 'notRunning':
    case 'notStarted':
    case 'notResumable':
    case 'notCompleted':
    case 'deploymentFixed':
    case 'protocolMismatch': {
      const [kind, text] = REFUSALS[outcome];
      throw new AdminError(kind, `The invocation '${id}' ${text}`);
    }
  }
}

function readInvocationId(request: AdminRequest): InvocationId {
  const parsed = parseInvocationId(request.param('invocation'));
  if (parsed.ok) return parsed.value;
  throw invalidField('invocation_id', parsed.reason);
}

function readDeploymentChoice({ http }: AdminRequest) {
  const choice = new URLSearchParams(http.query).get('deployment') ?? 'keep';
  if (choice === 'keep' || choice === 'Keep') return 'keep';
  if (choice === 'latest' || choice === 'Latest') return 'latest';
  const parsed = parseDeploymentId(choice);
  if (parsed.ok) return parsed.value;
  throw new AdminError(
    'invalidField',
    `The query parameter 'deployment' is invalid. Reason: ${parsed.reason}`,
  );
}

function readMode(query: string | undefined): 'cancel' | 'kill' | 'purge' {
  const mode = new URLSearchParams(query).get('mode') ?? 'cancel';
  switch (mode) {
    case 'cancel':
    case 'Cancel':
      return 'cancel';
    case 'kill':
    case 'Kill':
      return 'kill';
    case 'purge':
    case 'Purge':
      return 'purge';
    default:
      throw new AdminError(
        'invalidQuery',
        `Failed to deserialize query string: mode: unknown variant \`${mode}\`, expected one of \`Cancel\`, \`cancel\`, \`Kill\`, \`kill\`, \`Purge\`, \`purge\``,
      );
  }
}
