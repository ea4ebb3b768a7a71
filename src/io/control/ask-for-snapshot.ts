import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { shortSocketPath } from '../http/bind-address.ts';
import { CONTROL_SOCKET, REFUSAL, SNAPSHOT_PATH, SNAPSHOT_REPLY } from './snapshot-exchange.ts';
import type { SnapshotReply } from './snapshot-exchange.ts';

/** Has the server that uses a data directory copy it to below `directory`, an absolute path. */
export async function askForSnapshot(
  dataDirectory: string,
  directory: string,
): Promise<SnapshotReply> {
  const socketPath = shortSocketPath(join(dataDirectory, CONTROL_SOCKET));
  const { status, body } = await post(socketPath, JSON.stringify({ directory }));
  const value: unknown = JSON.parse(body);
  if (status !== 200) throw new Error(REFUSAL.parse(value).message);
  return SNAPSHOT_REPLY.parse(value);
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Waits as long as it takes: copying much takes long. */
function post(socketPath: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const options = { socketPath, method: 'POST', path: SNAPSHOT_PATH, headers };
    const asking = request(options, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    asking.once('error', reject);
    asking.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk as Uint8Array));
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}
