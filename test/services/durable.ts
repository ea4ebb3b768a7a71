// Services that are interrupted: every handler is a sequence of recorded steps.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';
import { recordAttempt, step } from './steps.ts';

/** Suspends soon, so that waiting handlers are really suspended when the server dies. */
const options = {
  inactivityTimeout: 100,
  retryPolicy: { initialInterval: 20, maxInterval: 500 },
} as const;

export interface Job {
  /** Unique; prefix of the job's step names. */
  readonly id: string;
}

const steps = restate.service({
  name: 'Steps',
  handlers: {
    /** Two steps with a gate between them. */
    gated: async (ctx: restate.Context, { id }: Job): Promise<string> => {
      await step(ctx, `${id}#1`, () => 1);
      await passGate(id, ctx.request().attemptCompletedSignal);
      await step(ctx, `${id}#2`, () => 2);
      return `${id} done`;
    },

    run: async (ctx: restate.Context, { id, count }: Job & { count: number }): Promise<number> => {
      let sum = 0;
      for (let n = 1; n <= count; n++) sum += await step(ctx, `${id}#${n}`, () => n);
      return sum;
    },

    sleep: async (ctx: restate.Context, { id, ms }: Job & { ms: number }): Promise<string> => {
      recordAttempt(ctx, `${id} sleep`);
      const startMs = await step(ctx, `${id}#before`, () => Date.now());
      await ctx.sleep(ms);
      const endMs = await step(ctx, `${id}#after`, () => Date.now());
      return endMs - startMs >= ms ? 'slept long enough' : `woke after ${endMs - startMs} ms`;
    },

    awaitOutside: async (ctx: restate.Context, { id }: Job): Promise<unknown> => {
      recordAttempt(ctx, `${id} await`);
      await step(ctx, `${id}#before`, () => 0);
      const awakeable = ctx.awakeable<unknown>();
      record(`awakeable ${id} ${awakeable.id}`);
      const value = await awakeable.promise;
      await step(ctx, `${id}#after`, () => 0);
      return value;
    },

    awaitOtherHandler: async (ctx: restate.Context, { id }: Job): Promise<string> => {
      const awakeable = ctx.awakeable<string>();
      const options = restate.rpc.sendOpts<Completion>({ delay: 50 });
      ctx.serviceSendClient(STEPS).complete({ id, awakeableId: awakeable.id }, options);
      const value = await awakeable.promise;
      await step(ctx, `${id}#after`, () => 0);
      return value;
    },

    complete: async (ctx: restate.Context, { id, awakeableId }: Completion): Promise<void> => {
      await step(ctx, `${id}#complete`, () => 0);
      ctx.resolveAwakeable(awakeableId, `${id} completed`);
    },

    /** Sends one addition to each of the named counters. */
    spread: async (
      ctx: restate.Context,
      { id, counters }: Job & { counters: readonly string[] },
    ): Promise<number> => {
      await step(ctx, `${id}#spread`, () => 0);
      for (const [n, counter] of counters.entries()) {
        ctx.objectSendClient(COUNTER, counter).add({ id: `${id}/${n}` });
      }
      return counters.length;
    },
  },
  options,
});

interface Completion extends Job {
  readonly awakeableId: string;
}

interface StepsInterface {
  complete(ctx: restate.Context, input: Completion): Promise<void>;
}

const STEPS: restate.ServiceDefinition<'Steps', StepsInterface> = { name: 'Steps' };

const counter = restate.object({
  name: 'DurableCounter',
  handlers: {
    /** Counts a request; the state keeps every id it counted, in order. */
    add: async (ctx: restate.ObjectContext, { id, gate }: Job & { gate?: string }) => {
      if (gate !== undefined) {
        record(`${id} at gate`);
        await passGate(gate, ctx.request().attemptCompletedSignal);
      }
      const ids = (await ctx.get<readonly string[]>('ids')) ?? [];
      await step(ctx, `${id}#add`, () => 0);
      ctx.set('ids', [...ids, id]);
      return ids.length + 1;
    },
    ids: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<readonly string[]> =>
        (await ctx.get('ids')) ?? [],
    ),
  },
  options,
});

const COUNTER: typeof counter = { name: 'DurableCounter' };

/** Three services deep: top (service) → middle (object) → leaf (service). */
const leaf = restate.service({
  name: 'TreeLeaf',
  handlers: {
    run: async (ctx: restate.Context, { id, wait }: TreeJob): Promise<string> => {
      recordAttempt(ctx, `${id} leaf`);
      await step(ctx, `${id}#leaf before`, () => 0);
      if (!wait) return 'leaf';
      const awakeable = ctx.awakeable<string>();
      record(`awakeable ${id} ${awakeable.id}`);
      const value = await awakeable.promise;
      await step(ctx, `${id}#leaf after`, () => 0);
      return value;
    },
  },
  options,
});

const middle = restate.object({
  name: 'TreeMiddle',
  handlers: {
    run: async (ctx: restate.ObjectContext, job: TreeJob): Promise<string> => {
      recordAttempt(ctx, `${job.id} middle`);
      await step(ctx, `${job.id}#middle before`, () => 0);
      const value = await ctx.serviceClient(LEAF).run(job);
      ctx.set('value', value);
      await step(ctx, `${job.id}#middle after`, () => 0);
      return `middle of ${value}`;
    },
  },
  options,
});

const top = restate.service({
  name: 'TreeTop',
  handlers: {
    run: async (ctx: restate.Context, job: TreeJob): Promise<string> => {
      recordAttempt(ctx, `${job.id} top`);
      await step(ctx, `${job.id}#top before`, () => 0);
      const value = await ctx.objectClient(MIDDLE, job.id).run(job);
      await step(ctx, `${job.id}#top after`, () => 0);
      return `top of ${value}`;
    },
  },
  options,
});

interface TreeJob extends Job {
  /** The leaf waits for an awakeable that the test completes. */
  readonly wait: boolean;
}

const LEAF: typeof leaf = { name: 'TreeLeaf' };
const MIDDLE: typeof middle = { name: 'TreeMiddle' };

const approval = restate.workflow({
  name: 'Approval',
  handlers: {
    run: async (ctx: restate.WorkflowContext): Promise<string> => {
      recordAttempt(ctx, `${ctx.key} approval`);
      await step(ctx, `${ctx.key}#before`, () => 0);
      const answer = await ctx.promise<string>('answer');
      ctx.set('answer', answer);
      await step(ctx, `${ctx.key}#after`, () => 0);
      return `approved with ${answer}`;
    },
    approve: (ctx: restate.WorkflowSharedContext, answer: string): Promise<void> =>
      ctx.promise<string>('answer').resolve(answer),
  },
  options,
});

export const services = [steps, counter, leaf, middle, top, approval];
