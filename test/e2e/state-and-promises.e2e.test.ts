// State of objects and workflows, durable promises and the run-once rule, with two versions of the SDK.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { field } from '../support/json.ts';
import { newTag, perform, startOperationRig } from '../support/operation-rig.ts';
import type { Rig } from '../support/rig.ts';
import { SDK_VERSIONS } from '../support/service-process.ts';
import { waitFor } from '../support/wait.ts';

for (const sdk of SDK_VERSIONS) {
  describe(sdk.name, { concurrency: true }, () => {
    let rig: Rig;
    before(async () => {
      rig = await startOperationRig(sdk);
    });
    after(() => rig.dispose());

    describeState(() => rig, 'eager', 'OperationObject', 'OperationWorkflow');
    describeState(() => rig, 'lazy', 'LazyOperationObject', 'LazyOperationWorkflow');
    describePromises(() => rig);
    describeWorkflowRun(() => rig);
  });
}

function describeState(rig: () => Rig, mode: string, object: string, workflow: string): void {
  const keyless = { keys: [], first: null, second: null, third: null };
  const written = { keys: ['first', 'second'], first: 'one', second: 2, third: null };

  describe(`${mode} state`, { concurrency: 8 }, () => {
    for (const [kind, path] of [
      ['an object', (key: string) => `/${object}/${key}/perform`],
      ['a workflow', (key: string) => `/${workflow}/${key}/run`],
    ] as const) {
      test(`in ${kind} is read, written and cleared in one invocation`, async () => {
        const tag = newTag();
        const reply = await perform(rig(), path(tag), 'stateOfOneInvocation', tag);
        const nested = { nested: ['ü'] };
        // With eager state the SDK answers from its own copy, where a cleared key is still listed.
        const keysAfterClear = mode === 'eager' ? ['a', 'b', 'empty'] : ['a', 'empty'];
        assert.deepEqual(reply.json(), [
          ...[null, []],
          ...[1, nested, '', ['a', 'b', 'empty']],
          ...[null, keysAfterClear],
          ...[null, []],
        ]);
      });
    }

    test('of an object is kept between invocations, per key', async () => {
      const tag = newTag();
      const at = (handler: string) => `/${object}/${tag}/${handler}`;
      assert.deepEqual((await perform(rig(), at('perform'), 'stateRead', tag)).json(), keyless);
      assert.equal((await perform(rig(), at('perform'), 'stateWritten', tag)).status, 200);
      for (const handler of ['perform', 'performShared']) {
        const reply = await perform(rig(), at(handler), 'stateRead', tag);
        assert.deepEqual(reply.json(), written, handler);
      }
      const other = await perform(rig(), `/${object}/${tag}-other/perform`, 'stateRead', tag);
      assert.deepEqual(other.json(), keyless);
      const cleared = await perform(rig(), at('perform'), 'stateCleared', tag);
      assert.deepEqual(cleared.json(), ['first', 'second']);
      assert.deepEqual((await perform(rig(), at('perform'), 'stateRead', tag)).json(), keyless);
    });

    test('of a workflow is readable by shared handlers after its run', async () => {
      const tag = newTag();
      await perform(rig(), `/${workflow}/${tag}/run`, 'stateWritten', tag);
      const reply = await perform(rig(), `/${workflow}/${tag}/performShared`, 'stateRead', tag);
      assert.deepEqual(reply.json(), written);
    });
  });
}

function describePromises(rig: () => Rig): void {
  const run = (tag: string, operation: string) =>
    perform(rig(), `/OperationWorkflow/${tag}/run`, operation, tag);
  const share = (tag: string, operation: string) =>
    perform(rig(), `/OperationWorkflow/${tag}/performShared`, operation, tag);

  describe('durable promise', { concurrency: 8 }, () => {
    test('resolved by a shared handler reaches the run and every getter', async () => {
      const tag = newTag();
      const answer = run(tag, 'promiseAwaited');
      await rig().effects.waitForCount(`${tag} awaits nothing yet`);
      assert.equal((await share(tag, 'promisePeeked')).json(), 'nothing yet');
      const getter = share(tag, 'promiseGot');
      assert.equal((await share(tag, 'promiseResolved')).status, 200);
      assert.equal((await answer).json(), 'yes');
      assert.equal((await getter).json(), 'yes');
      assert.equal((await share(tag, 'promisePeeked')).json(), 'yes');
    });

    test('resolved before the run starts is kept', async () => {
      const tag = newTag();
      assert.equal((await share(tag, 'promiseResolved')).status, 200);
      assert.equal((await run(tag, 'promiseAwaited')).json(), 'yes');
      assert.equal(rig().effects.count(`${tag} awaits yes`), 1);
    });

    test('rejected fails the run and later peeks', async () => {
      const tag = newTag();
      const answer = run(tag, 'promiseAwaited');
      await rig().effects.waitForCount(`${tag} awaits nothing yet`);
      assert.equal((await share(tag, 'promiseRejected')).status, 200);
      assert.equal((await answer).json(), '500 refused');
      const peeked = await share(tag, 'promisePeeked');
      assert.equal(peeked.status, 500);
      assert.equal(field(peeked.json(), 'message'), 'refused');
    });

    test('completed twice refuses the second completion', async () => {
      const tag = newTag();
      await share(tag, 'promiseResolved');
      for (const operation of ['promiseResolved', 'promiseRejected']) {
        const second = await share(tag, operation);
        assert.equal(second.status, 409);
        assert.deepEqual(second.json(), {
          code: 409,
          message: 'promise was already completed',
          source: 'invocation',
        });
      }
      assert.equal((await share(tag, 'promisePeeked')).json(), 'yes');
    });

    test('resolved by the run itself is there at once', async () => {
      const tag = newTag();
      assert.deepEqual((await run(tag, 'promiseResolvedByItself')).json(), ['own', 'own']);
    });

    test('of another name is another promise', async () => {
      const tag = newTag();
      const answer = run(tag, 'promiseAwaitedTwice');
      await share(tag, 'otherPromiseResolved');
      assert.equal((await share(tag, 'promisePeeked')).json(), 'nothing yet');
      await share(tag, 'promiseResolved');
      assert.deepEqual((await answer).json(), ['yes', 'too']);
    });
  });
}

function describeWorkflowRun(rig: () => Rig): void {
  describe('workflow run', () => {
    test('happens once; a second call is refused, its result stays readable', async () => {
      const tag = newTag();
      const path = `/OperationWorkflow/${tag}/run`;
      const running = perform(rig(), path, 'promiseAwaited', tag);
      await rig().effects.waitForCount(`${tag} awaits nothing yet`);

      const output = await rig().ingress.get(`/restate/workflow/OperationWorkflow/${tag}/output`);
      assert.equal(output.status, 470);
      const attached = rig().ingress.get(`/restate/workflow/OperationWorkflow/${tag}/attach`);

      const whileRunning = await perform(rig(), path, 'promiseAwaited', tag);
      assert.equal(whileRunning.status, 409);
      await perform(rig(), `/OperationWorkflow/${tag}/performShared`, 'promiseResolved', tag);
      assert.equal((await running).json(), 'yes');
      assert.equal((await attached).json(), 'yes');

      const afterwards = await perform(rig(), path, 'promiseAwaited', tag);
      assert.equal(afterwards.status, 409);
      assert.deepEqual(afterwards.json(), {
        code: 409,
        message: 'the workflow method was already invoked',
        source: 'invocation',
      });
      const kept = await waitFor('the kept result', async () => {
        const reply = await rig().ingress.get(`/restate/workflow/OperationWorkflow/${tag}/output`);
        return reply.status === 200 ? reply : undefined;
      });
      assert.equal(kept.json(), 'yes');
      assert.equal(rig().effects.count(`${tag} attempt`), 2);
    });
  });
}
