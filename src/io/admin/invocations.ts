// Routes below /invocations: operations on one invocation.
import { z } from 'zod';
import { assert } from '../../actors/domain/assert.ts';
import {
  parseDeploymentId,
  parseInvocationId,
  type InvocationId,
} from '../../actors/domain/ids.ts';
import { ID_RANDOM_BYTES, invocationIdBeside } from '../../actors/domain/make-invocation-id.ts';
import type { DeploymentChoice, InvocationOperation } from '../../actors/partition/command.ts';
import { AdminError } from './admin-error.ts';
import { component } from './components.ts';
import type { AdminContext } from './context.ts';
import { invalidField } from './deployment-forms.ts';
import type { ResponseForms } from './documentation.ts';
import { isSuccess, refusalOfOperation, type OperationSuccess } from './operation-answer.ts';
import { operation } from './operation.ts';
import { u32Text } from './query.ts';
import { route, type Operation, type Route } from './route.ts';

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

type Verb = keyof typeof OPERATION_VERBS;
type OperationKind = InvocationOperation['kind'];

export function invocationRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/invocations/{invocation_id}', { DELETE: deleteInvocation(context) }),
    ...PLAIN_VERBS.map((document) => verbRoute(document.verb, patchPlainly(context, document))),
    verbRoute('resume', resume(context)),
    verbRoute('restart-as-new', restartAsNew(context)),
  ];
}

function verbRoute(verb: Verb, patch: Operation): Route {
  return route(`/invocations/{invocation_id}/${verb}`, { PATCH: patch });
}

/** Judged after the query, and refused in another form. */
const ofInvocation = z.object({ invocation_id: z.string() });
const deploymentText = z.string().optional();

const DONE = { description: 'Done' } as const;
const ACCEPTED = { description: 'Accepted; it happens when the handler lets it' } as const;
const REFUSALS = [400, 404, 409, 503] as const;

interface PlainVerb {
  readonly verb: Exclude<Verb, 'resume' | 'restart-as-new'>;
  readonly id: string;
  readonly summary: string;
  readonly responses: ResponseForms;
}

const PLAIN_VERBS: readonly PlainVerb[] = [
  {
    verb: 'cancel',
    id: 'cancel_invocation',
    summary: 'Ask an invocation to end',
    responses: { 200: DONE, 202: ACCEPTED },
  },
  {
    verb: 'kill',
    id: 'kill_invocation',
    summary: 'End an invocation at once',
    responses: { 200: DONE },
  },
  {
    verb: 'pause',
    id: 'pause_invocation',
    summary: 'Have an invocation wait for an operator',
    responses: { 200: DONE, 202: ACCEPTED },
  },
  {
    verb: 'purge',
    id: 'purge_invocation',
    summary: 'Forget a completed invocation',
    responses: { 200: DONE },
  },
  {
    verb: 'purge-journal',
    id: 'purge_journal',
    summary: 'Forget the journal of a completed invocation',
    responses: { 200: DONE },
  },
];

function patchPlainly(context: AdminContext, { verb, id, summary, responses }: PlainVerb) {
  const kind = OPERATION_VERBS[verb];
  return operation({
    info: { id, tag: 'invocation', summary },
    takes: z.object({ params: ofInvocation }),
    responses,
    refusals: REFUSALS,
    async handle({ params }) {
      const outcome = await operate(context, params.invocation_id, { kind });
      return { status: outcome.kind === 'accepted' ? 202 : 200 };
    },
  });
}

function resume(context: AdminContext) {
  return operation({
    info: { id: 'resume_invocation', tag: 'invocation', summary: 'Have an invocation tried now' },
    takes: z.object({ params: ofInvocation, query: z.object({ deployment: deploymentText }) }),
    responses: { 200: DONE },
    refusals: [...REFUSALS, 425],
    async handle({ params, query }) {
      const choice = { kind: 'resume', deployment: query.deployment } as const;
      await operate(context, params.invocation_id, choice);
      return { status: 200 };
    },
  });
}

const restartResponse = component(
  'RestartAsNewInvocationResponse',
  z.object({ new_invocation_id: z.string() }),
);

function restartAsNew(context: AdminContext) {
  return operation({
    info: {
      id: 'restart_as_new_invocation',
      tag: 'invocation',
      summary:
        'Start a new invocation with the input, and optionally a part of the journal, of an old one',
    },
    takes: z.object({
      params: ofInvocation,
      query: z.object({ from: u32Text.optional(), deployment: deploymentText }),
    }),
    responses: { 200: { description: 'The new invocation', body: restartResponse } },
    refusals: [...REFUSALS, 410, 422, 425],
    async handle({ params, query }) {
      const choice = { kind: 'restartAsNew', ...query } as const;
      const outcome = await operate(context, params.invocation_id, choice);
      assert(outcome.kind === 'restarted', 'a restart names the new invocation');
      return { status: 200, body: { new_invocation_id: outcome.newInvocationId } };
    },
  });
}

interface RequestedOperation {
  readonly kind: OperationKind;
  readonly from?: number | undefined;
  /** As the client wrote it. */
  readonly deployment?: string | undefined;
}

/** Throws when the invocation or the operation is refused. */
async function operate(
  context: AdminContext,
  idText: string,
  { kind, from = 0, deployment: choice }: RequestedOperation,
): Promise<OperationSuccess> {
  const id = readInvocationId(idText);
  const deployment =
    choice === undefined
      ? defaultDeployment(kind)
      : parseDeploymentChoice(choice, (reason) => invalidParameter('deployment', reason));
  const details = { from, deployment };
  const outcome = await context.operator.operate(id, makeOperation(context, id, kind, details));
  if (isSuccess(outcome)) return outcome;
  throw refusalOfOperation(id, kind, outcome);
}

function invalidParameter(name: string, reason: string): AdminError {
  const message = `The query parameter '${name}' is invalid. Reason: ${reason}`;
  return new AdminError('invalidField', message);
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
  throw refuse(parsed.reason);
}

const LEGACY_MODES = ['Cancel', 'cancel', 'Kill', 'kill', 'Purge', 'purge'] as const;

const legacyMode = z.enum(LEGACY_MODES, {
  error: ({ input }) => {
    const known = LEGACY_MODES.map((name) => `\`${name}\``).join(', ');
    return `unknown variant \`${String(input)}\`, expected one of ${known}`;
  },
});

/** Older clients end invocations by DELETE, and are not told what came of it. */
function deleteInvocation(context: AdminContext) {
  return operation({
    info: {
      id: 'delete_invocation',
      tag: 'invocation',
      summary: 'End or forget an invocation',
      deprecated: true,
    },
    takes: z.object({ params: ofInvocation, query: z.object({ mode: legacyMode.optional() }) }),
    responses: { 202: { description: 'Accepted, whatever comes of it' } },
    refusals: [400, 503],
    async handle({ params, query: { mode = 'cancel' } }) {
      const kind = LEGACY_KINDS[mode];
      await context.operator.operate(readInvocationId(params.invocation_id), { kind });
      return { status: 202 };
    },
  });
}

const LEGACY_KINDS = {
  Cancel: 'cancel',
  cancel: 'cancel',
  Kill: 'kill',
  kill: 'kill',
  Purge: 'purge',
  purge: 'purge',
} as const satisfies Record<(typeof LEGACY_MODES)[number], OperationKind>;

function readInvocationId(text: string): InvocationId {
  const parsed = parseInvocationId(text);
  if (parsed.ok) return parsed.value;
  throw invalidField('invocation_id', parsed.reason);
}
