// Looking for the spans of one invocation among those that a receiver got.
import { invocationIdBytes } from '../../src/actors/domain/ids.ts';
import type { InvocationId } from '../../src/actors/domain/ids.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { ReceivedSpan } from './otlp-spans.ts';
import { waitFor } from './wait.ts';

/** First words of the names of spans. */
export type SpanKind =
  'ingress' | 'invocation-start' | 'invocation-attempt' | 'invocation-end' | 'restart-as-new';

/** Waits until so many spans of an invocation are here; gives them in the order of the kinds named. */
export async function spansOf(
  receiver: OtlpReceiver,
  invocationId: string,
  counts: Partial<Record<SpanKind, number>>,
): Promise<ReceivedSpan[]> {
  const kinds = Object.entries(counts);
  const find = () =>
    kinds.map(([kind, count]) => {
      const spans = spansOfKind(receiver, invocationId, kind);
      return spans.length >= count ? spans : undefined;
    });
  const what = `spans ${JSON.stringify(counts)} of ${invocationId}`;
  const found = await waitFor(what, () => {
    const spans = find();
    return spans.includes(undefined) ? undefined : spans;
  });
  return found.flatMap((spans) => spans ?? []);
}

export function spansOfKind(receiver: OtlpReceiver, invocationId: string, kind: string) {
  return receiver.spans
    .filter(({ name, attributes }) => {
      return name.startsWith(`${kind} `) && attributes['restate.invocation.id'] === invocationId;
    })
    .toSorted((a, b) => Number(a.startNs - b.startNs));
}

/** The uuid of an invocation, in hexadecimal. */
export function uuidOf(invocationId: string): string {
  return Buffer.from(invocationIdBytes(invocationId as InvocationId).subarray(8)).toString('hex');
}

export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What handlers of the traced services record of their attempts, in order. */
export function recordedTraces(effects: readonly string[], name: string): TraceHeaders[] {
  return effects
    .filter((effect) => effect.startsWith(`${name} {`))
    .map((effect): TraceHeaders => JSON.parse(effect.slice(name.length + 1)));
}

export function traceparent(digit: string, flags = '01'): string {
  return `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`;
}

/** Unit: milliseconds. */
export function durationMs({ startNs, endNs }: ReceivedSpan): number {
  return Number(endNs - startNs) / 1e6;
}

export function eventTexts({ events }: ReceivedSpan): string[] {
  return events.map(({ name, attributes }) => {
    const short = name.replace('restate.invocation.lifecycle.', '');
    return [short, ...Object.values(attributes)].join(' ');
  });
}
