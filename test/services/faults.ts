// Faults of a deployment, in the share of its requests that a test asks for. Drawn from a seed: the
// same seed gives the same sequence of faults, though not to the same requests.
import type * as http2 from 'node:http2';
import { createRandom, type Random } from '../support/random.ts';
import type { FaultSettings } from '../support/endpoint-settings.ts';
import { record } from './effects.ts';

type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;

const INTERNAL_ERROR = 2;
const CUT_AFTER_MS_MAX = 15;

/** One in so many faults takes every stream of the connection along. */
const DROPS_RARELY = 50;

const FAULTS = {
  /** No answer, and no end of the stream. */
  hang: () => {},
  refuse: (_handler, _request, response) => {
    response.writeHead(503);
    response.end();
  },
  reset: (_handler, { stream }) => stream.close(INTERNAL_ERROR),
  /** In the middle of what the handler does. */
  cut: (handler, request, response, random) => {
    handler(request, response);
    const cut = (): void => request.stream.close(INTERNAL_ERROR);
    setTimeout(cut, random.integer(0, CUT_AFTER_MS_MAX));
  },
  drop: (_handler, { stream }) => stream.session?.destroy(),
} as const satisfies Record<
  string,
  (
    handler: Handler,
    request: http2.Http2ServerRequest,
    response: http2.Http2ServerResponse,
    random: Random,
  ) => void
>;

export type Fault = keyof typeof FAULTS;

/** The handler, except that some invocations meet a fault. Each is an effect: `fault …` or `no fault`. */
export function withFaults(handler: Handler, { seed, share }: FaultSettings): Handler {
  const random = createRandom(seed);
  return (request, response) => {
    const isInvocation = request.url.includes('/invoke/');
    if (!isInvocation) return handler(request, response);
    if (random.next() >= share) {
      record('no fault');
      return handler(request, response);
    }
    const fault: Fault =
      random.integer(1, DROPS_RARELY) === 1
        ? 'drop'
        : random.pick(['hang', 'refuse', 'reset', 'cut']);
    record(`fault ${fault}`);
    FAULTS[fault](handler, request, response, random);
  };
}
