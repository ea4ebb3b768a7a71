// What the stand-in deployment tells a server about its services.

/** Retention of what the retention campaign makes. Unit: milliseconds. */
export const SHORT_RETENTION_MS = 1000;

function handler(name: string, ty?: 'EXCLUSIVE' | 'SHARED' | 'WORKFLOW'): object {
  const contentType = 'application/json';
  return {
    name,
    ...(ty !== undefined && { ty }),
    input: { required: false, contentType },
    output: { setContentTypeIfEmpty: false, contentType },
  };
}

const SERVICES: readonly object[] = [
  {
    name: 'Bench',
    ty: 'SERVICE',
    handlers: ['empty', 'run1', 'run9', 'steps', 'call', 'sleep', 'awakeable', 'echo', 'due'].map(
      (name) => handler(name),
    ),
  },
  { name: 'Callee', ty: 'SERVICE', handlers: [handler('empty')] },
  { name: 'Counter', ty: 'VIRTUAL_OBJECT', handlers: [handler('add', 'EXCLUSIVE')] },
  {
    name: 'Flow',
    ty: 'WORKFLOW',
    handlers: [handler('run', 'WORKFLOW'), handler('resolve', 'SHARED')],
  },
  { name: 'Park', ty: 'SERVICE', handlers: [handler('awakeable'), handler('sleep')] },
  {
    name: 'Brief',
    ty: 'SERVICE',
    handlers: [handler('empty')],
    journalRetention: SHORT_RETENTION_MS,
    idempotencyRetention: SHORT_RETENTION_MS,
  },
];

export const MANIFEST = Buffer.from(
  JSON.stringify({
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services: SERVICES,
  }),
);
