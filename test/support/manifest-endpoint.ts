// A deployment that only answers discovery, with whatever the test wants it to say.
import { createServer, type Http2Server } from 'node:http2';

export interface DiscoveryAnswer {
  readonly status?: number | undefined;
  /** Default: the newest manifest version. `null` leaves the header out. */
  readonly contentType?: string | null | undefined;
  /** A manifest object, or raw text. */
  readonly body: unknown;
}

export interface ManifestEndpoint {
  readonly url: string;
  /** Request headers of every discovery so far. */
  readonly discoveries: ReadonlyArray<Readonly<Record<string, unknown>>>;
  answer(next: DiscoveryAnswer): void;
  dispose(): Promise<void>;
}

export const MANIFEST_CONTENT_TYPE = 'application/vnd.restate.endpointmanifest.v4+json';

/** A valid manifest with the given services. */
export function manifestOf(...services: readonly unknown[]): Readonly<Record<string, unknown>> {
  return {
    protocolMode: 'BIDI_STREAM',
    minProtocolVersion: 5,
    maxProtocolVersion: 6,
    services,
  };
}

export async function startManifestEndpoint(first: DiscoveryAnswer): Promise<ManifestEndpoint> {
  let current = first;
  const discoveries: Array<Readonly<Record<string, unknown>>> = [];
  const server = createServer((request, response) => {
    discoveries.push({ ...request.headers });
    const { status = 200, contentType = MANIFEST_CONTENT_TYPE, body } = current;
    response.writeHead(status, contentType === null ? {} : { 'content-type': contentType });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    discoveries,
    answer: (next) => {
      current = next;
    },
    dispose: () => {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function listen(server: Http2Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || address === null) throw new Error('no port is bound');
      resolve(address.port);
    });
  });
}
