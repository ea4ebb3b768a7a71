// Request identity, judged by the SDK: with the right key requests are taken, with another they are not.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseIdentityKey } from '../../src/io/deployment/request-identity.ts';
import {
  seenRequests,
  type EndpointSettings,
  type SeenRequest,
} from '../support/endpoint-settings.ts';
import { field } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { runServerCommand } from '../support/servers.ts';

const KEY_FILE = 'RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE';
const EXPIRATION = 'RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_EXPIRATION';
const CLUSTER = 'x-restate-cluster-name';
const IDENTITY_HEADERS = ['x-restate-signature-scheme', 'x-restate-jwt-v1'];

const directory = mkdtempSync(join(tmpdir(), 'reprise-identity-'));
after(() => rmSync(directory, { recursive: true }));

function newKey(): { readonly pem: string; readonly keyId: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const parsed = parseIdentityKey(pem);
  assert.ok(parsed.kind === 'key');
  return { pem, keyId: parsed.key.keyId };
}

function writeKeyFile(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('a server with a request identity key', () => {
  const { pem, keyId } = newKey();
  let rig: Rig;
  before(async () => {
    const environment = { [KEY_FILE]: writeKeyFile('key.pem', pem), [EXPIRATION]: '20s' };
    rig = await Rig.start({ server: { environment } });
  });
  after(() => rig.dispose());

  const TRANSPORTS: ReadonlyArray<readonly [EndpointSettings['transport'], pathPrefix: string]> = [
    ['h2c', ''],
    ['h2c', '/pre/fix'],
    ['http1', '/pre/fix'],
  ];
  for (const [transport, pathPrefix] of TRANSPORTS) {
    test(`is believed by an endpoint over ${transport} at '${pathPrefix}'`, async () => {
      await rig.deploy({
        modules: ['journey'],
        endpoint: { transport, identityKeys: [newKey().keyId, keyId], recordsRequests: true },
        pathPrefix,
        registration: {
          use_http_11: transport === 'http1',
          additional_headers: { 'x-added': '1' },
        },
      });
      const id = `some/key ü ${transport} ${pathPrefix}`;
      const reply = await rig.ingress.post('/Journey/travel', { id });
      assert.equal(reply.status, 200, reply.text());
    });
  }

  test('says on every request what is asked of whom, and since when', () => {
    const requests = seenRequests(rig.effects.lines());
    assert.ok(requests.length > 10);
    for (const request of requests) {
      const claims = claimsOf(request);
      const iat = Number(field(claims, 'iat'));
      const key = request.headers.find(([name]) => name === 'x-restate-service-key')?.[1];
      assert.deepEqual(claims, {
        aud: request.path.replace('/pre/fix', ''),
        exp: iat + 20,
        iat,
        nbf: iat - 20,
        ...(key !== undefined && { sub: decodeURIComponent(key) }),
      });
      assert.ok(Math.abs(Date.now() / 1000 - iat) < 60);
    }
  });

  test('signs after the headers of the operator and before those of the cluster', () => {
    for (const { headers } of seenRequests(rig.effects.lines())) {
      const names = headers.map(([name]) => name);
      const at = names.indexOf('x-added');
      assert.deepEqual(names.slice(at, at + 4), ['x-added', ...IDENTITY_HEADERS, CLUSTER]);
    }
  });

  test('prints the key id', () => {
    assert.match(rig.server.logs, new RegExp(`Loaded request identity key.*kid: "?${keyId}`, 's'));
  });

  test('signs again after a restart', async () => {
    await rig.crash();
    assert.equal((await rig.ingress.post('/Journey/oneStep', { id: 'restarted' })).json(), 'done');
  });

  test('is not believed by an endpoint that knows another key', async () => {
    const uri = await rig.serve({
      modules: ['greeter-v1'],
      endpoint: { identityKeys: [newKey().keyId] },
    });
    const reply = await rig.register({ uri });
    assert.equal(reply.status, 500);
    assert.match(reply.text(), /got status code '401 Unauthorized'/);
  });
});

test('a server without a key does not sign, and is not believed', async (t) => {
  const rig = await Rig.start({});
  t.after(() => rig.dispose());
  const uri = await rig.serve({
    modules: ['greeter-v1'],
    endpoint: { identityKeys: [newKey().keyId], recordsRequests: true },
  });
  assert.match((await rig.register({ uri })).text(), /401 Unauthorized/);
  for (const { headers } of seenRequests(rig.effects.lines())) {
    assert.ok(headers.every(([name]) => !IDENTITY_HEADERS.includes(name)));
  }
});

describe('a server does not start with', () => {
  const { pem } = newKey();
  const x25519 = generateKeyPairSync('x25519').privateKey;
  const files: ReadonlyArray<readonly [name: string, path: string]> = [
    ['a key file that is missing', join(directory, 'missing.pem')],
    ['a key file without a key', writeKeyFile('junk.pem', 'junk')],
    ['a key file with two keys', writeKeyFile('two.pem', pem + pem)],
    [
      'a key that cannot sign',
      writeKeyFile('x.pem', x25519.export({ format: 'pem', type: 'pkcs8' }).toString()),
    ],
  ];
  for (const [name, path] of files) {
    test(name, async () => {
      const { code, stdout, stderr } = await runServerCommand(
        ['--base-dir', join(directory, 'data')],
        {
          [KEY_FILE]: path,
          RESTATE_BIND_ADDRESS: '127.0.0.1:0',
          RESTATE_INGRESS__BIND_ADDRESS: '127.0.0.1:0',
          RESTATE_ADMIN__BIND_ADDRESS: '127.0.0.1:0',
        },
      );
      assert.equal(code, 1);
      assert.match(stdout + stderr, /Failed to read request identity private key/);
    });
  }
});

function claimsOf({ headers }: SeenRequest): unknown {
  const token = headers.find(([name]) => name === 'x-restate-jwt-v1')?.[1] ?? '';
  const claims: unknown = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  );
  return claims;
}
