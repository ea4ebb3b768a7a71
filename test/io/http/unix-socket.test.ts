// The same server on TCP and on a unix socket.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { HttpHandler } from '../../../src/io/http/exchange.ts';
import { startHttpListeners } from '../../../src/io/http/listener.ts';
import { sendRequest } from '../../support/raw-http.ts';
import { recordingLog } from './listeners.ts';

const directory = mkdtempSync(join(tmpdir(), 'reprise-sockets-'));
after(() => rmSync(directory, { recursive: true }));

const handler: HttpHandler = ({ path }) => ({ status: 200, headers: [], body: path });

function askSocket(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

describe('a listener on several addresses', () => {
  test('answers on all of them, and closes all of them', async () => {
    const path = join(directory, 'a.sock');
    // As a killed process leaves it behind.
    writeFileSync(path, '');
    const log = recordingLog();
    const bindAddresses = ['127.0.0.1:0', `unix:${path}`];
    const listener = await startHttpListeners({ bindAddresses, handler, prefer: 'auto', log });
    assert.equal((await sendRequest(listener.url, { path: '/tcp' })).body.toString(), '/tcp');
    assert.equal(await askSocket(path, '/unix'), '/unix');
    assert.equal(listener.openExchangesCount(), 0);
    await listener.close();
    assert.equal(existsSync(path), false);
    await assert.rejects(askSocket(path, '/'));
    await assert.rejects(sendRequest(listener.url, { path: '/' }));
  });

  test('has the address of the socket when there is nothing else', async () => {
    const address = `unix:${join(directory, 'b.sock')}`;
    const options = { handler, prefer: 'node', log: recordingLog() } as const;
    const listener = await startHttpListeners({ ...options, bindAddresses: [address] });
    assert.equal(listener.url, address);
    await listener.close();
  });

  test('does without a socket that cannot be made, with a warning', async () => {
    const log = recordingLog();
    const address = `unix:${join(directory, 'x'.repeat(200))}`;
    const bindAddresses = ['127.0.0.1:0', address];
    const listener = await startHttpListeners({ bindAddresses, handler, prefer: 'node', log });
    assert.deepEqual(log.warnings, [`nothing listens on ${address}`]);
    await listener.close();
  });

  test('refuses to start when the only socket cannot be made', async () => {
    const bindAddresses = [`unix:${join(directory, 'none', 'c.sock')}`];
    const log = recordingLog();
    await assert.rejects(startHttpListeners({ bindAddresses, handler, prefer: 'node', log }));
  });

  test('listens on none of them when one is taken', async () => {
    const options = { handler, prefer: 'node', log: recordingLog() } as const;
    const first = await startHttpListeners({ ...options, bindAddresses: ['127.0.0.1:0'] });
    const taken = new URL(first.url).host;
    const path = join(directory, 'd.sock');
    const bindAddresses = [`unix:${path}`, taken];
    await assert.rejects(startHttpListeners({ ...options, bindAddresses }), /EADDRINUSE/);
    assert.equal(existsSync(path), false);
    await first.close();
  });
});
