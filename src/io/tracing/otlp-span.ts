// Spans in the form that OpenTelemetry's exporters take.
import { createTraceState, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type * as api from '@opentelemetry/api';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { Span, SpanContext } from './span.ts';

export type OtlpSpan = Parameters<OTLPTraceExporter['export']>[0][number];

/** What all spans of one process have in common. */
export interface SpanOrigin {
  readonly resource: OtlpSpan['resource'];
  readonly instrumentationScope: OtlpSpan['instrumentationScope'];
}

/** Links of the server are marked. Source: seen on the reference 1.7.12. */
const LINK_ATTRIBUTES: api.Attributes = { 'restate.runtime': true };

export function toOtlpSpan(origin: SpanOrigin, span: Span): OtlpSpan {
  const { parentSpanId, startMs, link, events = [] } = span;
  const context = contextOf(span);
  // A clock that was set back must not make the time negative.
  const endMs = Math.max(startMs, span.endMs);
  return {
    ...origin,
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parentSpanId !== undefined && {
      parentSpanContext: {
        ...context,
        spanId: parentSpanId,
        isRemote: span.parentIsRemote === true,
      },
    }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status: statusOf(span),
    attributes: span.attributes,
    links: link === undefined ? [] : [{ context: contextOf(link), attributes: LINK_ATTRIBUTES }],
    events: events.map(({ timeMs, name, attributes }) => ({
      time: hrTime(timeMs),
      name,
      attributes,
    })),
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: span.droppedEventsCount ?? 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, spanId, traceState }: SpanContext): api.SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
  };
}

function statusOf({ status }: Span): api.SpanStatus {
  if (status === undefined) return { code: SpanStatusCode.UNSET };
  if (status === 'ok') return { code: SpanStatusCode.OK };
  return { code: SpanStatusCode.ERROR, message: status.failure };
}

function hrTime(ms: number): api.HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
