// A journey through everything that a deployment's transport carries: steps, calls, state, timers,
// promises and failures. Runs on deployments of every kind.
import * as restate from '@restatedev/restate-sdk';
import { counter } from '../../examples/counter.ts';
import { greeter } from '../../examples/greeter.ts';
import { recordAttempt, step } from './steps.ts';

export interface JourneyInput {
  /** Unique; prefix of the effects. */
  readonly id: string;
}

const failedOnce = new Set<string>();

/** `options` are those of the service. */
export function defineJourney(options: { readonly inactivityTimeout?: number }) {
  const journey = restate.service({
    name: 'Journey',
    handlers: {
      /** One attempt if the server can push the step's acknowledgement, else two. */
      oneStep: async (ctx: restate.Context, { id }: JourneyInput): Promise<string> => {
        recordAttempt(ctx, id);
        return step(ctx, `${id}#step`, () => 'done');
      },

      travel: async (ctx: restate.Context, { id }: JourneyInput) => {
        const first = await step(ctx, `${id}#1`, () => 'x'.repeat(100_000));
        await ctx.sleep(20);
        const total = await ctx.objectClient(COUNTER, id).add(2);
        const [sum, greeting] = await restate.RestatePromise.all([
          ctx.objectClient(COUNTER, id).add(3),
          ctx.serviceClient(GREETER).greet(id),
        ]);
        const awakeable = ctx.awakeable<string>();
        ctx.serviceSendClient(JOURNEY).answer({ id, awakeableId: awakeable.id });
        const answer = await awakeable.promise;
        const second = await step(ctx, `${id}#2`, () => 'second');
        return { first: first.length, total, sum, greeting, answer, second };
      },

      answer: (
        ctx: restate.Context,
        { id, awakeableId }: JourneyInput & { awakeableId: string },
      ) => {
        ctx.resolveAwakeable(awakeableId, `answer to ${id}`);
        return Promise.resolve();
      },

      failsOnce: async (ctx: restate.Context, { id }: JourneyInput): Promise<string> => {
        const value = await step(ctx, `${id}#before`, () => 'kept');
        if (!failedOnce.has(id)) {
          failedOnce.add(id);
          throw new Error('the first time');
        }
        return value;
      },

      refuses: (): Promise<never> =>
        Promise.reject(new restate.TerminalError('not this one', { errorCode: 418 })),
    },
    options: { ...options, retryPolicy: { initialInterval: 20 } },
  });
  return journey;
}

const JOURNEY: ReturnType<typeof defineJourney> = { name: 'Journey' };
const COUNTER: typeof counter = { name: 'Counter' };
const GREETER: typeof greeter = { name: 'Greeter' };

const approval = restate.workflow({
  name: 'JourneyApproval',
  handlers: {
    run: async (ctx: restate.WorkflowContext): Promise<string> => {
      await step(ctx, `${ctx.key}#before`, () => 0);
      const answer = await ctx.promise<string>('answer');
      ctx.set('answer', answer);
      return `approved with ${answer}`;
    },
    approve: (ctx: restate.WorkflowSharedContext, answer: string): Promise<void> =>
      ctx.promise<string>('answer').resolve(answer),
  },
});

export const services = [defineJourney({}), counter, greeter, approval];
