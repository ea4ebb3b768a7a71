// What the ingress counts about its requests, in plain numbers.
import { Histogram, QUANTILE_BOUNDS } from '../../actors/domain/histogram.ts';
import { METRIC_HANDLERS_MAX } from '../../actors/domain/limits.ts';
import { PairTable } from '../../actors/domain/tally.ts';
import type { IngressRoute } from './path.ts';

/** What became of a request, in the reference's words. */
export type RequestEnd = 'completed' | 'invocation_error' | 'request_error' | 'ingress_error';

/** Calls or sends to one service. */
class RequestStatistics {
  readonly ends: Record<RequestEnd, number> = {
    completed: 0,
    invocation_error: 0,
    request_error: 0,
    ingress_error: 0,
  };
  /** Unit: seconds. */
  readonly durationSeconds = new Histogram(QUANTILE_BOUNDS);
}

export class IngressStatistics {
  admittedCount = 0;
  rateLimitedCount = 0;
  /** By service and `call` or `send`. Both names are empty when the request names no handler. */
  readonly requests = new PairTable(METRIC_HANDLERS_MAX, () => new RequestStatistics());

  requestEnded(route: IngressRoute | undefined, end: RequestEnd, beganAtMs: number): void {
    const isInvoke = route?.kind === 'invoke';
    // Whoever attaches or looks is no request for an invocation; whoever is refused before may be one.
    if (route !== undefined && !isInvoke) return;
    const requests = isInvoke
      ? this.requests.of(route.service.name, route.verb)
      : this.requests.of('', '');
    requests.ends[end] += 1;
    requests.durationSeconds.observe((performance.now() - beganAtMs) / 1000);
  }
}
