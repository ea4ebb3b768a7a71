// Commands of the operator on this machine, over a unix socket in the data directory: who may write there
// may have the server write elsewhere. The admin port, which others reach, has none of this.
import { z } from 'zod';
import { SnapshotError, type SnapshotErrorKind } from '../../actors/domain/snapshot-error.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import { SNAPSHOT_PATH, type SnapshotReply } from './snapshot-exchange.ts';

const BODY_BYTES_MAX = 64 * 1024;

const STATUS: Readonly<Record<SnapshotErrorKind, number>> = {
  targetExists: 409,
  targetUnwritable: 500,
  busy: 409,
  interrupted: 503,
};

const REQUEST = z.object({ directory: z.string().startsWith('/') });

export interface ControlContext {
  /** Copies the data directory to below `directory`, an absolute path. */
  readonly takeSnapshot: (directory: string) => Promise<SnapshotReply>;
}

export function createControlHandler(context: ControlContext): HttpHandler {
  return async (request) => {
    if (request.path !== SNAPSHOT_PATH) return jsonResponse(404, { message: 'not found' });
    if (request.method !== 'POST') return jsonResponse(405, { message: 'only POST' });
    const body = await readRequest(request);
    if (body === undefined) {
      return jsonResponse(400, { message: 'expected {"directory": "/an/absolute/path"}' });
    }
    try {
      return jsonResponse(200, await context.takeSnapshot(body.directory));
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      return jsonResponse(STATUS[error.kind], { message: error.message });
    }
  };
}

async function readRequest(request: HttpRequest) {
  const body = await request.readBody(BODY_BYTES_MAX);
  if (body.kind !== 'body') return undefined;
  try {
    return REQUEST.parse(JSON.parse(Buffer.from(body.bytes).toString()));
  } catch {
    return undefined;
  }
}

function jsonResponse(status: number, value: object): HttpResponse {
  const headers = [['content-type', 'application/json']] as const;
  return { status, headers, body: JSON.stringify(value) };
}
