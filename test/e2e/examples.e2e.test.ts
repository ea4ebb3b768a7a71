// The walk-through in examples/README.md works: its commands are run one after the other, with the
// ports of this test in place of the default ones, and their answers compared.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TrackedChild } from '../support/child.ts';
import { HttpClient } from '../support/http.ts';
import { findFreePorts } from '../support/ports.ts';
import { TestServer } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Command {
  readonly text: string;
  /** What it prints, with `…` for text that differs; absent where the README shows nothing. */
  readonly answer: string | undefined;
}

function readCommands(markdown: string): readonly Command[] {
  const blocks = markdown.matchAll(/```sh\n(.*?)\n```(?:\n+```text\n(.*?)\n```)?/gs);
  return [...blocks].map(([, text = '', answer]) => ({ text, answer }));
}

function toPattern(answer: string): RegExp {
  const pieces = answer.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.*')}`, 's');
}

test('the walk-through of the examples works as written', async (t) => {
  const server = await TestServer.prepare();
  const [examplePort] = await findFreePorts(1);
  const example = new TrackedChild(
    spawn(
      process.execPath,
      ['--import', './dist/examples/polyfill.js', 'dist/examples/services.js'],
      { cwd: PROJECT_ROOT, env: { PATH: process.env['PATH'], PORT: String(examplePort) } },
    ),
  );
  t.after(async () => {
    await server.dispose();
    await example.kill('SIGKILL');
  });

  const commands = readCommands(readFileSync(`${PROJECT_ROOT}examples/README.md`, 'utf8'));
  assert.ok(commands.length > 10);
  for (const { text, answer } of commands) {
    if (text === 'npm start') await server.start();
    else if (text === 'npm run example') await printed(example, 'are served on');
    else if (text.startsWith('pkill -9')) {
      await accountCreated(server, 'bob');
      await server.kill('SIGKILL');
    } else {
      const command = text
        .replace('localhost:8080', new URL(server.ingressUrl).host)
        .replace('localhost:9070', new URL(server.adminUrl).host)
        .replace('localhost:9080', `localhost:${examplePort}`);
      const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 60_000 });
      if (answer !== undefined) assert.match(stdout, toPattern(answer), text);
    }
  }
  for (const line of ['creating account bob', 'mailing a code to bob', 'welcome, bob']) {
    assert.equal(example.output.split(line).length - 1, 1, line);
  }
});

/** A person needs a moment to kill the server; this waits until the first step is over. */
async function accountCreated(server: TestServer, user: string): Promise<void> {
  const client = new HttpClient(server.ingressUrl);
  await waitFor(`the account of ${user}`, async () => {
    const reply = await client.get(`/Signup/${user}/status`);
    return reply.json() === 'account created' ? true : undefined;
  });
  client.close();
}

async function printed(child: TrackedChild, text: string): Promise<void> {
  await waitFor(`'${text}' from the examples`, () =>
    child.output.includes(text) ? true : undefined,
  );
}
