// What deploy/ has a container run does what it is for.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { field } from '../support/json.ts';
import { at, listAt, readDeployFile, readManifests } from '../support/manifests.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

/** Runs a command; rejects when it ends with another status than 0. */
async function run(command: readonly string[]): Promise<string> {
  const [executable = '', ...args] = command;
  return (await promisify(execFile)(executable, args, { timeout: 60_000 })).stdout;
}

describe('the health check of the image', () => {
  function commandFor(url: string): readonly string[] {
    const [, json = ''] =
      /^HEALTHCHECK [^[]*CMD (\[.*\])$/ms.exec(readDeployFile('Dockerfile')) ?? [];
    const command: readonly string[] = JSON.parse(json.split('\n')[0] ?? '');
    assert.ok(command.some((part) => part.includes('http://127.0.0.1:5122/health')));
    return command.map((part) => part.replace('http://127.0.0.1:5122', url));
  }

  test('succeeds while the server runs', async () => {
    await run(commandFor(rig.server.nodeUrl));
  });

  test('fails when nothing answers, and when something else does', async () => {
    await assert.rejects(run(commandFor(rig.server.nodeUrl.replace(/:\d+$/, ':1'))), { code: 1 });
    const unknownPath = `${rig.server.nodeUrl}/nothing-of-this-name`;
    await assert.rejects(run(commandFor(unknownPath)), { code: 1 });
  });
});

describe('the registration job', () => {
  for (const { file, content } of readManifests().filter(({ kind }) => kind === 'Job')) {
    test(`of ${file} registers a service`, async () => {
      const uri = await rig.serve({ modules: ['greeter-v1'] });
      const args = listAt(content, 'spec', 'template', 'spec', 'containers', 0, 'args').map(String);
      const registered = at(JSON.parse(args[args.indexOf('--data') + 1] ?? ''), 'uri');
      const stdout = await run([
        'curl',
        ...args.map((arg) =>
          arg
            .replace(String(registered), uri)
            .replace(/^http:\/\/reprise-admin[^/]*/, rig.server.adminUrl),
        ),
      ]);
      assert.equal(listAt(JSON.parse(stdout), 'services').length, 3);
      assert.equal((await rig.ingress.post('/Greeter/greet', 'Ada')).json(), 'v1 greets Ada');
      const { deployments } = JSON.parse((await rig.admin.get('/deployments')).text());
      assert.ok(deployments.some((one: unknown) => field(one, 'uri') === `${uri}/`));
    });
  }
});
