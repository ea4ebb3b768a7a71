// Handlers that wait for combinations of awakeables, which the test completes.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import type { Job } from './durable.ts';
import { recordAttempt, step } from './steps.ts';

const { RestatePromise } = restate;

/** Waits for some of the awakeables a, b and c. */
type Wait = (ctx: restate.Context, awakeables: Awakeables) => PromiseLike<unknown>;

interface Awakeables {
  readonly a: restate.RestatePromise<string>;
  readonly b: restate.RestatePromise<string>;
  readonly c: restate.RestatePromise<string>;
  readonly ids: readonly string[];
}

/** Takes a first step, so that the invocation stays on its protocol version. */
function waiting(wait: Wait) {
  return async (ctx: restate.Context, { id }: Job): Promise<unknown> => {
    recordAttempt(ctx, id);
    await step(ctx, `${id}#before`, () => 0);
    const [a, b, c] = [ctx.awakeable<string>(), ctx.awakeable<string>(), ctx.awakeable<string>()];
    const ids = [a.id, b.id, c.id];
    record(`awakeables ${id} ${ids.join(' ')}`);
    const value = await wait(ctx, { a: a.promise, b: b.promise, c: c.promise, ids });
    await step(ctx, `${id}#after`, () => 0);
    return value;
  };
}

const futures = restate.service({
  name: 'Futures',
  handlers: {
    all: waiting((_ctx, { a, b }) => RestatePromise.all([a, b])),
    any: waiting((_ctx, { a, b }) => RestatePromise.any([a, b])),
    settled: waiting(async (_ctx, { a, b }) => {
      const settled = await RestatePromise.allSettled([a, b]);
      return settled.map(({ status }) => status);
    }),
    allOfRace: waiting((_ctx, { a, b, c }) => RestatePromise.all([a, RestatePromise.race([b, c])])),
    allOrSleep: waiting((ctx, { a, b }) =>
      RestatePromise.race([
        RestatePromise.all([a, b]).map(() => 'both'),
        ctx.sleep(60_000).map(() => 'slept'),
      ]),
    ),
    /** The function of one future completes the other. */
    settledByItself: waiting(async (ctx, { a, ids }) => {
      const completing = ctx.sleep(400).map(() => {
        ctx.resolveAwakeable(ids[0] ?? '', 'by itself');
        return 'slept';
      });
      const settled = await RestatePromise.allSettled([a, completing]);
      return settled.map((one) => one.status === 'fulfilled' && one.value);
    }),
  },
  options: { inactivityTimeout: 100, retryPolicy: { initialInterval: 20, maxInterval: 500 } },
});

export const services = [futures];
