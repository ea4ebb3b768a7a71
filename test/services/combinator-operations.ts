// Combinators of the SDK, and calls that nobody awaits.
import * as restate from '@restatedev/restate-sdk';
import {
  describeError,
  failureOf,
  type callee,
  type calleeObject,
  type Operation,
} from './callee.ts';
import { record } from './effects.ts';

type Callee = typeof callee;
type CalleeObject = typeof calleeObject;

const CALLEE: Callee = { name: 'Callee' };
const CALLEE_OBJECT: CalleeObject = { name: 'CalleeObject' };
const { RestatePromise } = restate;

/** Longer than the inactivity timeout: whoever awaits it is suspended meanwhile. */
const SUSPENDING_MS = 1500;
const HOUR_MS = 3_600_000;

/** Fails, but not at once. */
function failLate(ctx: restate.Context, message: string): restate.RestatePromise<never> {
  return ctx.sleep(20).map((): never => {
    throw new restate.TerminalError(message, { errorCode: 418 });
  });
}

function describeSettled(settled: ReadonlyArray<PromiseSettledResult<unknown>>): unknown {
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : describeError(one.reason)));
}

export const combinatorOperations: Readonly<Record<string, Operation>> = {
  allWaitsForAll: (ctx) =>
    RestatePromise.all([
      ctx.serviceClient(CALLEE).echo(1),
      ctx.run('two', () => 2),
      ctx.sleep(20).map(() => 3),
    ]),

  allFailsWithTheFirstFailure: (ctx) =>
    failureOf(
      RestatePromise.all([ctx.sleep(60_000), ctx.serviceClient(CALLEE).fail({ tag: 'it' })]),
    ),

  raceTakesTheFirst: (ctx) =>
    RestatePromise.race([
      ctx.sleep(60_000).map(() => 'slow'),
      ctx.sleep(20).map(() => 'fast'),
      ctx.awakeable<string>().promise,
    ]),

  anyTakesTheFirstSuccess: (ctx) =>
    RestatePromise.any([
      ctx
        .serviceClient(CALLEE)
        .fail({ tag: 'it' })
        .map((): unknown => {
          throw new restate.TerminalError('mapped failure');
        }),
      ctx.serviceClient(CALLEE).echo('success'),
    ]),

  allSettledTellsEach: async (ctx) => {
    const settled = await RestatePromise.allSettled([
      ctx.serviceClient(CALLEE).echo('fine'),
      ctx.serviceClient(CALLEE).fail({ tag: 'it' }),
    ]);
    return describeSettled(settled);
  },

  orTimeoutFailsInTime: (ctx) => failureOf(ctx.awakeable().promise.orTimeout(50)),

  orTimeoutLetsFastOnesThrough: (ctx) =>
    ctx.serviceClient(CALLEE).echo('in time').orTimeout({ seconds: 30 }),

  combinatorsOfNothing: async (ctx) => [
    await RestatePromise.all([]),
    await RestatePromise.allSettled([]),
    await ctx.run('after', () => 'went on'),
  ],

  anyFailsWhenAllFail: async (ctx) => {
    const any = RestatePromise.any([failLate(ctx, 'one'), failLate(ctx, 'other')]);
    return any.then(
      () => 'no failure',
      (error: unknown) =>
        error instanceof AggregateError ? error.errors.map(describeError) : String(error),
    );
  },

  raceFailsWithTheFirst: (ctx) =>
    failureOf(RestatePromise.race([failLate(ctx, 'quick'), ctx.sleep(HOUR_MS)])),

  allKeepsItsOrder: (ctx) =>
    RestatePromise.all([
      ctx.sleep(60).map(() => 'slow'),
      ctx.sleep(1).map(() => 'fast'),
      ctx.serviceClient(CALLEE).echo('called'),
    ]),

  combinatorsNest: async (ctx) => {
    const { promise } = ctx.awakeable<string>();
    return RestatePromise.all([
      RestatePromise.race([promise, RestatePromise.all([ctx.sleep(1), ctx.sleep(30)])]).map(
        () => 'all won the race',
      ),
      RestatePromise.any([
        failLate(ctx, 'ignored'),
        RestatePromise.race([ctx.sleep(HOUR_MS), ctx.sleep(40)]).map(() => 'race won'),
      ]),
      RestatePromise.allSettled([failLate(ctx, 'told'), ctx.sleep(1).map(() => 'fine')]).map(
        (settled) => describeSettled(settled ?? []),
      ),
    ]);
  },

  combinatorsAreReused: async (ctx) => {
    const slow = ctx.sleep(60).map(() => 'slow');
    const fast = ctx.sleep(1).map(() => 'fast');
    const first = await RestatePromise.race([slow, fast]);
    const second = await RestatePromise.race([slow, ctx.sleep(HOUR_MS)]);
    return [first, second, await slow, await fast, await RestatePromise.all([slow, fast])];
  },

  allIsResumedInParts: (ctx) =>
    RestatePromise.all([
      ctx.sleep(SUSPENDING_MS).map(() => 'first'),
      ctx.sleep(2 * SUSPENDING_MS).map(() => 'second'),
    ]),

  raceIsResumed: (ctx) =>
    RestatePromise.race([ctx.sleep(SUSPENDING_MS).map(() => 'awake'), ctx.awakeable().promise]),

  orTimeoutOfCombinators: async (ctx) => [
    await failureOf(RestatePromise.all([ctx.sleep(1), ctx.sleep(HOUR_MS)]).orTimeout(50)),
    await failureOf(RestatePromise.race([ctx.awakeable().promise]).orTimeout({ milliseconds: 50 })),
    await RestatePromise.race([ctx.sleep(HOUR_MS), ctx.sleep(1).map(() => 'won')]).orTimeout(
      HOUR_MS,
    ),
  ],

  /** Repeats itself until the callee is done, as pollers do. */
  raceInALoop: async (ctx) => {
    const call = ctx.objectClient(CALLEE_OBJECT, ctx.rand.uuidv4()).addAfter({ ms: 90, amount: 7 });
    for (let ticks = 0; ; ticks++) {
      const tick = ctx.sleep(40).map(() => undefined);
      const total = await RestatePromise.race([call, tick]);
      if (total !== undefined) return ticks >= 1 ? total : `only ${ticks} ticks`;
    }
  },

  callThatNobodyAwaits: async (ctx, { tag }) => {
    const call = ctx.serviceClient(CALLEE).note({ tag });
    record(`${tag} called`);
    return (await call.invocationId).length;
  },

  failedCallThatNobodyAwaits: async (ctx, { tag }) => {
    void ctx.serviceClient(CALLEE).fail({ tag });
    await ctx.sleep(50);
    return 'went on';
  },

  callAwaitedLate: async (ctx, { tag }) => {
    const call = ctx.serviceClient(CALLEE).note({ tag });
    const other = await ctx.serviceClient(CALLEE).echo('other');
    await ctx.sleep(SUSPENDING_MS);
    return [other, (await call).id === (await call.invocationId)];
  },

  callsNest: (ctx) => ctx.serviceClient(CALLEE).callItself({ depth: 4 }),
};
