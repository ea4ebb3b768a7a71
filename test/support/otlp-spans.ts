// What an OTLP export request holds, read with the tests' own protobuf reader.
import { FieldMap } from './protobuf.ts';

export type AttributeValue = string | boolean | number | undefined;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface ReceivedSpan {
  readonly resource: Attributes;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
  /** Unit: nanoseconds since the Unix epoch. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly events: readonly ReceivedEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly ReceivedLink[];
  readonly status: { readonly code: number; readonly message: string };
}

export interface ReceivedEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** The spans of an ExportTraceServiceRequest, in their order. */
export function readSpans(request: Uint8Array): ReceivedSpan[] {
  return new FieldMap(request).messages(1).flatMap((resourceSpans) => {
    const resource = readAttributes(resourceSpans.message(1).messages(1));
    return resourceSpans.messages(2).flatMap((scopeSpans) => {
      const scope = scopeSpans.message(1).string(1);
      return scopeSpans.messages(2).map((span) => ({ resource, scope, ...readSpan(span) }));
    });
  });
}

function readSpan(span: FieldMap): Omit<ReceivedSpan, 'resource' | 'scope'> {
  return {
    traceId: hex(span.bytes(1)),
    spanId: hex(span.bytes(2)),
    traceState: span.string(3),
    parentSpanId: hex(span.bytes(4)),
    name: span.string(5),
    kind: span.number(6),
    startNs: span.bigint(7),
    endNs: span.bigint(8),
    attributes: readAttributes(span.messages(9)),
    events: span.messages(11).map((event) => ({
      timeNs: event.bigint(1),
      name: event.string(2),
      attributes: readAttributes(event.messages(3)),
    })),
    droppedEventsCount: span.number(12),
    links: span.messages(13).map((link) => ({
      traceId: hex(link.bytes(1)),
      spanId: hex(link.bytes(2)),
      attributes: readAttributes(link.messages(4)),
    })),
    status: { message: span.message(15).string(2), code: span.message(15).number(3) },
    flags: span.number(16),
  };
}

function readAttributes(pairs: readonly FieldMap[]): Attributes {
  return Object.fromEntries(pairs.map((pair) => [pair.string(1), readValue(pair.message(2))]));
}

function readValue(value: FieldMap): AttributeValue {
  if (value.has(1)) return value.string(1);
  if (value.has(2)) return value.number(2) === 1;
  return value.has(3) ? value.number(3) : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
