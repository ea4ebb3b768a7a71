// Traces that invocations belong to. Ids are texts of lower-case hexadecimal digits, as in the W3C's
// Trace Context. An invocation's own ids follow from its id, so that they are the same whoever makes
// its spans: the process that took it in or one that was started after a crash.
import { type InvocationId, invocationIdBytes } from './ids.ts';

const PARTITION_KEY_BYTES = 8;

/** The span that an invocation was submitted under. Only invocations that are sampled have one. */
export interface TraceOrigin {
  /** `parent`: the invocation is part of the span's trace; `link`: it begins one of its own. */
  readonly relation: 'parent' | 'link';
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  /** Only of a parent. Handed on as it came. */
  readonly traceState?: string | undefined;
}

/** The trace that an invocation's spans are in. */
export function traceIdOf(id: InvocationId, origin: TraceOrigin): string {
  return origin.relation === 'parent' ? origin.traceId : ownTraceIdOf(id);
}

/** The trace that begins with an invocation: its uuid. Source: seen on the reference 1.7.12. */
export function ownTraceIdOf(id: InvocationId): string {
  return uuidDigitsOf(id);
}

/** The span that attempts are children of. Source: seen on the reference 1.7.12. */
export function startSpanIdOf(id: InvocationId): string {
  return uuidDigitsOf(id).slice(16);
}

/** The span of an operator's restart, which is the root of the new invocation's own trace. */
export function restartSpanIdOf(id: InvocationId): string {
  return uuidDigitsOf(id).slice(0, 16);
}

/** What a callee is submitted under; a one-way call begins a trace of its own. */
export function originOfCallee(
  caller: { readonly invocationId: InvocationId; readonly trace: TraceOrigin },
  spanId: string,
  kind: 'call' | 'oneWayCall',
): TraceOrigin {
  const { invocationId, trace } = caller;
  const traceId = traceIdOf(invocationId, trace);
  if (kind === 'oneWayCall') return { relation: 'link', traceId, spanId };
  return { relation: 'parent', traceId, spanId, traceState: trace.traceState };
}

function uuidDigitsOf(id: InvocationId): string {
  return Buffer.from(invocationIdBytes(id).subarray(PARTITION_KEY_BYTES)).toString('hex');
}
