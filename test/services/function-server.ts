// A stand-in for AWS whose every function is the given services, behind the SDK's handler for Lambda.
// The version of a function says what is peculiar about it: `zstd` compresses, a fault befalls the first
// call of each invocation.
import { createEndpointHandler } from '@restatedev/restate-sdk/lambda';
import type { EndpointOptions } from '@restatedev/restate-sdk';
import { compress, init } from '@bokuweb/zstd-wasm';
import { decompress } from 'fzstd';
import type { Server } from 'node:http';
import { requestEffect, type EndpointSettings } from '../support/endpoint-settings.ts';
import {
  awsError,
  FakeAws,
  type FunctionEvent,
  type Invocation,
  type Result,
} from '../support/fake-aws.ts';
import { record } from './effects.ts';

const FAULTS: ReadonlyMap<string, Result> = new Map<string, Result>([
  ['throws', { throws: { errorMessage: 'out of memory', errorType: 'Runtime.ExitError' } }],
  ['throttled', awsError(429, 'TooManyRequestsException', 'Rate Exceeded.')],
  ['unavailable', awsError(502, 'EC2UnexpectedException', 'try again')],
  ['too-large', awsError(413, 'RequestTooLargeException', 'too large')],
  ['drop', 'drop'],
  ['cut', 'cut'],
  ['hang', 'hang'],
  ['junk', { returns: 'junk' }],
  ['bad-gateway', { returns: { statusCode: 502 } }],
]);

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
}

type Call = (event: FunctionEvent) => Promise<Answer>;

export async function createFunctionServer(
  services: EndpointOptions['services'],
  { identityKeys }: EndpointSettings,
): Promise<Server> {
  const handler = createEndpointHandler({
    services,
    ...(identityKeys !== undefined && { identityKeys: [...identityKeys] }),
  });
  const call: Call = (event) => handler(event, { awsRequestId: 'request' });
  const faultOf = createFaults();
  // Once: another start would take the memory away.
  await init();
  const aws = new FakeAws(async (invocation) => {
    const { arn, event, signer } = invocation;
    record(requestEffect(event.path, Object.entries(event.headers).flat()));
    record(`called ${arn} by ${signer.accessKeyId} in ${signer.region}`);
    const fault = faultOf(invocation);
    if (fault !== undefined) return fault;
    return {
      returns: await (versionOf(arn) === 'zstd' ? callCompressed(event, call) : call(event)),
    };
  });
  return aws.server;
}

function createFaults(): (invocation: Invocation) => Result | undefined {
  const called = new Set<string>();
  return ({ arn, event }) => {
    const id = event.headers['x-restate-invocation-id'];
    if (id === undefined || called.has(id)) return undefined;
    called.add(id);
    return FAULTS.get(versionOf(arn));
  };
}

function versionOf(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}

/** What the SDK does itself on a Node that has zstd. */
async function callCompressed(event: FunctionEvent, call: Call): Promise<Answer> {
  const { 'content-encoding': coding, 'accept-encoding': accepted, ...headers } = event.headers;
  record(`content-encoding ${coding}`);
  const body = Buffer.from(event.body, 'base64');
  const plain = coding === 'zstd' ? Buffer.from(decompress(body)) : body;
  const answer = await call({ ...event, headers, body: plain.toString('base64') });
  const answered = Buffer.from(answer.body, 'base64');
  if (event.path.endsWith('/discover')) {
    const manifest: object = JSON.parse(answered.toString());
    const declared = JSON.stringify({ ...manifest, lambdaCompression: 'zstd' });
    return { ...answer, body: Buffer.from(declared).toString('base64') };
  }
  if (accepted !== 'zstd') throw new Error('compressed answers are accepted');
  return {
    ...answer,
    headers: { ...answer.headers, 'content-encoding': 'zstd' },
    body: Buffer.from(compress(answered, 3)).toString('base64'),
  };
}
