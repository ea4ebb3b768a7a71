// The thread that exports traces, with a real receiver and without one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatInvocationId, type DeploymentId } from '../../../src/actors/domain/ids.ts';
import { unixMillis } from '../../../src/actors/domain/time.ts';
import { createLogger } from '../../../src/io/log.ts';
import type { SpanFacts } from '../../../src/io/tracing/span-facts.ts';
import { SpanPort } from '../../../src/io/tracing/span-port.ts';
import { TraceExport } from '../../../src/io/tracing/trace-export.ts';
import { OtlpReceiver, type OtlpTransport } from '../../support/otlp-receiver.ts';

const LOG = createLogger({ directives: [], format: 'json', colours: false });

const INVOCATION_ID = formatInvocationId(1n, 0x0123456789abcdef_fedcba9876543210n);

const ATTEMPT: SpanFacts = {
  kind: 'attempt',
  invocationId: INVOCATION_ID,
  target: {
    kind: 'virtualObject',
    service: 'Counter',
    handler: 'add',
    key: 'ä',
    mode: 'exclusive',
  },
  trace: {
    relation: 'parent',
    traceId: 'a'.repeat(32),
    spanId: 'c'.repeat(16),
    traceState: 'x=y',
  },
  spanId: 'b'.repeat(16),
  deploymentId: 'dp_1test' as DeploymentId,
  address: 'http://host/',
  protocolVersion: 6,
  startMs: 1_790_000_000_000.25,
  // Before the start: the clock was set back.
  endMs: 1_790_000_000_000,
  events: [{ kind: 'runEnded', timeMs: 1_790_000_000_001.5, completionId: 7 }],
  droppedEventsCount: 3,
  how: 'failed',
};

const SENT: SpanFacts = {
  kind: 'started',
  invocationId: INVOCATION_ID,
  target: { kind: 'service', service: 'Greeter', handler: 'greet' },
  trace: { relation: 'link', traceId: 'd'.repeat(32), spanId: 'e'.repeat(16) },
  createdAtMs: unixMillis(1_790_000_000_000),
  atMs: 1_790_000_000_002.5,
};

function settings(transport: OtlpTransport, url: string) {
  return { transport, url, headers: { 'x-key': 'k' }, instanceId: 'c/n', productVersion: '1.2.3' };
}

/** Runs `use` with a way to a new exporting thread. */
async function withExport(
  given: ReturnType<typeof settings>,
  use: (port: SpanPort, traceExport: TraceExport) => Promise<void>,
): Promise<void> {
  const traceExport = new TraceExport(given, LOG);
  try {
    await use(new SpanPort(traceExport.openPort()), traceExport);
  } finally {
    await traceExport.close();
  }
}

describe('the export', () => {
  for (const transport of ['http', 'grpc'] as const) {
    test(`of spans over ${transport} loses nothing of them`, async () => {
      const receiver = await OtlpReceiver.start(transport);
      const url = receiver.url.replace('otlp+', '');
      try {
        await withExport(settings(transport, url), (port) => port.send([ATTEMPT, SENT]));
        const common = {
          resource: {
            'service.name': 'Restate',
            'service.namespace': 'Restate',
            'service.version': '1.2.3',
            'service.instance.id': 'c/n',
          },
          scope: 'services',
          kind: 1,
          flags: 0x101,
        };
        assert.deepEqual(receiver.spans, [
          {
            ...common,
            traceId: 'a'.repeat(32),
            spanId: 'b'.repeat(16),
            parentSpanId: 'fedcba9876543210',
            traceState: 'x=y',
            name: 'invocation-attempt Counter/{key}/add',
            startNs: 1_790_000_000_000_250_000n,
            endNs: 1_790_000_000_000_250_000n,
            attributes: {
              'rpc.system': 'restate',
              'rpc.service': 'Counter',
              'rpc.method': 'add',
              'restate.invocation.id': INVOCATION_ID,
              'restate.invocation.target': 'Counter/ä/add',
              'restate.deployment.id': 'dp_1test',
              'restate.deployment.address': 'http://host/',
              'restate.deployment.service_protocol_version': 6,
            },
            events: [
              {
                timeNs: 1_790_000_000_001_500_000n,
                name: 'restate.invocation.lifecycle.run_ended',
                attributes: { 'restate.journal.notification.id': 'CompletionId: 7' },
              },
            ],
            droppedEventsCount: 3,
            links: [],
            status: { code: 2, message: 'transient failure' },
          },
          {
            ...common,
            traceId: '0123456789abcdeffedcba9876543210',
            spanId: 'fedcba9876543210',
            parentSpanId: '',
            traceState: '',
            name: 'invocation-start Greeter/greet',
            startNs: 1_790_000_000_000_000_000n,
            endNs: 1_790_000_000_002_500_000n,
            attributes: {
              'rpc.service': 'Greeter',
              'rpc.method': 'greet',
              'restate.invocation.id': INVOCATION_ID,
              'restate.invocation.target': 'Greeter/greet',
            },
            events: [],
            droppedEventsCount: 0,
            links: [
              {
                traceId: 'd'.repeat(32),
                spanId: 'e'.repeat(16),
                attributes: { 'restate.runtime': true },
              },
            ],
            status: { code: 0, message: '' },
          },
        ]);
        assert.equal(receiver.exports[0]?.['x-key'], 'k');
      } finally {
        receiver.close();
      }
    });
  }

  test('fails when nobody listens', async () => {
    await withExport(settings('grpc', 'http://127.0.0.1:1'), async (port) => {
      await assert.rejects(port.send([SENT]), /UNAVAILABLE/);
      await assert.rejects(port.send([SENT]), /UNAVAILABLE/);
    });
  });

  test('fails once its thread has ended', async () => {
    await withExport(settings('grpc', 'http://127.0.0.1:1'), async (port, traceExport) => {
      const sent = assert.rejects(port.send([SENT]), /has ended/);
      await traceExport.close();
      await sent;
      await assert.rejects(port.send([SENT]), /no traces are exported any more/);
    });
  });
});
