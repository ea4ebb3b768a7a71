// Deployments on AWS Lambda: the SDK's own Lambda handler in another process, behind a stand-in for AWS
// that checks the signature of every call. The SDK in turn checks the request identity of every call.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseIdentityKey } from '../../src/io/deployment/request-identity.ts';
import { EffectLog } from '../support/effects.ts';
import { seenRequests } from '../support/endpoint-settings.ts';
import { awsEnvironment } from '../support/fake-aws.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';
import { startServiceProcess, type ServiceProcess } from '../support/service-process.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';

const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:services';
const ROLE = 'arn:aws:iam::123456789012:role/caller';

function newKey(): { readonly pem: string; readonly keyId: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const parsed = parseIdentityKey(pem);
  assert.ok(parsed.kind === 'key');
  return { pem, keyId: parsed.key.keyId };
}

describe(
  'a Lambda deployment',
  { skip: skippedOnReference('its AWS client would need real credentials') },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'reprise-lambda-'));
    const effects = new EffectLog();
    let functions: ServiceProcess;
    let rig: Rig;

    before(async () => {
      const { pem, keyId } = newKey();
      const keyFile = join(directory, 'key.pem');
      writeFileSync(keyFile, pem);
      functions = await startServiceProcess({
        modules: ['journey', 'durable'],
        effectsPath: effects.path,
        endpoint: { transport: 'lambda', identityKeys: [keyId] },
      });
      rig = await Rig.start({
        server: {
          environment: {
            ...awsEnvironment(functions.url),
            RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: keyFile,
            RESTATE_WORKER__INVOKER__REQUEST_COMPRESSION_THRESHOLD: '10000',
            RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: '3s',
          },
        },
      });
      await deploy({ arn: `${FUNCTION}:1`, additional_headers: { 'x-added': 'by the operator' } });
    });
    after(async () => {
      await rig.dispose();
      if (process.env['REPRISE_TEST_LOGS'] === '1') console.error(functions.output());
      await functions.dispose();
      effects.dispose();
      rmSync(directory, { recursive: true });
    });

    async function deploy(request: Readonly<Record<string, unknown>>): Promise<string> {
      const reply = await rig.register(request);
      assert.equal(reply.status, 201, reply.text());
      return stringField(reply.json(), 'id');
    }

    async function oneStep(id: string): Promise<void> {
      assert.equal((await rig.ingress.post('/Journey/oneStep', { id })).json(), 'done');
      assert.equal(effects.count(`run ${id}#step`), 1);
    }

    test('runs a step in two calls, since the first cannot hear the server', async () => {
      await oneStep('step');
      assert.equal(effects.count('entered step'), 2);
    });

    test('carries steps, timers, calls, state and awakeables', async () => {
      const id = 'travel';
      const reply = await rig.ingress.post('/Journey/travel', { id });
      assert.equal(reply.status, 200, reply.text());
      assertHas(reply.json(), {
        first: 100_000,
        total: 2,
        sum: 5,
        answer: `answer to ${id}`,
        second: 'second',
      });
      assert.equal(effects.count(`run ${id}#1`), 1);
      assert.equal(effects.count(`run ${id}#2`), 1);
      assert.equal((await rig.ingress.post(`/Counter/${id}/value`)).json(), 5);
    });

    test('carries the promises of a workflow', async () => {
      const id = 'workflow';
      const run = rig.ingress.post(`/JourneyApproval/${id}/run`);
      await effects.waitForCount(`after ${id}#before`);
      await rig.ingress.post(`/JourneyApproval/${id}/approve`, 'yes');
      assert.equal((await run).json(), 'approved with yes');
    });

    test('is tried again after a failure, with what was stored', async () => {
      const reply = await rig.ingress.post('/Journey/failsOnce', { id: 'fails' });
      assert.equal(reply.json(), 'kept');
      assert.equal(effects.count('run fails#before'), 1);
    });

    test('carries terminal errors', async () => {
      const reply = await rig.ingress.post('/Journey/refuses', {});
      assert.equal(reply.status, 418);
      assert.equal(field(reply.json(), 'message'), 'not this one');
    });

    test('goes on with what was suspended after the server was killed', async () => {
      const waits = await rig.ingress.post('/Steps/awaitOutside/send', { id: 'waits' });
      const sleeps = await rig.ingress.post('/Steps/sleep/send', { id: 'sleeps', ms: 1000 });
      const awakeable = await effects.waitForSuffix('awakeable waits ');
      await effects.waitForCount('after sleeps#before');
      await rig.crash();
      const path = (sent: typeof waits): string =>
        `/restate/attach/${stringField(sent.json(), 'invocationId')}`;
      await rig.ingress.post(`/restate/awakeables/${awakeable}/resolve`, 'from outside');
      assert.equal((await rig.ingress.get(path(waits))).json(), 'from outside');
      assert.equal((await rig.ingress.get(path(sleeps))).json(), 'slept long enough');
      const lines = effects.lines().filter((line) => / (waits|sleeps)#/.test(line));
      assertCompletedStepsNeverRunAgain(lines);
    });

    test('gets the headers that every deployment gets', async () => {
      await rig.ingress.post(`/Counter/${encodeURIComponent('a key')}/add`, 1);
      const keyed = seenRequests(effects.lines()).find(({ headers }) =>
        headers.some(([name, value]) => name === 'x-restate-service-key' && value === 'a%20key'),
      );
      assert.equal(keyed?.path, '/invoke/Counter/add');
      assert.deepEqual(keyed.headers.map(([name]) => name).toSorted(), [
        'accept',
        'content-type',
        'x-added',
        'x-restate-cluster-name',
        'x-restate-invocation-id',
        'x-restate-jwt-v1',
        'x-restate-service-key',
        'x-restate-signature-scheme',
      ]);
    });

    test('is called in its region, as who the server is or as its role', async () => {
      const elsewhere = `${FUNCTION.replace('eu-central-1', 'us-west-2')}:2`;
      await deploy({ arn: elsewhere, assume_role_arn: ROLE });
      await oneStep('role');
      assert.ok(effects.count(`called ${FUNCTION}:1 by AKIAOWN in eu-central-1`) > 0);
      // Discovery, then two attempts.
      assert.equal(effects.count(`called ${elsewhere} by ASIAROLE in us-west-2`), 3);
    });

    test('gets large requests compressed when it can read them', async () => {
      await deploy({ arn: `${FUNCTION}:zstd` });
      const reply = await rig.ingress.post('/Journey/travel', { id: 'zstd' });
      assertHas(reply.json(), { first: 100_000, sum: 5, second: 'second' });
      assert.ok(effects.count('content-encoding zstd') > 0);
      assert.ok(effects.count('content-encoding undefined') > 1);
    });

    const faults: ReadonlyArray<readonly [version: string, code: string]> = [
      ['throws', 'RT0010'],
      ['throttled', 'RT0023'],
      ['unavailable', 'RT0010'],
      ['too-large', 'RT0019'],
      ['drop', 'RT0010'],
      ['cut', 'RT0010'],
      ['junk', 'RT0010'],
      ['bad-gateway', 'RT0010'],
      ['hang', 'RT0001'],
    ];
    for (const [version, code] of faults) {
      test(`is tried again after its call met the fault '${version}'`, async () => {
        const deploymentId = await deploy({ arn: `${FUNCTION}:${version}` });
        await oneStep(version);
        const failures = rig.server.logs
          .split('\n')
          .filter((line) => line.includes('attempt failed') && line.includes(deploymentId));
        assert.equal(failures.length, 1, rig.server.logs);
        assert.match(failures[0] ?? '', new RegExp(code));
      });
    }
  },
);
