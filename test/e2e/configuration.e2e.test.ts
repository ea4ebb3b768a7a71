// Options from the outside: what is printed, what is refused, and what they change.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { parse } from 'smol-toml';
import { seenRequests } from '../support/endpoint-settings.ts';
import { FakeEndpoint, manifestAnswer } from '../support/fake-endpoint.ts';
import { at } from '../support/manifests.ts';
import { startRelay } from '../support/relay.ts';
import { Rig } from '../support/rig.ts';
import { runServerCommand } from '../support/servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'reprise-configuration-'));
after(() => rmSync(directory, { recursive: true }));

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Environment = Readonly<Record<string, string>>;

function configFile(toml: string): string {
  const path = join(directory, 'restate.toml');
  writeFileSync(path, toml);
  return path;
}

async function startRig(environment: Environment, modules: readonly string[] = []): Promise<Rig> {
  const rig = await Rig.start({ modules, server: { environment } });
  cleanups.push(() => rig.dispose());
  return rig;
}

async function startEndpoint(fields: Readonly<Record<string, unknown>> = {}) {
  const endpoint = await FakeEndpoint.start();
  cleanups.push(() => endpoint.close());
  endpoint.behaviour = manifestAnswer({ maxProtocolVersion: 6, ...fields });
  return endpoint;
}

describe('--dump-config', () => {
  test('prints the effective options, a flag over the environment over the file', async () => {
    const path = configFile(
      'cluster-name = "file"\ndefault-num-partitions = 3\nshutdown-timeout = "90s"',
    );
    const environment = {
      RESTATE_CLUSTER_NAME: 'environment',
      RESTATE_DEFAULT_NUM_PARTITIONS: '5',
    };
    const args = ['-c', path, '--cluster-name', 'flag', '--dump-config'];
    const { code, stdout } = await runServerCommand(args, environment);
    assert.equal(code, 0);
    const dumped = parse(stdout);
    assert.equal(dumped['cluster-name'], 'flag');
    assert.equal(dumped['default-num-partitions'], 5);
    assert.equal(dumped['shutdown-timeout'], '1m 30s');
    assert.equal(at(dumped, 'worker', 'invoker', 'inactivity-timeout'), '1m');
    assert.equal(at(dumped, 'default-retry-policy', 'max-attempts'), 70);
  });

  test('is a configuration file', async () => {
    const { stdout } = await runServerCommand(['--dump-config', '--cluster-name', 'dumped']);
    const again = await runServerCommand(['--dump-config', '-c', configFile(stdout)]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(parse(again.stdout), parse(stdout));
  });

  test('tells of deprecated keys', async () => {
    const { code, stderr } = await runServerCommand(['--dump-config'], {
      HTTP_PROXY: 'http://p:1',
    });
    assert.equal(code, 0);
    assert.match(stderr, /http-proxy.*deprecated|deprecated.*http-proxy/);
    assert.match(stderr, /worker\.invoker\.http-proxy/);
  });
});

describe('a wrong option', () => {
  const rows: ReadonlyArray<
    readonly [what: string, exitCode: number, args: readonly string[], environment?: Environment]
  > = [
    ['a flag of the wrong form', 2, ['--default-num-partitions', '0']],
    ['a flag with an unknown choice', 2, ['--listen-mode', 'udp']],
    ['a flag that needs a value', 2, ['--log-disable-ansi-codes']],
    ['an argument without a flag', 2, ['start']],
    ['an environment variable', 1, [], { RESTATE_LOG_DISABLE_ANSI_CODES: 'yes' }],
    ['a duration that may not be zero', 1, [], { RESTATE_WORKER__INVOKER__CONNECT_TIMEOUT: '0s' }],
  ];
  for (const [what, exitCode, args, environment] of rows) {
    test(`like ${what} ends the start with exit code ${exitCode}`, async () => {
      const { code, stderr } = await runServerCommand([...args, '--dump-config'], environment);
      assert.equal(code, exitCode);
      assert.notEqual(stderr, '');
    });
  }

  const files = [
    'default-num-partitions = 70000',
    'bind-address = "localhost:1"',
    'roles = ["king"]',
    '[worker]\ncleanup-interval = 10',
    '[worker.invoker.additional-request-headers]\n"a b" = "c"',
    '[default-retry-policy]\non-max-attempts = "wait"',
    '[network-error-retry-policy]\ntype = "sometimes"',
  ];
  for (const toml of files) {
    test(`in a file, ${JSON.stringify(toml)}, ends the start with exit code 1`, async () => {
      const { code, stderr } = await runServerCommand(['-c', configFile(toml), '--dump-config']);
      assert.equal(code, 1);
      assert.match(stderr, /RT0002/);
    });
  }
});

test('options that nobody knows or that have no meaning do not keep the server from starting', async () => {
  const path = configFile(`
    unknown = 1
    rocksdb-total-memory-size = "256 MiB"
    [worker.storage]
    rocksdb-disable-statistics = true
    [bifrost]
    seal-retry-interval = "3s"
    [metadata-server]
    mystery = true`);
  const rig = await startRig({ RESTATE_CONFIG: path, RESTATE_NOPE__X: '1' });
  assert.equal((await rig.ingress.get('/restate/health')).status, 200);
});

describe('requests to deployments', () => {
  test('carry the name of the cluster', async () => {
    const rig = await startRig({ RESTATE_CLUSTER_NAME: 'of-the-test' });
    const endpoint = await startEndpoint();
    assert.equal((await rig.register({ uri: endpoint.origin })).status, 201);
    const headers = new Map(endpoint.requests[0]?.headers);
    assert.equal(headers.get('x-restate-cluster-name'), 'of-the-test');
  });

  test('carry the configured headers instead', async () => {
    const environment = {
      RESTATE_WORKER__INVOKER__ADDITIONAL_REQUEST_HEADERS: '{x-a="b", x-c="d"}',
    };
    const rig = await startRig(environment);
    await rig.deploy({ modules: ['durable'], endpoint: { recordsRequests: true } });
    assert.equal((await rig.ingress.post('/Steps/run', { id: 'h', count: 0 })).json(), 0);
    const seen = seenRequests(rig.effects.lines());
    assert.deepEqual(
      new Set(seen.map(({ path }) => path)),
      new Set(['/discover', '/invoke/Steps/run']),
    );
    for (const request of seen) {
      const headers = new Map(request.headers);
      assert.deepEqual([headers.get('x-a'), headers.get('x-c')], ['b', 'd']);
      assert.equal(headers.has('x-restate-cluster-name'), false);
    }
  });

  for (const useHttp11 of [false, true]) {
    const version = useHttp11 ? 'HTTP/1.1' : 'HTTP/2';
    test(`go to the proxy over ${version}, but for the exceptions`, async () => {
      const relay = await startRelay();
      cleanups.push(() => relay.close());
      const rig = await startRig({
        RESTATE_WORKER__INVOKER__HTTP_PROXY: relay.url,
        RESTATE_WORKER__INVOKER__NO_PROXY: '["127.0.0.0/8"]',
      });
      const endpoint = { recordsRequests: true, transport: useHttp11 ? 'http1' : 'h2c' } as const;
      const url = await rig.serve({ modules: ['durable'], endpoint });
      relay.forwardTo(url);
      const uri = 'http://deployment.test:9080/';
      const registration = { uri, use_http_11: useHttp11 };
      assert.equal((await rig.register(registration)).status, 201);
      assert.equal((await rig.ingress.post('/Steps/run', { id: 'p', count: 1 })).json(), 1);
      for (const { headers } of seenRequests(rig.effects.lines())) {
        const host = new Map(headers).get(useHttp11 ? 'host' : ':authority');
        assert.equal(host, 'deployment.test:9080');
      }
      const carried = relay.connectionsCount();
      assert.ok(carried > 0, 'through the proxy');
      assert.equal((await rig.register({ ...registration, uri: url })).status, 201);
      assert.equal(relay.connectionsCount(), carried);
    });
  }
});

describe('upper bounds', () => {
  test('shorten retentions, whoever set them, and tell so', async () => {
    const rig = await startRig({
      RESTATE_MAX_JOURNAL_RETENTION: '1h',
      RESTATE_MAX_IDEMPOTENCY_RETENTION: '2h',
      RESTATE_MAX_WORKFLOW_COMPLETION_RETENTION: '3h',
    });
    const hourMs = 3_600_000;
    const services = [
      {
        name: 'Bounded',
        ty: 'SERVICE',
        idempotencyRetention: 2 * hourMs,
        handlers: [{ name: 'plain' }, { name: 'own', journalRetention: 5 * hourMs }],
      },
      { name: 'BoundedWorkflow', ty: 'WORKFLOW', handlers: [{ name: 'run', ty: 'WORKFLOW' }] },
    ];
    const endpoint = await startEndpoint({ services });
    assert.equal((await rig.register({ uri: endpoint.origin })).status, 201);

    const service = (await rig.admin.get('/services/Bounded')).json();
    assert.equal(at(service, 'journal_retention'), '1h');
    assert.equal(at(service, 'idempotency_retention'), '2h');
    assert.deepEqual(clamped(service), ['journal_retention']);
    const handler = (await rig.admin.get('/services/Bounded/handlers/own')).json();
    assert.equal(at(handler, 'journal_retention'), '1h');
    assert.deepEqual(clamped(handler), ['journal_retention']);
    assert.deepEqual(clamped((await rig.admin.get('/services/Bounded/handlers/plain')).json()), []);

    const workflow = (await rig.admin.get('/services/BoundedWorkflow')).json();
    assert.equal(at(workflow, 'workflow_completion_retention'), '3h');
    const all = ['journal_retention', 'idempotency_retention', 'workflow_completion_retention'];
    assert.deepEqual(clamped(workflow), all);
  });

  test('end retries earlier than a handler asks for', async () => {
    const rig = await startRig({
      RESTATE_MAX_RETRY_POLICY_MAX_ATTEMPTS: '2',
      RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '10ms',
      RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
    });
    const handlers = [{ name: 'default' }, { name: 'own', retryPolicyMaxAttempts: 20 }];
    const endpoint = await startEndpoint({
      services: [{ name: 'Failing', ty: 'SERVICE', handlers }],
    });
    const manifest = endpoint.behaviour;
    assert(typeof manifest === 'object', 'an answer');
    endpoint.behaviour = (requestsCount) => (requestsCount === 1 ? manifest : { status: 500 });
    assert.equal((await rig.register({ uri: endpoint.origin })).status, 201);
    for (const { name } of handlers) {
      assert.equal((await rig.ingress.post(`/Failing/${name}`)).status, 500);
      const path = `/invoke/Failing/${name}`;
      assert.equal(endpoint.requests.filter((request) => request.path === path).length, 2);
    }
    const shown = (await rig.admin.get('/services/Failing/handlers/own')).json();
    assert.equal(at(shown, 'retry_policy', 'max_attempts'), 20);
  });
});

/** The retentions that the view says are shorter than configured. */
function clamped(view: unknown): readonly unknown[] {
  const infos = at(view, 'info');
  return (Array.isArray(infos) ? infos : []).map((info) => {
    assert.equal(at(info, 'code'), 'RT0022');
    return /configured (\w+) is clamped/.exec(String(at(info, 'message')))?.[1];
  });
}

describe('limits', () => {
  test('of requests at once refuse further ones with 429, on the ingress', async () => {
    const environment = { RESTATE_INGRESS__CONCURRENT_API_REQUESTS_LIMIT: '1' };
    const rig = await startRig(environment, ['durable']);
    const held = rig.ingress.post('/Steps/gated', { id: 'held' });
    await rig.effects.waitForCount('after held#1');
    const refused = await rig.ingress.post('/Steps/run', { id: 'refused', count: 1 });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['x-restate-error-source'], 'ingress');
    assert.deepEqual(refused.json(), {
      code: 429,
      message: 'too many requests, the ingress is overloaded. Retry later.',
      source: 'ingress',
    });
    rig.openGate('held');
    assert.equal((await held).json(), 'held done');
  });

  for (const [name, value] of [
    ['RESTATE_INGRESS__REQUEST_SIZE_LIMIT', '1000'],
    ['RESTATE_NETWORKING__MESSAGE_SIZE_LIMIT', '1000'],
  ] as const) {
    test(`of the size of requests, set by ${name}, refuse larger ones with 413`, async () => {
      const rig = await startRig({ [name]: value });
      const { status } = await rig.ingress.post('/Nobody/there', 'x'.repeat(2000));
      assert.equal(status, 413);
      assert.equal((await rig.ingress.post('/Nobody/there', 'x'.repeat(100))).status, 404);
    });
  }
});

describe('the log', () => {
  test('has lines in JSON that name the invocation, and hold nothing of what it is given', async () => {
    const environment = {
      RESTATE_LOG_FORMAT: 'json',
      RESTATE_WORKER__INVOKER__MESSAGE_SIZE_WARNING: '10',
      RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '1',
      RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
    };
    const rig = await startRig(environment, ['durable']);
    const secret = 'nobody-may-read-this';
    const ran = await rig.ingress.post('/Steps/run', { id: 'x'.repeat(20), count: 1, secret });
    const endpoint = await startEndpoint({
      services: [{ name: 'Failing', ty: 'SERVICE', handlers: [{ name: 'fail' }] }],
    });
    assert.equal((await rig.register({ uri: endpoint.origin })).status, 201);
    const failed = await rig.ingress.post('/Failing/fail', { secret });
    assert.equal(failed.status, 500);
    await rig.server.stop();

    const lines = jsonLines(rig.server.logs).filter((line) => at(line, 'level') === 'WARN');
    const about = (reply: typeof ran) =>
      lines.filter((line) => JSON.stringify(line).includes(String(reply.headers['x-restate-id'])));
    const [warning] = about(ran);
    assert.equal(invocationFieldsOf(warning).target, 'Steps/run');
    const [failure] = about(failed);
    assert.deepEqual(invocationFieldsOf(failure), {
      id: failed.headers['x-restate-id'],
      target: 'Failing/fail',
    });
    assert.equal(typeof at(failure, 'fields', 'message'), 'string');
    assert.match(String(at(failure, 'timestamp')), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(typeof at(failure, 'target'), 'string');
    assert.equal(rig.server.logs.includes(secret), false);
  });

  for (const [environment, isSilent] of [
    [{ RESTATE_LOG_FILTER: 'off' }, true],
    [{ RESTATE_LOG_FILTER: 'off', RUST_LOG: 'info' }, false],
  ] as const) {
    test(`with ${JSON.stringify(environment)} is ${isSilent ? '' : 'not '}silent`, async () => {
      const rig = await startRig(environment);
      await rig.server.stop();
      assert.equal(rig.server.logs === '', isSilent, rig.server.logs);
    });
  }

  test('keeps every record on one line in the compact form', async () => {
    const environment = { RESTATE_LOG_FORMAT: 'compact', RESTATE_LOG_DISABLE_ANSI_CODES: 'true' };
    const rig = await startRig(environment);
    await rig.server.stop();
    const lines = rig.server.logs.trim().split('\n');
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z +[A-Z]+ \S+: /);
    assert.ok(lines.length > 0);
  });
});

function jsonLines(logs: string): readonly unknown[] {
  return logs
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line));
}

/** The reference has them in the span when the line is written inside of one. */
function invocationFieldsOf(line: unknown) {
  const place = at(line, 'fields', 'restate.invocation.id') === undefined ? 'span' : 'fields';
  return {
    id: at(line, place, 'restate.invocation.id'),
    target: at(line, place, 'restate.invocation.target'),
  };
}
