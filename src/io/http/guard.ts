// Keeps a server to clients with a credential.
import type { Access } from './access.ts';
import type {
  BodyResult,
  HeaderFields,
  HttpClientAddress,
  HttpHandler,
  HttpRequest,
  HttpResponse,
} from './exchange.ts';

export interface GuardOptions {
  /** Absent: everybody may do everything. */
  readonly access: Access | undefined;
  /** What everybody may ask. */
  readonly isOpen: (request: HttpRequest) => boolean;
  /** The 401 in the server's own form, challenge included. */
  readonly refuse: (request: HttpRequest) => HttpResponse;
}

/** What a listener on several addresses serves. */
export interface GuardedHandler {
  readonly handler: HttpHandler;
  /** On unix sockets nobody is asked: the file system has let the client in. */
  readonly onSockets: { readonly handler: HttpHandler };
}

/** The handler never sees the credentials that let a request in: it may store and forward what it sees. */
export function guardHandler(handler: HttpHandler, options: GuardOptions): GuardedHandler {
  return { handler: checking(handler, options), onSockets: { handler } };
}

function checking(handler: HttpHandler, { access, isOpen, refuse }: GuardOptions): HttpHandler {
  if (access === undefined) return handler;
  return (request) => {
    if (isOpen(request)) return handler(request);
    if (access.allows(request.header('authorization')))
      return handler(new AdmittedRequest(request));
    const response = refuse(request);
    // The connection goes rather than to take in the body of a stranger.
    return hasBody(request) ? { ...response, close: true } : response;
  };
}

function hasBody(request: HttpRequest): boolean {
  const declared = request.header('content-length');
  return request.header('transfer-encoding') !== undefined || Number(declared ?? 0) > 0;
}

/** A request without its credentials. */
class AdmittedRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly headers: HeaderFields;
  readonly #request: HttpRequest;

  constructor(request: HttpRequest) {
    this.#request = request;
    this.method = request.method;
    this.path = request.path;
    this.query = request.query;
    this.headers = request.headers.filter(([name]) => name !== 'authorization');
  }

  header(name: string): string | undefined {
    return name === 'authorization' ? undefined : this.#request.header(name);
  }

  client(): HttpClientAddress | undefined {
    return this.#request.client();
  }

  readBody(bytesMax: number): Promise<BodyResult> {
    return this.#request.readBody(bytesMax);
  }
}
