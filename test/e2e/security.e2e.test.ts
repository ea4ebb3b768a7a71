// Who may use the server, over TLS and in clear text, and where it may connect to.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import pg from 'pg';
import {
  AUTHORITY_CERTIFICATE,
  CERTIFICATE,
  PRIVATE_KEY,
  SERVER_CERTIFICATE,
  SERVER_PRIVATE_KEY,
} from '../support/certificate.ts';
import { requestSecurely } from '../support/https.ts';
import { at } from '../support/manifests.ts';
import { NodeClient } from '../support/node-client.ts';
import { RawDeployment } from '../support/raw-deployment.ts';
import { Rig } from '../support/rig.ts';
import { launch, runServerCommand, skippedOnReference } from '../support/servers.ts';
import { temporaryFiles } from '../support/temporary-files.ts';
import { waitFor } from '../support/wait.ts';

const { directory, file } = temporaryFiles('security');

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const OPERATOR = { authorization: 'Bearer operators-own' };
const CLIENT = { authorization: 'Bearer clients-own' };
const CERT_FILE = file('cert.pem', SERVER_CERTIFICATE);
const KEY_FILE = file('key.pem', SERVER_PRIVATE_KEY);
const TOKEN_FILE = file('tokens', '# of clients\nclients-own\n');
const OPERATORS_FILE = file('operators', 'operators-second\n');
const AUTHORITY_FILE = file('authority.pem', AUTHORITY_CERTIFICATE);

const skip = skippedOnReference('the reference has neither tokens nor TLS but on its node port');

describe('a server with tokens and certificates', { skip }, () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start({
      server: {
        environment: {
          RESTATE_LISTEN_MODE: 'all',
          RESTATE_AUTH__TOKENS: '["operators-own", "ann:of-ann"]',
          RESTATE_AUTH__TOKEN_FILE: OPERATORS_FILE,
          RESTATE_INGRESS__AUTH__TOKEN_FILE: TOKEN_FILE,
          RESTATE_TLS__CERT_FILE: CERT_FILE,
          RESTATE_TLS__KEY_FILE: KEY_FILE,
          RESTATE_TLS__MODE: 'prefer',
          RESTATE_INGRESS__TLS__MODE: 'prefer',
          RESTATE_ADMIN__TLS__MODE: 'prefer',
        },
      },
    });
    const uri = await rig.serve({ modules: ['ingress-samples'] });
    const reply = await rig.admin.post('/deployments', { uri }, OPERATOR);
    assert.equal(reply.status, 201, reply.text());
  });
  after(() => rig.dispose());

  function socketOf(name: string): string {
    return join(rig.server.dataDirectory, 'node-1', name);
  }

  function secure(url: string, path: string): string {
    return url.replace('http:', 'https:') + path;
  }

  test('answers a stranger at the ingress with 401 in its own form', async () => {
    const reply = await rig.ingress.post('/Echo/echo', { a: 1 });
    assert.equal(reply.status, 401);
    assert.equal(reply.headers['www-authenticate'], 'Bearer realm="Reprise ingress"');
    assert.equal(reply.headers['x-restate-error-source'], 'ingress');
    assert.equal(reply.headers['connection'], 'close');
    const message = 'unauthorized, a valid token is required';
    assert.deepEqual(reply.json(), { code: 401, message, source: 'ingress' });
    const unknown = await rig.ingress.get('/Nobody/knows', OPERATOR);
    assert.equal(unknown.status, 401);
    assert.notEqual(unknown.headers['connection'], 'close');
  });

  test('lets the page of a stranger read that, and ask beforehand', async () => {
    const origin = 'https://page.example.com';
    const refused = await rig.ingress.get('/Echo/echo', { origin });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers['access-control-allow-origin'], origin);
    const preflight = await rig.ingress.request({
      method: 'OPTIONS',
      path: '/Echo/echo',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    assert.equal(preflight.status, 200);
    assert.equal(preflight.headers['access-control-allow-headers'], 'authorization');
  });

  test('answers a stranger at the admin API with 401 in its own form', async () => {
    for (const headers of [{}, CLIENT, { authorization: 'Bearer wrong' }]) {
      const reply = await rig.admin.get('/deployments', headers);
      assert.equal(reply.status, 401);
      assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer realm=.*, Basic realm=/);
      const message = 'unauthorized, a valid token is required';
      assert.deepEqual(reply.json(), { message, restate_code: null });
    }
  });

  test('shows everybody that it is well', async () => {
    assert.equal((await rig.ingress.get('/restate/health')).status, 200);
    for (const path of ['/health', '/v3/health']) {
      assert.equal((await rig.admin.get(path)).status, 200);
    }
    assert.equal((await fetch(`${rig.server.nodeUrl}/health`)).status, 200);
  });

  test('takes a token, and a name with its secret', async () => {
    const basic = (pair: string) => ({
      authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
    });
    for (const headers of [OPERATOR, basic('ann:of-ann'), basic('anybody:operators-own')]) {
      assert.equal((await rig.admin.get('/deployments', headers)).status, 200);
    }
    assert.equal((await rig.admin.get('/deployments', basic('bob:of-ann'))).status, 401);
  });

  test('shows a handler everything but the token', async () => {
    const headers = { ...CLIENT, 'x-own': 'value' };
    const reply = await rig.ingress.post('/Echo/request', undefined, headers);
    assert.equal(reply.status, 200, reply.text());
    const seen = at(reply.json(), 'headers');
    assert.ok(Array.isArray(seen));
    const names = seen.map((field: unknown) => (Array.isArray(field) ? field[0] : undefined));
    assert.ok(names.includes('x-own'));
    assert.ok(!names.includes('authorization'));
  });

  test('serves all three ports in TLS', async () => {
    const { ingressUrl, adminUrl, nodeUrl } = rig.server;
    const body = JSON.stringify({ a: 'ü' });
    const headers = { ...CLIENT, 'content-type': 'application/json' };
    const call = await requestSecurely(secure(ingressUrl, '/Echo/echo'), { headers }, body);
    assert.deepEqual([call.status, call.text], [200, body]);
    const list = await requestSecurely(secure(adminUrl, '/deployments'), { headers: OPERATOR });
    assert.equal(list.status, 200);
    const metrics = secure(nodeUrl, '/metrics');
    assert.equal((await requestSecurely(metrics, { headers: OPERATOR })).status, 200);
    assert.equal((await requestSecurely(metrics)).status, 401);
  });

  test('tells others to come by TLS', async () => {
    const reply = await rig.admin.get('/version', OPERATOR);
    const { port } = new URL(rig.server.ingressUrl);
    assert.equal(at(reply.json(), 'ingress_endpoint'), `https://127.0.0.1:${port}/`);
  });

  test('asks for the same in gRPC', async () => {
    const call = { service: 'NodeCtl', method: 'GetIdent', response: 'IdentResponse' } as const;
    const rows = [
      [{}, 16],
      [CLIENT, 16],
      [OPERATOR, 0],
      [{ ...OPERATOR, ca: AUTHORITY_CERTIFICATE }, 0],
    ] as const;
    for (const [options, code] of rows) {
      const client = new NodeClient(rig.server.nodeUrl, options);
      const reply = await client.call(call);
      client.close();
      assert.equal(reply.kind === 'refused' ? reply.code : 0, code);
    }
    const local = new NodeClient(`unix:${socketOf('fabric.sock')}`);
    assert.equal((await local.call(call)).kind, 'reply');
    local.close();
  });

  test('asks for nothing on its unix sockets', async () => {
    const rows = [
      ['ingress.sock', '/restate/lookup', 405],
      ['admin.sock', '/deployments', 200],
      ['fabric.sock', '/metrics', 200],
    ] as const;
    for (const [name, path, status] of rows) {
      const seen = await new Promise((resolve, reject) => {
        http
          .get({ socketPath: socketOf(name), path }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
          .on('error', reject);
      });
      assert.equal(seen, status, name);
    }
  });

  test("serves the SDK's client over https with a token", async () => {
    const script = fileURLToPath(new URL('../services/call-echo.js', import.meta.url));
    const call = (token: string): Promise<string> => {
      const env = {
        INGRESS_URL: secure(rig.server.ingressUrl, '').replace('127.0.0.1', 'localhost'),
        TOKEN: token,
        NODE_EXTRA_CA_CERTS: AUTHORITY_FILE,
      };
      const child = promisify(execFile)(process.execPath, [script], { env });
      return child.then(({ stdout }) => stdout.trim());
    };
    assert.equal(await call('clients-own'), '{"greeting":"hello"}');
    assert.equal(await call('wrong'), '401');
  });

  async function askBySql(
    user: string,
    password: string | undefined,
    ssl: ConnectionOptions | boolean,
  ): Promise<string> {
    const { postgresPort: port } = rig.server;
    const client = new pg.Client({ host: 'localhost', port, user, password, ssl });
    try {
      await client.connect();
      const { rows } = await client.query('SELECT name FROM sys_service');
      await client.end();
      return `services: ${rows.length}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  const trusting = { ca: AUTHORITY_CERTIFICATE };

  test('asks PostgreSQL clients for the same', async () => {
    for (const ssl of [trusting, false]) {
      for (const [user, password] of [
        ['bob', 'operators-own'],
        ['bob', 'operators-second'],
        ['ann', 'of-ann'],
      ] as const) {
        assert.match(await askBySql(user, password, ssl), /^services: [1-9]/);
      }
      for (const [user, password] of [
        ['bob', 'of-ann'],
        ['bob', 'clients-own'],
        ['bob', ''],
      ] as const) {
        const refusal = `password authentication failed for user "${user}"`;
        assert.equal(await askBySql(user, password, ssl), refusal);
      }
      assert.doesNotMatch(await askBySql('bob', undefined, ssl), /^services/);
    }
    assert.match(await askBySql('bob', 'operators-own', true), /verify|issuer/);
  });

  const hasPsql = spawnSync('psql', ['--version']).status === 0;
  test('serves psql with a verified certificate', { skip: !hasPsql }, () => {
    const sql = 'SELECT count(*) FROM sys_deployment';
    const run = (PGPASSWORD: string) =>
      spawnSync('psql', ['-X', '-A', '-t', '-w', '-d', 'restate', '-c', sql], {
        env: {
          PATH: process.env['PATH'],
          PGHOST: 'localhost',
          PGPORT: String(rig.server.postgresPort),
          PGUSER: 'ann',
          PGPASSWORD,
          PGSSLMODE: 'verify-full',
          PGSSLROOTCERT: AUTHORITY_FILE,
        },
        encoding: 'utf8',
      });
    const admitted = run('of-ann');
    assert.equal(admitted.stdout, '1\n', admitted.stderr);
    const refused = run('wrong');
    assert.match(refused.stderr, /FATAL: {2}password authentication failed for user "ann"/);
  });

  test('lets the user that it runs as take a snapshot, without a token', async () => {
    const parent = join(directory, 'snapshots');
    const place = ['--base-dir', rig.server.dataDirectory, '--node-name', 'node-1'];
    const { code, stdout, stderr } = await runServerCommand(['snapshot', parent, ...place]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /the partitions stood still/);
    assert.equal(statSync(socketOf('control.sock')).mode & 0o777, 0o600);
  });

  test('reads tokens and certificates again on SIGHUP', async () => {
    const isKnown = async (token: string): Promise<boolean> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await rig.ingress.get('/restate/lookup', headers)).status !== 401;
    };
    const isTrusted = (): Promise<boolean> =>
      requestSecurely(secure(rig.server.adminUrl, '/health')).then(
        () => true,
        () => false,
      );
    assert.equal(await isKnown('clients-new'), false);
    writeFileSync(TOKEN_FILE, 'clients-new\n');
    writeFileSync(OPERATORS_FILE, 'operators-new\n');
    // For localhost only, and of no authority.
    writeFileSync(CERT_FILE, CERTIFICATE);
    writeFileSync(KEY_FILE, PRIVATE_KEY);
    rig.server.signal('SIGHUP');
    await waitFor('the new token', async () => ((await isKnown('clients-new')) ? true : undefined));
    assert.equal(await isKnown('clients-own'), false);
    await waitFor('the new certificate', async () => ((await isTrusted()) ? undefined : true));
    assert.match(rig.server.logs, /the certificate of the admin API was read again/);
    assert.match(await askBySql('bob', 'operators-new', { ca: CERTIFICATE }), /^services/);
    assert.match(await askBySql('bob', 'operators-new', trusting), /self-signed|verify/);
    assert.match(await askBySql('bob', 'operators-second', false), /authentication failed/);

    writeFileSync(TOKEN_FILE, '# nobody\n');
    rig.server.signal('SIGHUP');
    await waitFor('a warning', () =>
      rig.server.logs.includes('what protects the ingress was not read again') ? true : undefined,
    );
    assert.equal(await isKnown('clients-new'), true);
  });

  test('has none of the tokens in its log', () => {
    assert.doesNotMatch(
      rig.server.logs,
      /operators-(?:own|second|new)|of-ann|clients-own|clients-new/,
    );
  });
});

describe('the warning about an admin API', { skip }, () => {
  const everywhere = { RESTATE_ADMIN__BIND_IP: '0.0.0.0' };
  const rows: ReadonlyArray<
    readonly [what: string, environment: Readonly<Record<string, string>>, warnsOf?: string]
  > = [
    ['on every interface', everywhere, 'ADMIN API'],
    ['on the loopback interface', { RESTATE_ADMIN__BIND_IP: '127.0.0.1' }],
    [
      'that only PostgreSQL clients reach',
      { RESTATE_ADMIN__QUERY_ENGINE__PGSQL_BIND_ADDRESS: '0.0.0.0:0' },
      'PORT FOR POSTGRESQL CLIENTS',
    ],
    ['with tokens', { ...everywhere, RESTATE_AUTH__TOKENS: '[a]' }],
    ['on unix sockets only', { RESTATE_LISTEN_MODE: 'unix' }],
  ];
  for (const [what, environment, warnsOf] of rows) {
    test(`${what} is ${warnsOf === undefined ? 'not there' : 'there'}`, async () => {
      const child = launch('reprise', [], {
        RESTATE_BASE_DIR: mkdtempSync(join(directory, 'data-')),
        RESTATE_NODE_NAME: 'n',
        RESTATE_DEFAULT_NUM_PARTITIONS: '1',
        RESTATE_BIND_IP: '127.0.0.1',
        RESTATE_USE_RANDOM_PORTS: 'true',
        ...environment,
      });
      cleanups.push(async () => void (await child.kill('SIGKILL')));
      await waitFor('a started server', () => {
        assert(!child.hasExited(), child.output);
        return child.output.includes(' serves') ? true : undefined;
      });
      assert.equal(/THE ([A-Z ]+) IS OPEN TO THE NETWORK/.exec(child.output)?.[1], warnsOf);
    });
  }
});

describe('a start is refused', { skip }, () => {
  const rows: ReadonlyArray<
    readonly [what: string, environment: Readonly<Record<string, string>>, says: RegExp]
  > = [
    [
      'without the file of a certificate',
      {
        RESTATE_INGRESS__TLS__MODE: 'require',
        RESTATE_TLS__CERT_FILE: '/nowhere/a.pem',
        RESTATE_TLS__KEY_FILE: '/nowhere/a.key',
      },
      /^Invalid configuration: Failed to open cert file \/nowhere\/a\.pem/m,
    ],
    [
      'without the name of one',
      { RESTATE_ADMIN__TLS__MODE: 'require' },
      /^Invalid configuration: admin\.tls\.mode is require and admin\.tls\.cert-file is missing/m,
    ],
    [
      'without the file of the tokens',
      { RESTATE_AUTH__TOKEN_FILE: '/nowhere/tokens' },
      /^Invalid configuration: cannot read the tokens in \/nowhere\/tokens/m,
    ],
    [
      'with a file that has no token',
      { RESTATE_AUTH__TOKEN_FILE: file('empty', '\n# nothing\n') },
      /^Invalid configuration: .*empty has no token/m,
    ],
  ];
  for (const [what, environment, says] of rows) {
    test(what, async () => {
      const baseDirectory = mkdtempSync(join(directory, 'data-'));
      const { code, stderr } = await runServerCommand(['--base-dir', baseDirectory], {
        RESTATE_BIND_IP: '127.0.0.1',
        RESTATE_USE_RANDOM_PORTS: 'true',
        ...environment,
      });
      assert.equal(code, 1);
      assert.match(stderr, says);
    });
  }
});

const SERVICE = { name: 'Raw', ty: 'SERVICE', handlers: [{ name: 'run' }] };
/** One attempt only, so that its failure is the answer. */
const ONE_ATTEMPT = {
  RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '1',
  RESTATE_DEFAULT_RETRY_POLICY__ON_MAX_ATTEMPTS: 'kill',
};

describe('a deployment at a denied address', { skip }, () => {
  test('is not registered', async () => {
    const rig = await Rig.start({});
    cleanups.push(() => rig.dispose());
    for (const use_http_11 of [false, true]) {
      const reply = await rig.register({ uri: 'http://169.254.169.254/latest', use_http_11 });
      assert.equal(reply.status, 403, reply.text());
      assert.match(reply.text(), /connections to 169\.254\.169\.254 are denied by worker\.invoker/);
    }
  });

  const lists = [
    { RESTATE_WORKER__INVOKER__DENIED_DESTINATIONS: '[127.0.0.0/8, "::1"]' },
    { RESTATE_WORKER__INVOKER__ALLOWED_DESTINATIONS: '["*.example.com", 10.0.0.0/8]' },
  ];
  for (const list of lists) {
    test(`is not called either, by ${Object.keys(list).join()}`, async () => {
      const rig = await Rig.start({ server: { environment: ONE_ATTEMPT } });
      cleanups.push(() => rig.dispose());
      const deployment = await RawDeployment.start(SERVICE);
      cleanups.push(() => deployment.close());
      const uri = deployment.url.replace('127.0.0.1', 'localhost');
      assert.equal((await rig.register({ uri })).status, 201);
      await rig.server.stop();
      await rig.server.restart(list);
      const reply = await rig.ingress.post('/Raw/run');
      assert.equal(reply.status, 500);
      assert.match(reply.text(), /connections to localhost \(.*\) are denied by worker\.invoker/);
      assert.equal((await rig.register({ uri, force: true })).status, 403);
    });
  }
});
