// OpenTelemetry's exporters over OTLP. Only the one that the endpoint asks for is loaded.
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { type OtlpSpan, type SpanOrigin, toOtlpSpan } from './otlp-span.ts';
import type { TracingSettings } from './settings.ts';
import { createRandomIds } from './random-ids.ts';
import { spanOf } from './span.ts';
import type { ExportSpans } from './span-queue.ts';

/** Exports of so many threads at once are taken. */
const CONCURRENT_EXPORTS_MAX = 1024;

interface SpanExporter {
  export(spans: OtlpSpan[], report: (result: ExportReport) => void): void;
}

interface ExportReport {
  /** 0 is success. */
  readonly code: number;
  readonly error?: Error | undefined;
}

export async function openExporter(settings: TracingSettings): Promise<ExportSpans> {
  const exporter = await loadExporter(settings);
  const origin = originOf(settings);
  const randomIds = createRandomIds();
  const randomId = () => randomIds(8);
  return (batch) =>
    new Promise((resolve, reject) => {
      const spans = batch.map((facts) => toOtlpSpan(origin, spanOf(facts, randomId)));
      exporter.export(spans, ({ code, error }) => {
        if (code === 0) resolve();
        else reject(error ?? new Error('the export failed'));
      });
    });
}

async function loadExporter({ transport, url, headers }: TracingSettings): Promise<SpanExporter> {
  const common = { url, concurrencyLimit: CONCURRENT_EXPORTS_MAX };
  if (transport === 'http') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
    return new OTLPTraceExporter({ ...common, headers: { ...headers } });
  }
  const [{ OTLPTraceExporter }, { Metadata }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-grpc'),
    import('@grpc/grpc-js'),
  ]);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new OTLPTraceExporter({ ...common, metadata });
}

/** Names as the reference has them, so that its dashboards go on; OTEL_RESOURCE_ATTRIBUTES win. */
function originOf({ instanceId, productVersion }: TracingSettings): SpanOrigin {
  const resource = resourceFromAttributes({
    'service.name': 'Restate',
    'service.namespace': 'Restate',
    'service.version': productVersion,
    'service.instance.id': instanceId,
  });
  return {
    resource: resource.merge(detectResources({ detectors: [envDetector] })),
    instrumentationScope: { name: 'services' },
  };
}
