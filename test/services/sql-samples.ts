// Services whose invocations end up in every state that SQL shows. Their names are those of the captured
// statements.
import * as restate from '@restatedev/restate-sdk';

const HOUR_MS = 3_600_000;
const { handler } = restate.handlers;
const { object, workflow } = restate.handlers;

/** Stays connected while it waits. */
const PATIENT = { inactivityTimeout: HOUR_MS } as const;
const SUSPENDS_SOON = { inactivityTimeout: 50 } as const;

const counterApi: restate.VirtualObjectDefinition<'Counter', CounterInterface> = {
  name: 'Counter',
};

interface CounterInterface {
  add(ctx: restate.ObjectContext, amount: number): Promise<number>;
}

const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: (_ctx: restate.Context, name: string): Promise<string> =>
      Promise.resolve(`Hello ${name}`),

    fail: (): Promise<string> =>
      Promise.reject(new restate.TerminalError('kaput', { errorCode: 418 })),

    /** One entry of most kinds. The pauses keep the creation times of the callees apart. */
    steps: async (ctx: restate.Context, name: string): Promise<string> => {
      const step = await ctx.run('step-a', () => `${name} ran`);
      const total = await ctx.objectClient(counterApi, 'k1').add(3);
      await ctx.sleep(5, 'pause');
      const sent = ctx.objectSendClient(counterApi, 'k2').add(4);
      await ctx.sleep(5);
      await ctx.attach(await sent.invocationId);
      const { id, promise } = ctx.awakeable<string>();
      ctx.resolveAwakeable(id, 'awake');
      return `${step} ${total} ${await promise}`;
    },

    /** Fails in a step, and waits for an hour. */
    retrying: handler(
      { retryPolicy: { initialInterval: HOUR_MS, maxInterval: HOUR_MS } },
      async (ctx: restate.Context): Promise<void> => {
        await ctx.run('flaky', () => {
          throw new Error('flaky failure');
        });
      },
    ),

    pausing: handler(
      { retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' } },
      async (ctx: restate.Context): Promise<void> => {
        await ctx.run('before', () => 1);
        throw new Error('needs an operator');
      },
    ),

    awk: handler(SUSPENDS_SOON, (ctx: restate.Context): Promise<string> => {
      return ctx.awakeable<string>().promise;
    }),
  },
});

const counter = restate.object({
  name: 'Counter',
  handlers: {
    add: async (ctx: restate.ObjectContext, amount: number): Promise<number> => {
      const count = ((await ctx.get<number>('count')) ?? 0) + amount;
      ctx.set('count', count);
      return count;
    },
    /** Holds the key. */
    block: object.exclusive(PATIENT, (ctx: restate.ObjectContext): Promise<string> => {
      return ctx.awakeable<string>().promise;
    }),
    get: object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<number> => (await ctx.get('count')) ?? 0,
    ),
  },
});

const signup = restate.workflow({
  name: 'Signup',
  handlers: {
    run: workflow.workflow(SUSPENDS_SOON, async (ctx: restate.WorkflowContext, name: string) => {
      ctx.set('name', name);
      return ctx.promise<string>('approval');
    }),
    approve: (ctx: restate.WorkflowSharedContext, by: string): Promise<void> =>
      ctx.promise<string>('approval').resolve(by),
  },
});

export const services = [greeter, counter, signup];
