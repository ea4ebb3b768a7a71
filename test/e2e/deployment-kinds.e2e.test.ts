// Deployments of every HTTP kind carry the same handlers to the same ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AUTHORITY_CERTIFICATE, CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import {
  seenRequests,
  type EndpointSettings,
  type SeenRequest,
} from '../support/endpoint-settings.ts';
import { assertHas, field, stringField } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { assertCompletedStepsNeverRunAgain } from '../support/step-rule.ts';

interface Kind {
  readonly name: string;
  readonly endpoint: EndpointSettings;
  /** Default `journey`. */
  readonly module?: string;
  readonly useHttp11?: boolean;
  readonly pathPrefix?: string;
  /** As the admin API shows it. */
  readonly shown: { readonly protocol_type: string; readonly http_version: string };
  /** Attempts of a handler with one step: the server can answer within the attempt, or cannot. */
  readonly attempts: 1 | 2;
}

const BIDI = 'BidiStream';
const REQUEST_RESPONSE = 'RequestResponse';
const HTTP_2 = 'HTTP/2.0';
const HTTP_11 = 'HTTP/1.1';

const KINDS: readonly Kind[] = [
  {
    name: 'h2c',
    endpoint: { transport: 'h2c' },
    shown: { protocol_type: BIDI, http_version: HTTP_2 },
    attempts: 1,
  },
  {
    name: 'h2c request/response',
    endpoint: { transport: 'h2c', bidirectional: false },
    shown: { protocol_type: REQUEST_RESPONSE, http_version: HTTP_2 },
    attempts: 2,
  },
  {
    name: 'h2c without an inactivity timeout',
    endpoint: { transport: 'h2c' },
    module: 'journey-without-waiting',
    shown: { protocol_type: BIDI, http_version: HTTP_2 },
    attempts: 2,
  },
  {
    name: 'HTTP/1.1 request/response',
    endpoint: { transport: 'http1' },
    useHttp11: true,
    shown: { protocol_type: REQUEST_RESPONSE, http_version: HTTP_11 },
    attempts: 2,
  },
  {
    name: 'HTTP/1.1 in both directions',
    endpoint: { transport: 'http1', bidirectional: true },
    useHttp11: true,
    shown: { protocol_type: BIDI, http_version: HTTP_11 },
    attempts: 1,
  },
  {
    name: 'TLS with HTTP/2',
    endpoint: { transport: 'h2' },
    shown: { protocol_type: BIDI, http_version: HTTP_2 },
    attempts: 1,
  },
  {
    name: 'TLS with HTTP/1.1 by choice of the endpoint',
    endpoint: { transport: 'https1' },
    shown: { protocol_type: REQUEST_RESPONSE, http_version: HTTP_11 },
    attempts: 2,
  },
  {
    name: 'TLS with HTTP/1.1 as registered',
    endpoint: { transport: 'h2' },
    useHttp11: true,
    shown: { protocol_type: REQUEST_RESPONSE, http_version: HTTP_11 },
    attempts: 2,
  },
  {
    name: 'h2c below a path',
    endpoint: { transport: 'h2c' },
    pathPrefix: '/pre/fix',
    shown: { protocol_type: BIDI, http_version: HTTP_2 },
    attempts: 1,
  },
  {
    name: 'HTTP/1.1 below a path',
    endpoint: { transport: 'http1' },
    useHttp11: true,
    pathPrefix: '/pre/fix/',
    shown: { protocol_type: REQUEST_RESPONSE, http_version: HTTP_11 },
    attempts: 2,
  },
];

const ADDED_HEADERS = { 'x-added': 'by the operator', authorization: 'Bearer token' };

const directory = mkdtempSync(join(tmpdir(), 'reprise-authority-'));
let rig: Rig;

before(async () => {
  const authority = join(directory, 'authority.pem');
  writeFileSync(authority, AUTHORITY_CERTIFICATE);
  rig = await Rig.start({
    // Each server has a variable of its own for authorities beyond the usual ones.
    server: { environment: { NODE_EXTRA_CA_CERTS: authority, SSL_CERT_FILE: authority } },
  });
});
after(async () => {
  await rig.dispose();
  rmSync(directory, { recursive: true });
});

for (const [index, kind] of KINDS.entries()) {
  describe(`a deployment of the kind ${kind.name}`, () => {
    const prefix = `k${index}`;
    let deploymentId: string;
    let requestsBefore: number;

    before(async () => {
      requestsBefore = seenRequests(rig.effects.lines()).length;
      deploymentId = await rig.deploy({
        modules: [kind.module ?? 'journey', 'durable'],
        endpoint: { ...kind.endpoint, recordsRequests: true },
        pathPrefix: kind.pathPrefix,
        registration: {
          additional_headers: ADDED_HEADERS,
          ...(kind.useHttp11 === true && { use_http_11: true }),
        },
      });
    });

    function requests(): readonly SeenRequest[] {
      return seenRequests(rig.effects.lines()).slice(requestsBefore);
    }

    test('is listed with its protocol and its HTTP version', async () => {
      const shown = (await rig.admin.get(`/deployments/${deploymentId}`)).json();
      assertHas(shown, { ...kind.shown, additional_headers: ADDED_HEADERS });
    });

    test(`runs a step in ${kind.attempts === 1 ? 'one attempt' : 'two attempts'}`, async () => {
      const id = `${prefix} step`;
      assert.equal((await rig.ingress.post('/Journey/oneStep', { id })).json(), 'done');
      assert.equal(rig.effects.count(`run ${id}#step`), 1);
      assert.equal(rig.effects.count(`entered ${id}`), kind.attempts);
    });

    test('carries steps, timers, calls, state and awakeables', async () => {
      const id = `${prefix}-travel`;
      const reply = await rig.ingress.post('/Journey/travel', { id });
      assert.equal(reply.status, 200, reply.text());
      assertHas(reply.json(), {
        first: 100_000,
        total: 2,
        sum: 5,
        answer: `answer to ${id}`,
        second: 'second',
      });
      assert.match(String(field(reply.json(), 'greeting')), new RegExp(`^Hello, ${id}!`));
      assert.equal(rig.effects.count(`run ${id}#1`), 1);
      assert.equal(rig.effects.count(`run ${id}#2`), 1);
      assert.equal((await rig.ingress.post(`/Counter/${id}/value`)).json(), 5);
    });

    test('carries the promises of a workflow', async () => {
      const id = `${prefix}-workflow`;
      const run = rig.ingress.post(`/JourneyApproval/${id}/run`);
      await rig.effects.waitForCount(`after ${id}#before`);
      await rig.ingress.post(`/JourneyApproval/${id}/approve`, 'yes');
      assert.equal((await run).json(), 'approved with yes');
    });

    test('is tried again after a failure, with what was stored', async () => {
      const id = `${prefix} fails`;
      assert.equal((await rig.ingress.post('/Journey/failsOnce', { id })).json(), 'kept');
      assert.equal(rig.effects.count(`run ${id}#before`), 1);
    });

    test('carries terminal errors', async () => {
      const reply = await rig.ingress.post('/Journey/refuses', {});
      assert.equal(reply.status, 418);
      assert.equal(field(reply.json(), 'message'), 'not this one');
    });

    test('goes on after the server was killed and started again', async () => {
      const id = `${prefix} gated`;
      const sent = await rig.ingress.post('/Steps/gated/send', { id });
      await rig.effects.waitForCount(`after ${id}#1`);
      await rig.crash();
      rig.openGate(id);
      const path = `/restate/attach/${stringField(sent.json(), 'invocationId')}`;
      assert.equal((await rig.ingress.get(path)).json(), `${id} done`);
      assertCompletedStepsNeverRunAgain(rig.effects.lines().filter((line) => line.includes(id)));
    });

    test('gets the headers of its registration with every request, in order', async () => {
      const key = `${prefix} a/b`;
      await rig.ingress.post(`/Counter/${encodeURIComponent(key)}/add`, 1);
      const pathStart = (kind.pathPrefix ?? '').replace(/\/$/, '');
      const added = Object.keys(ADDED_HEADERS).toSorted();
      const discovery = requests().find(({ path }) => path === `${pathStart}/discover`);
      assert.deepEqual(restateNames(discovery), ['accept', ...added, 'x-restate-cluster-name']);
      const seen = requests();
      const keyed = seen.find(({ headers }) =>
        headers.some(([, value]) => value === encodeURIComponent(key)),
      );
      assert.equal(keyed?.path, `${pathStart}/invoke/Counter/add`);
      assert.deepEqual(restateNames(keyed), [
        'content-type',
        'accept',
        'x-restate-invocation-id',
        'x-restate-service-key',
        ...added,
        'x-restate-cluster-name',
      ]);
      for (const { path, headers } of seen) {
        assert.ok(path.startsWith(`${pathStart}/`), path);
        for (const [name, value] of Object.entries(ADDED_HEADERS)) {
          assert.equal(headers.find((header) => header[0] === name)?.[1], value);
        }
      }
    });
  });
}

describe('a deployment is refused', () => {
  test('that speaks HTTP/1.1 only, when HTTP/2 is asked for in clear text', async () => {
    const uri = await rig.serve({ modules: ['journey'], endpoint: { transport: 'http1' } });
    const reply = await rig.register({ uri });
    assert.equal(reply.status, 500);
    assertHas(reply.json(), { restate_code: 'META0014' });
  });

  test('that has a certificate nobody trusts', async (t) => {
    const server = createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY });
    t.after(() => server.close());
    server.on('sessionError', () => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const reply = await rig.register({ uri: `https://localhost:${port}` });
    assert.equal(reply.status, 500);
    assertHas(reply.json(), { restate_code: 'META0003' });
  });
});

/** Names in order, with the operator's headers sorted among themselves, without those of HTTP itself. */
function restateNames(request: SeenRequest | undefined): readonly string[] {
  assert.ok(request !== undefined);
  const names = request.headers
    .map(([name]) => name)
    .filter((name) => !/^(:.*|host|connection|transfer-encoding|te)$/.test(name));
  const isAdded = (name: string): boolean => name in ADDED_HEADERS;
  const added = names.filter(isAdded).toSorted();
  return names.map((name) => (isAdded(name) ? (added.shift() ?? name) : name));
}
