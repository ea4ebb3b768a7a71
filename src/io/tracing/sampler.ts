// Which requests are traced. Decided once, where a request comes in, and kept with what it submits.
import type { Environment } from './settings.ts';

/** `parentIsSampled` is undefined for the root of a trace. */
export type Sampler = (traceId: string, parentIsSampled: boolean | undefined) => boolean;

const always: Sampler = () => true;
const never: Sampler = () => false;

/** Default: what the client decided, else always. Source: `OTEL_TRACES_SAMPLER` and `…_ARG`. */
export function samplerOf(environment: Environment): Sampler {
  const byRatio = byTraceId(ratioOf(environment['OTEL_TRACES_SAMPLER_ARG']));
  const samplers: ReadonlyMap<string, Sampler> = new Map([
    ['always_on', always],
    ['always_off', never],
    ['traceidratio', byRatio],
    ['parentbased_always_off', byParent(never)],
    ['parentbased_traceidratio', byParent(byRatio)],
  ]);
  return samplers.get(environment['OTEL_TRACES_SAMPLER'] ?? '') ?? byParent(always);
}

function byParent(root: Sampler): Sampler {
  return (traceId, parentIsSampled) => parentIsSampled ?? root(traceId, undefined);
}

/** A trace id has the same answer everywhere: its last 8 bytes are taken as a random number. */
function byTraceId(ratio: number): Sampler {
  const digitsCount = 13;
  const bound = ratio * 16 ** digitsCount;
  return (traceId) => Number.parseInt(traceId.slice(16, 16 + digitsCount), 16) < bound;
}

function ratioOf(text: string | undefined): number {
  const ratio = text === undefined || text.trim() === '' ? 1 : Number(text);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
}
