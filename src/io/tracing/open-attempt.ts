import type { CommandMessage } from '../../actors/attempt/service-message.ts';
import type { AttemptSpan } from '../../actors/tracer.ts';
import { type AttemptEvent, type AttemptFacts, boundedText, type SpanFacts } from './span-facts.ts';

/** Later ones are counted. Source: OpenTelemetry's specification, `SpanLimits`. */
const EVENTS_MAX = 128;

export interface OpenAttemptOptions {
  readonly traceId: string;
  readonly facts: Omit<AttemptFacts, 'startMs' | 'endMs' | 'events' | 'droppedEventsCount' | 'how'>;
  /** Unit: milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly finished: (facts: SpanFacts) => void;
}

/** Collects what happens in one attempt. */
export class OpenAttempt implements AttemptSpan {
  readonly spanId: string;
  readonly headers: AttemptSpan['headers'];
  readonly #options: OpenAttemptOptions;
  readonly #startMs: number;
  readonly #events: AttemptEvent[] = [];
  #droppedEventsCount = 0;

  constructor(options: OpenAttemptOptions) {
    const { traceId, facts, now } = options;
    this.spanId = facts.spanId;
    this.headers = [
      ['traceparent', `00-${traceId}-${facts.spanId}-01`],
      ['tracestate', facts.trace.traceState ?? ''],
    ];
    this.#options = options;
    this.#startMs = now();
  }

  commandProposed({ kind: command, name }: CommandMessage): void {
    const timeMs = this.#options.now();
    this.#addEvent({ timeMs, kind: 'command', command, name: boundedText(name) });
  }

  runCompletionProposed(completionId: number): void {
    this.#addEvent({ timeMs: this.#options.now(), kind: 'runEnded', completionId });
  }

  ended(how: AttemptFacts['how']): void {
    const { facts, now, finished } = this.#options;
    const endMs = now();
    if (how === 'suspended') this.#addEvent({ timeMs: endMs, kind: 'suspended' });
    finished({
      ...facts,
      startMs: this.#startMs,
      endMs,
      events: this.#events,
      droppedEventsCount: this.#droppedEventsCount,
      how,
    });
  }

  #addEvent(event: AttemptEvent): void {
    if (this.#events.length < EVENTS_MAX) this.#events.push(event);
    else this.#droppedEventsCount += 1;
  }
}
