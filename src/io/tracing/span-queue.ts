// Spans that wait to be exported. Thread: the one that makes them.
//   Q1. Whoever adds a span neither waits nor fails, whatever the receiver does.
//   Q2. At most `spansMax` spans wait, and one batch is being exported.
import type { Logger } from '../log.ts';
import type { QueueLimits } from './settings.ts';
import type { SpanFacts } from './span-facts.ts';

/** How long what is lost is only counted after it was reported. Unit: milliseconds. */
const REPORT_INTERVAL_MS = 60_000;

/** How long the end of the process waits for the last spans. Unit: milliseconds. */
export const CLOSE_MS_MAX = 1000;

/** Rejects when the spans were not exported. */
export type ExportSpans = (spans: readonly SpanFacts[]) => Promise<void>;

export class SpanQueue {
  readonly #exportSpans: ExportSpans;
  readonly #limits: QueueLimits;
  readonly #log: Logger;
  #waiting: SpanFacts[] = [];
  #exporting: { readonly spansCount: number; readonly done: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lostCount = 0;
  #lastError: string | undefined;
  #nextReportMs = 0;

  constructor(exportSpans: ExportSpans, limits: QueueLimits, log: Logger) {
    this.#exportSpans = exportSpans;
    this.#limits = limits;
    this.#log = log;
  }

  add(span: SpanFacts): void {
    const { spansMax, batchSpansMax } = this.#limits;
    // Keeps Q2.
    if (this.#waiting.length >= spansMax) return this.#lose(1);
    this.#waiting.push(span);
    if (this.#waiting.length >= batchSpansMax) this.#startExport();
    else this.#armTimer();
  }

  /** Exports what waits, for a bounded time. */
  async close(): Promise<void> {
    let deadline: NodeJS.Timeout | undefined;
    const isLate = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, CLOSE_MS_MAX);
    });
    await Promise.race([this.#drain(), isLate]);
    clearTimeout(deadline);
    clearTimeout(this.#timer);
    const leftCount = this.#waiting.length + (this.#exporting?.spansCount ?? 0);
    this.#waiting = [];
    if (leftCount > 0) this.#lose(leftCount);
    this.#report();
  }

  async #drain(): Promise<void> {
    this.#startExport();
    while (this.#exporting !== undefined) {
      await this.#exporting.done;
      this.#startExport();
    }
  }

  #armTimer(): void {
    this.#timer ??= setTimeout(() => this.#startExport(), this.#limits.delayMs).unref();
  }

  #startExport(): void {
    if (this.#exporting !== undefined || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.splice(0, this.#limits.batchSpansMax);
    const done = this.#exportSpans(batch).then(
      () => this.#exportEnded(),
      (error: unknown) => {
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#lose(batch.length);
        this.#exportEnded();
      },
    );
    this.#exporting = { spansCount: batch.length, done };
  }

  #exportEnded(): void {
    this.#exporting = undefined;
    if (this.#waiting.length >= this.#limits.batchSpansMax) this.#startExport();
    else if (this.#waiting.length > 0) this.#armTimer();
  }

  #lose(count: number): void {
    this.#lostCount += count;
    if (performance.now() >= this.#nextReportMs) this.#report();
  }

  #report(): void {
    if (this.#lostCount === 0) return;
    this.#nextReportMs = performance.now() + REPORT_INTERVAL_MS;
    this.#log.warn('spans of traces are lost, as the receiver does not take them', {
      spans: this.#lostCount,
      error: this.#lastError,
    });
    this.#lostCount = 0;
    this.#lastError = undefined;
  }
}
