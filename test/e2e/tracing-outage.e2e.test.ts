// Receivers of traces that do not take them, and the last traces of a server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startServer } from '../../src/server.ts';
import { EffectLog } from '../support/effects.ts';
import { HttpClient } from '../support/http.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { spansOfKind } from '../support/traces.ts';

const CALLS_COUNT = 100;
const LOST = 'spans of traces are lost';

/** Accepts connections and never says anything. */
async function startSilentServer(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

async function withRig(
  environment: Readonly<Record<string, string>>,
  use: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await Rig.start({ modules: ['traced'], server: { environment } });
  try {
    await use(rig);
  } finally {
    await rig.dispose();
  }
}

describe(
  'a receiver that takes no traces',
  { skip: skippedOnReference('its log and its end are its own') },
  () => {
    const small = {
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_BSP_MAX_QUEUE_SIZE: '32',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
    };

    async function assertUnharmed(endpoint: string): Promise<void> {
      const environment = { ...small, RESTATE_TRACING_ENDPOINT: endpoint };
      await withRig(environment, async (rig) => {
        const bodies = Array.from({ length: CALLS_COUNT }, (_, n) => ({ tag: String(n) }));
        const replies = await Promise.all(bodies.map((b) => rig.ingress.post('/Traced/empty', b)));
        assert.ok(replies.every(({ status }) => status === 200));
        // One line of each thread that makes spans, however many are lost.
        const linesCount = () => rig.server.logs.split(LOST).length - 1;
        assert.ok(linesCount() >= 1 && linesCount() <= 4, rig.server.logs);
        const beforeMs = performance.now();
        await rig.server.stop();
        assert.ok(performance.now() - beforeMs < 5000);
        assert.doesNotMatch(rig.server.logs, /"level":"ERROR"/);
      });
    }

    test('because nobody listens harms no invocation', () => assertUnharmed('http://127.0.0.1:1'));

    for (const scheme of ['http', 'otlp+http']) {
      test(`because it is silent to ${scheme} harms no invocation`, async () => {
        const { port, server } = await startSilentServer();
        try {
          await assertUnharmed(`${scheme}://127.0.0.1:${port}/v1/traces`);
        } finally {
          server.close();
        }
      });
    }
  },
);

test(
  'a graceful stop exports what is left, attempts that it interrupts included',
  { skip: skippedOnReference('loses what it has not exported') },
  async () => {
    const receiver = await OtlpReceiver.start('grpc');
    const environment = {
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      RESTATE_TRACING_ENDPOINT: receiver.url,
    };
    try {
      await withRig(environment, async (rig) => {
        const reply = await rig.ingress.post('/Traced/gated/send', { tag: 'stopped' });
        const id = String(reply.headers['x-restate-id']);
        await rig.effects.waitForCount('stopped at gate');
        assert.deepEqual(receiver.spans, []);
        await rig.server.stop();
        for (const kind of ['ingress', 'invocation-start', 'invocation-attempt']) {
          assert.equal(spansOfKind(receiver, id, kind).length, 1, kind);
        }
        const [attempt] = spansOfKind(receiver, id, 'invocation-attempt');
        assert.deepEqual(attempt?.status, { code: 0, message: '' });
        assert.deepEqual(spansOfKind(receiver, id, 'invocation-end'), []);
      });
    } finally {
      receiver.close();
    }
  },
);

test(
  'a partition thread that replaces one that died goes on tracing',
  { skip: skippedOnReference('has no such threads') },
  async () => {
    const receiver = await OtlpReceiver.start('http');
    const effects = new EffectLog();
    const baseDir = mkdtempSync(join(tmpdir(), 'reprise-traced-'));
    const server = await startServer({
      baseDir,
      nodeName: 'node-1',
      ingressBindAddress: '127.0.0.1:0',
      adminBindAddress: '127.0.0.1:0',
      partitionThreads: 1,
      defaultNumPartitions: 1,
      logFilter: 'off',
      tracingEndpoint: receiver.url,
    });
    const service = await startServiceProcess({ modules: ['traced'], effectsPath: effects.path });
    const admin = new HttpClient(server.adminUrl);
    const ingress = new HttpClient(server.ingressUrl);
    try {
      assert.equal((await admin.post('/deployments', { uri: service.url })).status, 201);
      server.crashPartitionThread(0);
      const reply = await ingress.post('/Traced/empty', { tag: 'after' });
      assert.equal(reply.status, 200, reply.text());
      const id = String(reply.headers['x-restate-id']);
      await server.close();
      for (const kind of ['ingress', 'invocation-start', 'invocation-attempt', 'invocation-end']) {
        assert.equal(spansOfKind(receiver, id, kind).length, 1, kind);
      }
    } finally {
      admin.close();
      ingress.close();
      await server.close();
      await service.dispose();
      effects.dispose();
      receiver.close();
      rmSync(baseDir, { recursive: true, force: true });
    }
  },
);
