// Stands in for AWS: the Invoke API of Lambda and AssumeRole of STS. Requests that are not signed as AWS
// wants it are refused.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { LambdaSettings } from '../../src/io/deployment/function-call.ts';
import { checkSignature, type Signer } from './aws-signature.ts';

export const OWN_ACCESS_KEY = 'AKIAOWN';
export const OWN_SECRET = 'own/secret';
export const ROLE_ACCESS_KEY = 'ASIAROLE';
const ROLE_SECRET = 'role/secret';
const SESSION_TOKEN = 'the/session+token=';

/** Where containers find their credentials. */
export const CONTAINER_PATH = '/credentials';
/** What a pod proves its identity with. */
export const WEB_IDENTITY_TOKEN = 'web.identity.token';

/** Environment of a server that takes this for AWS, and nothing else. */
export function awsEnvironment(url: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: OWN_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: OWN_SECRET,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** Makes this process take `url` for AWS, whatever AWS it knows. */
export function useAws(url: string): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) delete process.env[name];
  }
  Object.assign(process.env, awsEnvironment(url));
}

/** For a transport in a process that uses the stand-in. */
export const LAMBDA_SETTINGS: LambdaSettings = {
  profile: undefined,
  externalId: undefined,
  compressionThresholdBytes: 4096,
  answerBytesMax: 64 * 1024,
};

/** The event that a function is called with. */
export interface FunctionEvent {
  readonly path: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export interface Invocation {
  readonly arn: string;
  readonly event: FunctionEvent;
  readonly signer: Signer;
  /** Headers of the call itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a call comes to: the function's answer, an error of AWS, a broken connection, or nothing. */
export type Result =
  | { readonly returns: unknown }
  | { readonly throws: unknown }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'drop'
  /** The connection breaks within the answer. */
  | 'cut'
  | 'hang';

/** A result that is sent. */
type Reply = Exclude<Result, string>;

export type FunctionBehaviour = (invocation: Invocation) => Result | Promise<Result>;

/** An error as the Invoke API reports it. */
export function awsError(
  status: number,
  name: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'x-amzn-errortype': name, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ Type: 'User', Message: message }),
  };
}

export class FakeAws {
  behaviour: FunctionBehaviour;
  readonly invocations: Invocation[] = [];
  /** The parameters of every AssumeRole. */
  readonly assumedRoles: Array<Readonly<Record<string, string>>> = [];
  readonly server: http.Server;
  readonly #sockets = new Set<Socket>();

  constructor(behaviour: FunctionBehaviour) {
    this.behaviour = behaviour;
    this.server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        // As AWS says it; the reason is for whoever reads the output of a failed test.
        console.error(error);
        const refusal = awsError(403, 'InvalidSignatureException', String(error));
        send(response, refusal);
      });
    });
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connectionsCount(): number {
    return this.#sockets.size;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = await request.toArray();
    const headers = joinValues(request.headers);
    const { method = '', url = '' } = request;
    const body = Buffer.concat(chunks);
    if (url === CONTAINER_PATH) return void response.end(JSON.stringify(roleCredentials('Token')));
    const parameters = new URLSearchParams(body.toString());
    if (parameters.get('WebIdentityToken') === WEB_IDENTITY_TOKEN) {
      return this.#assumeRole(parameters, response);
    }
    const signer = checkSignature({ method, url, headers, body }, secretOf);
    if (signer.accessKeyId === ROLE_ACCESS_KEY && headers['x-amz-security-token'] !== SESSION_TOKEN)
      throw new Error('the session token of the role is missing');
    if (signer.service === 'sts') {
      return this.#assumeRole(parameters, response);
    }
    const arn = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url)?.[1];
    if (arn === undefined || method !== 'POST' || signer.service !== 'lambda') {
      throw new Error(`no call of a function: ${method} ${url}`);
    }
    const event: FunctionEvent = JSON.parse(body.toString());
    const invocation = { arn: decodeURIComponent(arn), event, signer, headers };
    this.invocations.push(invocation);
    const result = await this.behaviour(invocation);
    if (result === 'drop') request.socket.destroy();
    else if (result === 'cut') {
      response.writeHead(200, { 'content-length': '1000' }).write('{"statusCode":', () => {
        request.socket.destroy();
      });
    } else if (result !== 'hang') send(response, result);
  }

  #assumeRole(parameters: URLSearchParams, response: http.ServerResponse): void {
    this.assumedRoles.push(Object.fromEntries(parameters));
    if (parameters.get('RoleArn')?.endsWith('/refused') === true) {
      response.writeHead(403, { 'content-type': 'text/xml' });
      response.end(
        '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>',
      );
      return;
    }
    const elements = Object.entries(roleCredentials('SessionToken')).map(
      ([name, text]) => `<${name}>${text}</${name}>`,
    );
    const action = parameters.get('Action') ?? '';
    response.setHeader('content-type', 'text/xml');
    response.end(
      `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>${elements.join('')}</Credentials></${action}Result></${action}Response>`,
    );
  }
}

function roleCredentials(tokenName: 'SessionToken' | 'Token'): Readonly<Record<string, string>> {
  return {
    AccessKeyId: ROLE_ACCESS_KEY,
    SecretAccessKey: ROLE_SECRET,
    [tokenName]: SESSION_TOKEN,
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
}

function secretOf(accessKeyId: string): string | undefined {
  return accessKeyId === OWN_ACCESS_KEY
    ? OWN_SECRET
    : accessKeyId === ROLE_ACCESS_KEY
      ? ROLE_SECRET
      : undefined;
}

function joinValues(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(',')]),
  );
}

function send(response: http.ServerResponse, result: Reply): void {
  if ('status' in result) {
    response.writeHead(result.status, { ...result.headers }).end(result.body ?? '');
    return;
  }
  const isError = 'throws' in result;
  const payload = isError ? result.throws : result.returns;
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(isError && { 'x-amz-function-error': 'Unhandled' }),
  });
  response.end(typeof payload === 'string' ? payload : JSON.stringify(payload));
}
