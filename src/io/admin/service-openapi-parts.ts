// The parts that the OpenAPI documents of all services share.

const INGRESS_DOC = 'https://docs.restate.dev/invoke/http';

function tag(name: string, description: string) {
  return { name, description, externalDocs: { url: INGRESS_DOC } };
}

export const TAGS = [
  tag('Request Response', 'Calls a handler and waits'),
  tag('Send', 'Sends to a handler'),
  tag('Attach', 'Waits for the outcome of an invocation'),
  tag('Get Output', 'Gets the outcome of an invocation'),
];

function errorResponse(description: string, example: object) {
  const schema = { $ref: '#/components/schemas/RestateError' };
  return { description, content: { 'application/json': { schema, example } } };
}

const INVOCATION_ID = 'inv_1gdJBtdVEcM942bjcDmb1c1khoaJe11Hbz';

const parameters = {
  delay: {
    name: 'delay',
    in: 'query',
    description: 'How long to wait before the invocation starts',
    required: false,
    schema: { type: 'string' },
    example: '10s',
  },
  idempotencyKeyHeader: {
    name: 'idempotency-key',
    in: 'header',
    description: 'Requests with the same key are one invocation',
    required: false,
    schema: { type: 'string' },
  },
  idempotencyKeyPath: {
    name: 'idempotencyKey',
    in: 'path',
    description: 'The idempotency key of the original request',
    required: true,
    schema: { type: 'string' },
  },
  key: { name: 'key', in: 'path', required: true, schema: { type: 'string' } },
};

const responses = {
  GenericError: errorResponse('The invocation failed, or the request was refused', {
    code: 500,
    message: 'Internal server error',
    source: 'invocation',
  }),
  InvocationNotFoundError: errorResponse('There is no such invocation', {
    message: 'invocation not found',
    source: 'ingress',
  }),
  InvocationNotReadyError: errorResponse('The invocation has not completed yet', {
    message: 'the invocation exists but has not completed yet',
    source: 'ingress',
  }),
  Send: {
    description: 'The invocation is accepted',
    content: {
      'application/json': {
        schema: {
          title: 'RestateSendResponse',
          type: 'object',
          properties: {
            invocationId: { type: 'string' },
            status: { type: 'string', enum: ['Accepted', 'PreviouslyAccepted'] },
            executionTime: {
              type: 'string',
              format: 'date-time',
              description: 'When a delayed invocation starts',
            },
          },
          required: ['invocationId', 'status'],
          additionalProperties: false,
        },
        example: { invocationId: INVOCATION_ID, status: 'Accepted' },
      },
    },
  },
};

const schemas = {
  RestateError: {
    title: 'RestateError',
    type: 'object',
    description: 'Why an invocation failed or a request was refused',
    properties: {
      source: {
        type: 'string',
        title: 'Error source',
        enum: ['ingress', 'invocation'],
        description:
          'Who refuses: the ingress, with a status of HTTP, or the invocation, with a status of its own; also in the header x-restate-error-source',
      },
      code: { type: 'number', title: 'Error code' },
      message: { type: 'string', title: 'Error message' },
      metadata: {
        type: 'object',
        title: 'Metadata of the error',
        additionalProperties: { type: 'string' },
      },
      stacktrace: { type: 'string', title: 'Stack trace of the error' },
    },
    required: ['message', 'source'],
    additionalProperties: false,
  },
};

export const SHARED_COMPONENTS = { parameters, responses, schemas };
