// Every refusal of the ingress, with status and text. Source: reference contract, ingress error
// catalogue; clients match on some of the texts, so they are the reference's.

/** A request that is answered with a status and a message instead of an invocation's outcome. */
export class IngressError extends Error {
  override readonly name = 'IngressError';
  readonly status: number;
  /** The body was not read to its end; what is left of it would be taken for the next request. */
  readonly leavesBody: boolean;

  constructor(status: number, message: string, leavesBody: boolean) {
    super(message);
    this.status = status;
    this.leavesBody = leavesBody;
  }
}

function refusal(status: number, message: string): IngressError {
  return new IngressError(status, message, false);
}

function bodyRefusal(status: number, reason: string): IngressError {
  return new IngressError(status, `cannot read body: ${reason}`, true);
}

const SHAPES = {
  invoke: 'either /:service-name/:handler or /:object-name/:object-key/:handler',
  restate:
    '/restate/call/:service/:handler, /restate/send/:service/:handler, /restate/scope/:scope/call/:service/:handler, /restate/attach/:invocation_id, /restate/output/:invocation_id, or /restate/lookup',
  awakeable: 'either /restate/awakeables/:id/resolve or /restate/awakeables/:id/reject',
  invocation:
    'either /restate/invocation/:invocation_id/output or /restate/invocation/:invocation_id/attach or /restate/invocation/:invocation_target/:idempotency_key/output or /restate/invocation/:invocation_target/:idempotency_key/attach',
  workflow:
    'either /restate/workflow/:workflow_name/:workflow_key/output or /restate/workflow/:workflow_name/:workflow_key/attach',
} as const;

export const refusals = {
  badPath: (path: string) => refusal(400, `bad path: ${path}`),
  badPathShape: (family: keyof typeof SHAPES) =>
    refusal(400, `bad path, expected ${SHAPES[family]}`),
  undecodableKey: (details: string) => refusal(400, `bad path, cannot decode key: ${details}`),
  badHeader: (name: string) => refusal(400, `bad header ${name}: ToStrError { _priv: () }`),
  badDelay: (reason: string) =>
    refusal(400, `bad delay query parameter, must be a ISO8601 duration: ${reason}`),
  delayedCall: () =>
    refusal(
      400,
      'cannot use the delay query parameter with calls. The delay is supported only with sends',
    ),
  invalidInput: (reason: string) => refusal(400, `input validation error: ${reason}`),
  notPublic: () => refusal(400, 'the invoked service is not public'),
  workflowIdempotencyKey: () =>
    refusal(
      400,
      'cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.',
    ),
  badInvocationId: (id: string, reason: string) =>
    refusal(400, `bad invocation id '${id}': ${reason}`),
  badAwakeableId: (id: string, reason: string) =>
    refusal(400, `bad awakeable id '${id}': ${reason}`),
  badScope: (reason: string) => refusal(400, `bad scope value: ${reason}`),
  scopesDisabled: () => refusal(400, 'scoped invocations require vqueues to be enabled'),
  scopedObjectsDisabled: () => refusal(400, 'scope is not supported for Virtual Object targets'),
  badLimitKey: (reason: string) => refusal(400, `invalid limit-key: ${reason}`),
  limitKeyWithoutScope: () => refusal(400, 'limit-key requires a scope to be set'),

  unauthorized: () => refusal(401, 'unauthorized, a valid token is required'),

  notFound: () => refusal(404, 'not found'),
  serviceNotFound: (service: string) =>
    refusal(
      404,
      `service '${service}' not found, make sure to register the service before calling it.`,
    ),
  handlerNotFound: (service: string, handler: string) =>
    refusal(
      404,
      `the service '${service}' exists, but the handler '${handler}' was not found, check that the handler exists in the latest registered service version.`,
    ),
  invocationNotFound: () => refusal(404, 'invocation not found'),

  methodNotAllowed: () => refusal(405, 'method not allowed'),
  bodyTooLarge: () => bodyRefusal(413, 'LengthLimitError'),
  tooManyRequests: () => refusal(429, 'too many requests, the ingress is overloaded. Retry later.'),
  notCompleted: () => refusal(470, 'the invocation exists but has not completed yet'),

  unreadableBody: (reason: string) => bodyRefusal(500, reason),
  invalidBody: (name: 'lookup' | 'request', reason: string) =>
    refusal(500, `cannot read body: invalid ${name} body: ${reason}`),

  invokeUnavailable: (reason: string) =>
    refusal(
      503,
      `internal routing error: ${reason} If the request has an 'idempotency-key', it can be safely retried, otherwise submitting it again may result in executing the invocation twice.`,
    ),
  readUnavailable: (reason: string) =>
    refusal(503, `internal routing error: ${reason} You may safely retry the request.`),
  completionUnavailable: (reason: string) =>
    refusal(
      503,
      `internal routing error: ${reason} Submitting the request again may result in executing the operation twice.`,
    ),
} as const;
