import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { concealCredential } from '../../../src/io/http/access.ts';
import type { ListenerLimits } from '../../../src/io/http/exchange.ts';
import { listenerLimitsOf, securitySettings } from '../../../src/io/config/security-settings.ts';
import { type Given, load, refusal, run, warningsOf } from './loading.ts';

const secret = concealCredential('secret');

function settings(given: Given, server: 'node' | 'ingress' | 'admin') {
  return securitySettings(run(given), server);
}

test('by default nothing is asked and nothing is encrypted', () => {
  for (const server of ['node', 'ingress', 'admin'] as const) {
    const { tls, access } = settings({}, server);
    assert.deepEqual({ tls, access }, { tls: undefined, access: undefined });
  }
});

describe('tokens', () => {
  type Who = readonly ('node' | 'ingress' | 'admin')[];
  const rows: ReadonlyArray<readonly [variable: string, servers: Who]> = [
    ['RESTATE_AUTH__TOKENS', ['node', 'admin']],
    ['RESTATE_INGRESS__AUTH__TOKENS', ['ingress']],
    ['RESTATE_ADMIN__AUTH__TOKENS', ['admin']],
  ];
  for (const [variable, servers] of rows) {
    test(`of ${variable} are asked for by ${servers.join(' and ')}`, () => {
      for (const server of ['node', 'ingress', 'admin'] as const) {
        const { access } = settings({ env: { [variable]: '[secret]' } }, server);
        const expected = { tokens: [secret], tokenFile: undefined };
        assert.deepEqual(access, servers.includes(server) ? expected : undefined);
      }
    });
  }

  test('of the admin API take the place of those of the root', () => {
    const env = { RESTATE_AUTH__TOKENS: 'a', RESTATE_ADMIN__AUTH__TOKENS: 'secret' };
    assert.deepEqual(settings({ env }, 'admin').access?.tokens, [secret]);
    const withFile = { RESTATE_AUTH__TOKENS: 'a', RESTATE_ADMIN__AUTH__TOKEN_FILE: 'f' };
    const expected = { tokens: [], tokenFile: '/srv/f' };
    assert.deepEqual(settings({ env: withFile }, 'admin').access, expected);
  });

  test('may be in files', () => {
    const env = {
      RESTATE_AUTH__TOKEN_FILE: 'root',
      RESTATE_INGRESS__AUTH__TOKEN_FILE: 'of-ingress',
      RESTATE_ADMIN__AUTH__TOKEN_FILE: '/of/admin',
    };
    const files = { node: '/srv/root', ingress: '/srv/of-ingress', admin: '/of/admin' };
    for (const server of ['node', 'ingress', 'admin'] as const) {
      assert.equal(settings({ env }, server).access?.tokenFile, files[server]);
    }
  });

  test('that are none let nobody in', () => {
    const { access } = settings({ env: { RESTATE_AUTH__TOKENS: '' } }, 'admin');
    assert.deepEqual(access, { tokens: [], tokenFile: undefined });
  });

  test('are in no dump, which yet means the same', () => {
    const toml = '[auth]\ntokens = ["secret", "ann:hidden"]';
    const dumped = load({ toml, argv: ['--dump-config'] });
    assert(dumped.kind === 'print', 'printed');
    assert.doesNotMatch(dumped.text, /secret|hidden/);
    assert.deepEqual(run({ toml: dumped.text }).authTokens, run({ toml }).authTokens);
  });

  for (const toml of [
    '[auth]\ntokens = 5',
    '[auth]\ntokens = ["secret", 5]',
    '[auth]\ntokens=[""]',
  ]) {
    test(`written as ${JSON.stringify(toml)} are refused without being repeated`, () => {
      const { message } = refusal({ toml });
      assert.match(message, /"auth\.tokens" .*expected a list of tokens/);
      assert.doesNotMatch(message, /secret/);
    });
  }
});

describe('TLS', () => {
  const FILES = '[tls]\ncert-file = "c.pem"\nkey-file = "k.pem"\n';
  const files = { certFile: '/srv/c.pem', keyFile: '/srv/k.pem' };

  test('of the ingress and the admin API takes from the root everything but the mode', () => {
    const toml = `${FILES}mode = "require"\nca-files = ["a.pem"]\nrequire-client-auth = true\nallowed-subject-names = ["*"]`;
    const clientAuthority = { caFiles: ['/srv/a.pem'], subjectNames: ['*'] };
    assert.deepEqual(settings({ toml }, 'node').tls, {
      mode: 'require',
      ...files,
      clientAuthority,
    });
    for (const server of ['ingress', 'admin'] as const) {
      assert.equal(settings({ toml }, server).tls, undefined);
      const both = { toml: `${toml}\n[${server}.tls]\nmode = "prefer"` };
      assert.deepEqual(settings(both, server).tls, { mode: 'prefer', ...files, clientAuthority });
    }
  });

  const OWN = {
    node: {
      RESTATE_TLS__MODE: 'allow',
      RESTATE_TLS__CERT_FILE: 'own-c.pem',
      RESTATE_TLS__KEY_FILE: 'own-k.pem',
      RESTATE_TLS__CA_FILES: '[own-a.pem]',
      RESTATE_TLS__REQUIRE_CLIENT_AUTH: 'true',
      RESTATE_TLS__ALLOWED_SUBJECT_NAMES: '[own]',
    },
    ingress: {
      RESTATE_INGRESS__TLS__MODE: 'allow',
      RESTATE_INGRESS__TLS__CERT_FILE: 'own-c.pem',
      RESTATE_INGRESS__TLS__KEY_FILE: 'own-k.pem',
      RESTATE_INGRESS__TLS__CA_FILES: '[own-a.pem]',
      RESTATE_INGRESS__TLS__REQUIRE_CLIENT_AUTH: 'true',
      RESTATE_INGRESS__TLS__ALLOWED_SUBJECT_NAMES: '[own]',
    },
    admin: {
      RESTATE_ADMIN__TLS__MODE: 'allow',
      RESTATE_ADMIN__TLS__CERT_FILE: 'own-c.pem',
      RESTATE_ADMIN__TLS__KEY_FILE: 'own-k.pem',
      RESTATE_ADMIN__TLS__CA_FILES: '[own-a.pem]',
      RESTATE_ADMIN__TLS__REQUIRE_CLIENT_AUTH: 'true',
      RESTATE_ADMIN__TLS__ALLOWED_SUBJECT_NAMES: '[own]',
    },
  } as const;
  for (const server of ['node', 'ingress', 'admin'] as const) {
    test(`of the ${server} server has options of its own`, () => {
      assert.deepEqual(settings({ env: OWN[server], toml: FILES }, server).tls, {
        mode: 'allow',
        certFile: '/srv/own-c.pem',
        keyFile: '/srv/own-k.pem',
        clientAuthority: { caFiles: ['/srv/own-a.pem'], subjectNames: ['own'] },
      });
    });
  }

  test('may ask for no certificates where the root does', () => {
    const toml = `${FILES}require-client-auth = true\n[ingress.tls]\nmode = "require"\nrequire-client-auth = false`;
    assert.equal(settings({ toml }, 'ingress').tls?.clientAuthority, undefined);
  });

  const incomplete: ReadonlyArray<readonly [toml: string, key: string]> = [
    ['', 'ingress.tls.cert-file'],
    ['cert-file = "c"', 'ingress.tls.key-file'],
    ['cert-file = "c"\nkey-file = "k"\nrequire-client-auth = true', 'ingress.tls.ca-files'],
    [
      'cert-file = "c"\nkey-file = "k"\nrequire-client-auth = true\nca-files = ["a"]',
      'ingress.tls.allowed-subject-names',
    ],
    [
      'cert-file = "c"\nkey-file = "k"\nrequire-client-auth = true\nca-files = []\nallowed-subject-names = ["*"]',
      'ingress.tls.ca-files',
    ],
  ];
  for (const [toml, key] of incomplete) {
    test(`with ${JSON.stringify(toml)} alone lacks ${key}`, () => {
      const given = { toml: `[ingress.tls]\nmode = "require"\n${toml}` };
      const message = `Invalid configuration: ingress.tls.mode is require and ${key} is missing`;
      assert.throws(() => settings(given, 'ingress'), { message });
    });
  }
});

test('the limits of the HTTP servers are those of the options', () => {
  const env = {
    RESTATE_HTTP_SERVER__HEADER_TIMEOUT: '1s',
    RESTATE_HTTP_SERVER__REQUEST_TIMEOUT: '2s',
    RESTATE_HTTP_SERVER__IDLE_TIMEOUT: '3s',
    RESTATE_HTTP_SERVER__SEND_TIMEOUT: '0s',
    RESTATE_HTTP_SERVER__HEADER_SIZE_LIMIT: '64 KiB',
  };
  const expected: ListenerLimits = {
    headerTimeoutMs: 1000,
    requestTimeoutMs: 2000,
    idleTimeoutMs: 3000,
    sendTimeoutMs: 0,
    headBytesMax: 65_536,
  };
  assert.deepEqual(listenerLimitsOf(run({ env })), expected);
});

test('the example of the README has all three ways to keep others out', () => {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
  const [, toml = ''] = /## Security.*?```toml\n(.*?)```/s.exec(readme) ?? [];
  assert.deepEqual(warningsOf({ toml }), []);
  assert.equal(run({ toml }).adminBindIp, '127.0.0.1');
  for (const server of ['node', 'admin'] as const) {
    const { tls, access } = settings({ toml }, server);
    assert.equal(access?.tokenFile, '/srv/operators.tokens');
    assert.deepEqual(tls?.clientAuthority?.caFiles, ['/srv/clients.pem']);
  }
  const ingress = settings({ toml }, 'ingress');
  assert.deepEqual(ingress.access?.tokens, [concealCredential('test')]);
  assert.equal(ingress.tls?.mode, 'require');
  assert.equal(ingress.tls.clientAuthority, undefined);
});

test('files are read again as often as the option says', () => {
  assert.equal(run({}).tlsRefreshIntervalMs, 3_600_000);
  assert.equal(run({ toml: '[tls]\nrefresh-interval = "5m"' }).tlsRefreshIntervalMs, 300_000);
});
