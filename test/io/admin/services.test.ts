import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAdminRig, type AdminRig } from '../../support/admin-rig.ts';

const OPTIONS = {
  inactivityTimeout: 1500,
  abortTimeout: 2000,
  journalRetention: 3000,
  idempotencyRetention: 4000,
  enableLazyState: true,
  retryPolicyInitialInterval: 10,
  retryPolicyMaxInterval: 20,
  retryPolicyMaxAttempts: 3,
  retryPolicyExponentiationFactor: 1.5,
  retryPolicyOnMaxAttempts: 'KILL',
};

/** Registered over a transport on which inactivity timeouts have no effect. */
const REQUEST_RESPONSE = {
  protocolMode: 'REQUEST_RESPONSE',
  services: [
    {
      name: 'Quiet',
      ty: 'SERVICE',
      handlers: [{ name: 'h', ...OPTIONS }, { name: 'g' }],
      ...OPTIONS,
    },
  ],
};

const BIDI = {
  services: [
    {
      name: 'Counter',
      ty: 'VIRTUAL_OBJECT',
      handlers: [
        { name: 'get', ty: 'SHARED' },
        {
          name: 'add',
          documentation: 'adds',
          metadata: { a: 'b' },
          input: { required: true, contentType: 'application/json', jsonSchema: { title: 'Sum' } },
          output: { contentType: 'text/plain', jsonSchema: { type: 'number' } },
          ...OPTIONS,
        },
      ],
    },
    {
      name: 'Signup',
      ty: 'WORKFLOW',
      documentation: 'signs up',
      metadata: { c: 'd' },
      ingressPrivate: true,
      handlers: [{ name: 'run', ty: 'WORKFLOW', workflowCompletionRetention: 9000 }],
      ...OPTIONS,
      retryPolicyMaxAttempts: 0,
    },
  ],
};

let rig: AdminRig;
let bidiId = '';

before(async () => {
  rig = await startAdminRig();
  await rig.register('/quiet', REQUEST_RESPONSE);
  const { headers } = await rig.register('/bidi', BIDI);
  bidiId = headers['location']?.replace('deployments/', '') ?? '';
});

after(() => rig.close());

async function textOf(target: string): Promise<string> {
  const answer = await rig.call('GET', target);
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json']);
  return answer.text;
}

const RETRY_POLICY =
  '"retry_policy":{"initial_interval":"10ms","exponentiation_factor":1.5,"max_attempts":3,"max_interval":"20ms","on_max_attempts":"Kill"}';

const GET_HANDLER =
  '{"name":"get","ty":"Shared","public":true,"input_description":"*/*","output_description":"application/json","retry_policy":{"max_attempts":null}}';

const ADD_HANDLER = `{"name":"add","ty":"Exclusive","documentation":"adds","metadata":{"a":"b"},"idempotency_retention":"4s","journal_retention":"3s","inactivity_timeout":"1s 500ms","abort_timeout":"2s","enable_lazy_state":true,"public":true,"input_description":"JSON 'Sum'","output_description":"JSON number","input_json_schema":{"title":"Sum"},"output_json_schema":{"type":"number"},${RETRY_POLICY}}`;

// Whole texts, since the order of the keys is part of the contract.
describe('a service', () => {
  test('shows defaults for what it does not set', async () => {
    assert.equal(
      await textOf('/services/Counter'),
      `{"name":"Counter","ty":"VirtualObject","handlers":[${GET_HANDLER},${ADD_HANDLER}],"deployment_id":"${bidiId}","revision":1,"public":true,"idempotency_retention":"1d","journal_retention":"1d","inactivity_timeout":"1m","abort_timeout":"10m","enable_lazy_state":false,"retry_policy":{"initial_interval":"500ms","exponentiation_factor":2,"max_attempts":70,"max_interval":"1m","on_max_attempts":"Pause"}}`,
    );
  });

  test('shows what it sets, for a workflow the retention of the run handler, too', async () => {
    assert.equal(
      await textOf('/services/Signup'),
      `{"name":"Signup","ty":"Workflow","handlers":[{"name":"run","ty":"Workflow","public":false,"input_description":"*/*","output_description":"application/json","retry_policy":{"max_attempts":null}}],"documentation":"signs up","metadata":{"c":"d"},"deployment_id":"${bidiId}","revision":1,"public":false,"idempotency_retention":"4s","workflow_completion_retention":"9s","journal_retention":"3s","inactivity_timeout":"1s 500ms","abort_timeout":"2s","enable_lazy_state":true,${RETRY_POLICY.replace(':3,', ':1,')}}`,
    );
  });

  test('in request/response mode has no inactivity timeout and says so', async () => {
    const { json } = await rig.call('GET', '/services/Quiet');
    const service = json as Readonly<Record<string, unknown>>;
    assert.equal(service['inactivity_timeout'], '0s');
    assert.deepEqual(service['info'], [
      {
        code: 'RT0021',
        message:
          'The configured inactivity_timeout 1s 500ms will not be applied because the service is exposed in Request/Response mode.',
      },
    ]);
  });

  test('that does not exist is not found', async () => {
    for (const target of ['/services/X', '/services/X/handlers']) {
      const answer = await rig.call('GET', target);
      assert.equal(answer.status, 404);
      assert.equal(
        answer.text,
        `{"message":"The requested service 'X' does not exist","restate_code":null}`,
      );
    }
  });
});

test('the list of services has all of them', async () => {
  const all = await Promise.all(
    ['Quiet', 'Counter', 'Signup'].map((it) => textOf(`/services/${it}`)),
  );
  assert.equal(await textOf('/services'), `{"services":[${all.join(',')}]}`);
});

describe('a handler', () => {
  test('shows what it sets', async () => {
    assert.equal(await textOf('/services/Counter/handlers/add'), ADD_HANDLER);
    assert.equal(await textOf('/services/Counter/handlers/get'), GET_HANDLER);
  });

  test('is in the list of its service', async () => {
    assert.equal(
      await textOf('/services/Counter/handlers'),
      `{"handlers":[${GET_HANDLER},${ADD_HANDLER}]}`,
    );
  });

  test('in request/response mode has no inactivity timeout and says so', async () => {
    assert.equal(
      await textOf('/services/Quiet/handlers/h'),
      `{"name":"h","idempotency_retention":"4s","journal_retention":"3s","abort_timeout":"2s","enable_lazy_state":true,"public":true,"input_description":"*/*","output_description":"application/json",${RETRY_POLICY},"info":[{"code":"RT0021","message":"The configured inactivity_timeout 1s 500ms will not be applied because the handler is exposed in Request/Response mode."}]}`,
    );
  });

  for (const [service, handler] of [
    ['Counter', 'h'],
    ['X', 'h'],
  ]) {
    test(`${handler} of ${service} is not found`, async () => {
      const answer = await rig.call('GET', `/services/${service}/handlers/${handler}`);
      assert.equal(answer.status, 404);
      assert.equal(
        answer.text,
        `{"message":"The requested handler '${handler}' on service '${service}' does not exist","restate_code":null}`,
      );
    });
  }
});
