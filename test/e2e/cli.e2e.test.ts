// The official command line client shows the same of this server as of the reference. The recorded
// outputs are those of the reference 1.7.12; REPRISE_RECORD=1 records them anew from the server under
// test. Runs only where the client is installed: it is large.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { must } from '../../src/actors/domain/assert.ts';
import { CLI_COMMANDS, type CliCommand } from '../support/cli-commands.ts';
import { normalizeOutput } from '../support/cli-normal.ts';
import { Cli, findCli } from '../support/cli.ts';
import { FakeEndpoint, manifestAnswer } from '../support/fake-endpoint.ts';
import { startSqlRig, type SqlRig } from '../support/sql-rig.ts';
import { waitFor } from '../support/wait.ts';

interface Recorded {
  readonly args: string;
  readonly exitCode: number | null;
  /** Nothing of commands that fail: servers use their own words. */
  readonly output: readonly string[];
}

const OUTPUTS = fileURLToPath(new URL('../../../test/fixtures/cli-outputs.json', import.meta.url));
const isRecording = process.env['REPRISE_RECORD'] === '1';
const binary = findCli();

/** What commands and outputs call an id or an address. */
const names = new Map<string, string>();
const recorded: Recorded[] = [];
const expected: readonly Recorded[] = isRecording ? [] : JSON.parse(readFileSync(OUTPUTS, 'utf8'));

let sql: SqlRig;
let cli: Cli;
let http1: FakeEndpoint;

/** Three deployments: one with invocations in every state, one that nothing uses any more, its successor. */
async function startWorld(): Promise<void> {
  sql = await startSqlRig();
  const { rig, ids, deploymentId } = sql;
  for (const [name, id] of ids) names.set(id, name);
  names.set(deploymentId, 'samples');
  names.set(await rig.deploy({ modules: ['callee'] }), 'drained');
  names.set(await rig.deploy({ modules: ['callee'] }), 'successor');
  names.set(await rig.serve({ modules: ['greeter-v1'] }), 'greeter1Url');
  names.set(await rig.serve({ modules: ['greeter-v2'] }), 'greeter2Url');
  http1 = await FakeEndpoint.start('HTTP/1.1');
  http1.behaviour = manifestAnswer({
    services: [{ name: 'Fake', ty: 'SERVICE', handlers: [{ name: 'run' }] }],
  });
  names.set(http1.origin, 'http1Url');
  for (const { id, uri } of await listOf<{ id: string; uri: string }>('deployments')) {
    if (id === deploymentId) names.set(uri.replace(/\/$/, ''), 'samplesUrl');
  }
}

async function listOf<T>(collection: 'deployments' | 'subscriptions'): Promise<readonly T[]> {
  const reply = await sql.rig.admin.get(`/${collection}`);
  const body: Readonly<Record<string, readonly T[]>> = JSON.parse(reply.text());
  return body[collection] ?? [];
}

/** Commands that register say nothing of the id, or something that cannot be foreseen. */
async function nameWhatIsNew(collection: 'deployments' | 'subscriptions'): Promise<void> {
  const kind = collection.slice(0, -1);
  for (const { id } of await listOf<{ id: string }>(collection)) {
    if (names.has(id)) continue;
    const known = [...names.values()].filter((name) => new RegExp(`^${kind}\\d+$`).test(name));
    names.set(id, `${kind}${known.length + 1}`);
  }
}

function fillIn(text: string): string {
  const values = new Map([...names].map(([value, name]) => [name, value]));
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => must(values.get(name), `${name} is known`));
}

async function untilRows(statement: string): Promise<void> {
  await waitFor(`rows of ${statement}`, async () => {
    const { rows } = await sql.query(statement);
    return rows.length > 0 ? true : undefined;
  });
}

async function runCommand(command: CliCommand): Promise<Recorded> {
  const { args, once, edit, fails, from = '', unordered } = command;
  if (once !== undefined) await untilRows(fillIn(once));
  const { exitCode, output } = await cli.run(args.map(fillIn), edit);
  await nameWhatIsNew('deployments');
  await nameWhatIsNew('subscriptions');
  assert.equal(exitCode === 0, fails !== true, output);
  return {
    args: args.join(' '),
    exitCode,
    output:
      fails === true ? [] : normalizeOutput(output.slice(output.indexOf(from)), names, unordered),
  };
}

function check(actual: Recorded, reference: Recorded): void {
  assert.equal(actual.args, reference.args, 'the recording is of other commands');
  assert.equal(actual.exitCode, reference.exitCode);
  assert.equal(actual.output.join('\n'), reference.output.join('\n'));
}

describe(
  'the official command line client',
  { skip: binary === undefined && "the client is not installed: 'npm run reference:install'" },
  () => {
    before(async () => {
      await startWorld();
      cli = new Cli(must(binary, 'it is installed'), sql.rig.server);
    });

    after(async () => {
      if (isRecording) writeFileSync(OUTPUTS, `${JSON.stringify(recorded, undefined, 1)}\n`);
      cli.dispose();
      await http1.close();
      await sql.dispose();
    });

    let count = 0;
    for (const [title, commands] of CLI_COMMANDS) {
      describe(`${title} as with the reference:`, () => {
        for (const command of commands) {
          const index = count++;
          test(command.args.join(' '), async () => {
            const result = await runCommand(command);
            if (isRecording) recorded.push(result);
            else check(result, must(expected[index], 'the output is recorded'));
          });
        }
      });
    }
  },
);
