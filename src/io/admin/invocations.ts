// Routes below /invocations: operations on one invocation.
import {
  parseDeploymentId,
  parseInvocationId,
  type InvocationId,
} from '../../actors/domain/ids.ts';
import { ID_RANDOM_BYTES, invocationIdBeside } from '../../actors/domain/make-invocation-id.ts';
import type { DeploymentChoice, InvocationOperation } from '../../actors/partition/command.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { invalidField } from './deployment-forms.ts';
import { operationResponse } from './operation-answer.ts';
import { invalidQuery, readParameter } from './query.ts';
import { emptyResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';

/** The last segment of the routes, and what it does. */
export const OPERATION_VERBS = {
  cancel: 'cancel',
  kill: 'kill',
  pause: 'pause',
  resume: 'resume',
  purge: 'purge',
  'purge-journal': 'purgeJournal',
  'restart-as-new': 'restartAsNew',
} as const satisfies Record<string, InvocationOperation['kind']>;

type OperationKind = InvocationOperation['kind'];

export function invocationRoutes(context: AdminContext): readonly Route[] {
  const verbs = Object.entries(OPERATION_VERBS).map(([verb, kind]) =>
    route(`/invocations/{invocation}/${verb}`, {
      PATCH: (request) => operateOnOne(context, request, kind),
    }),
  );
  const legacy = route('/invocations/{invocation}', {
    DELETE: (request) => deleteInvocation(context, request),
  });
  return [legacy, ...verbs];
}

async function operateOnOne(
  context: AdminContext,
  request: AdminRequest,
  kind: OperationKind,
): Promise<HttpResponse> {
  const id = readInvocationId(request);
  const { query } = request.http;
  const operation = makeOperation(context, id, kind, {
    from: kind === 'restartAsNew' ? readFrom(query) : 0,
    deployment: readDeploymentParameter(query, kind),
  });
  return operationResponse(id, kind, await context.operator.operate(id, operation));
}

/** An operation with its details, as far as its kind has any. */
export function makeOperation(
  { clock, random }: AdminContext,
  id: InvocationId,
  kind: OperationKind,
  { from, deployment }: { readonly from: number; readonly deployment: DeploymentChoice },
): InvocationOperation {
  switch (kind) {
    case 'resume':
      return { kind, deployment };
    case 'restartAsNew': {
      const newInvocationId = invocationIdBeside(id, clock(), random(ID_RANDOM_BYTES));
      return { kind, newInvocationId, from, deployment };
    }
    case 'cancel':
    case 'kill':
    case 'pause':
    case 'purge':
    case 'purgeJournal':
      return { kind };
  }
}

/** Where an invocation goes on when nothing else is asked for. */
export function defaultDeployment(kind: OperationKind): DeploymentChoice {
  return kind === 'restartAsNew' ? 'latest' : 'keep';
}

/** `refuse` makes the error for a text that is neither a choice nor an id. */
export function parseDeploymentChoice(
  text: string,
  refuse: (reason: string) => AdminError,
): DeploymentChoice {
  if (text === 'keep' || text === 'Keep') return 'keep';
  if (text === 'latest' || text === 'Latest') return 'latest';
  const parsed = parseDeploymentId(text);
  if (parsed.ok) return parsed.value;
  throw refuse(text === '' ? 'bad length' : parsed.reason);
}

function readDeploymentParameter(query: string | undefined, kind: OperationKind): DeploymentChoice {
  const text = readParameter(query, 'deployment');
  if (text === undefined) return defaultDeployment(kind);
  return parseDeploymentChoice(
    text,
    (reason) =>
      new AdminError(
        'invalidField',
        `The query parameter 'deployment' is invalid. Reason: ${reason}`,
      ),
  );
}

/** Largest index of a journal entry that the parameter can name. */
const FROM_MAX = 2 ** 32 - 1;

function readFrom(query: string | undefined): number {
  const text = readParameter(query, 'from') ?? '0';
  if (!/^\+?\d+$/.test(text)) throw invalidQuery('from: invalid digit found in string');
  if (Number(text) > FROM_MAX) throw invalidQuery('from: number too large to fit in target type');
  return Number(text);
}

const LEGACY_MODES: ReadonlyMap<string, 'cancel' | 'kill' | 'purge'> = new Map([
  ['Cancel', 'cancel'],
  ['cancel', 'cancel'],
  ['Kill', 'kill'],
  ['kill', 'kill'],
  ['Purge', 'purge'],
  ['purge', 'purge'],
]);

/** Older clients end invocations by DELETE, and are not told what came of it. */
async function deleteInvocation(
  { operator }: AdminContext,
  request: AdminRequest,
): Promise<HttpResponse> {
  const id = readInvocationId(request);
  const mode = readParameter(request.http.query, 'mode') ?? 'Cancel';
  const kind = LEGACY_MODES.get(mode);
  if (kind === undefined) {
    const known = [...LEGACY_MODES.keys()].map((name) => `\`${name}\``).join(', ');
    throw invalidQuery(`mode: unknown variant \`${mode}\`, expected one of ${known}`);
  }
  await operator.operate(id, { kind });
  return emptyResponse(202);
}

function readInvocationId(request: AdminRequest): InvocationId {
  const parsed = parseInvocationId(request.param('invocation'));
  if (parsed.ok) return parsed.value;
  throw invalidField('invocation_id', parsed.reason);
}
