// The W3C's Trace Context of a request. What is malformed counts as absent, as the recommendation asks.
import type { TraceOrigin } from '../../actors/domain/trace.ts';
import type { IngressSubmission } from '../../actors/ports.ts';
import type { RemoteSpan, RequestTracer } from '../../actors/tracer.ts';
import type { HttpRequest } from '../http/exchange.ts';

/** Version, trace id, span id, flags; later versions may append more. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED_FLAG = 1;

/** Longer ones need not be handed on. It is stored with every invocation. Source: Trace Context, 3.3.1.5. */
const TRACESTATE_CHARACTERS_MAX = 512;

const TRACESTATE_MEMBER = String.raw`[ \t]*[a-z0-9][_0-9a-z*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]*[ \t]*`;
const TRACESTATE = new RegExp(`^${TRACESTATE_MEMBER}(?:,${TRACESTATE_MEMBER}){0,31}$`);

/**
 * What the submission of a request is traced under. Without a tracer a client's own trace is kept, so
 * that the invocation is part of it should it still run when tracing is on.
 */
export function traceOf(
  request: HttpRequest,
  submission: IngressSubmission,
  tracer: RequestTracer | undefined,
): TraceOrigin | undefined {
  const parent = readRemoteSpan(request);
  if (tracer !== undefined) {
    return tracer.requestReceived({ submission, parent, client: request.client() });
  }
  if (parent === undefined || !parent.isSampled) return undefined;
  const { traceId, spanId, traceState } = parent;
  return { relation: 'parent', traceId, spanId, traceState };
}

export function readRemoteSpan(request: Pick<HttpRequest, 'header'>): RemoteSpan | undefined {
  const header = request.header('traceparent');
  if (header === undefined) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & SAMPLED_FLAG) !== 0,
    traceState: readTraceState(request.header('tracestate')),
  };
}

function readTraceState(header: string | undefined): string | undefined {
  if (header === undefined || header.length > TRACESTATE_CHARACTERS_MAX) return undefined;
  return TRACESTATE.test(header) ? header : undefined;
}

function isZero(digits: string): boolean {
  return /^0*$/.test(digits);
}
