// Services whose invocations operators cancel, kill, pause, resume, purge and restart.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';
import { step } from './steps.ts';

export interface Task {
  /** Prefix of the effects. */
  readonly tag: string;
}

/** Which registration of this module serves the handler. */
const revision = process.env['REVISION'] ?? '1';

const HOUR_MS = 3_600_000;
const PATIENT = { journalRetention: 24 * HOUR_MS, inactivityTimeout: HOUR_MS } as const;
const SUSPENDS_SOON = { inactivityTimeout: 50 } as const;

const attempts = new Map<string, number>();

/** Counts the attempts of this process. */
function enter(tag: string): number {
  const count = (attempts.get(tag) ?? 0) + 1;
  attempts.set(tag, count);
  record(`${tag} attempt`);
  return count;
}

async function awaitForever(ctx: restate.Context, tag: string): Promise<string> {
  ctx.request().attemptCompletedSignal.addEventListener('abort', () => record(`${tag} left`));
  const awakeable = ctx.awakeable<string>();
  record(`${tag} awakeable ${awakeable.id}`);
  return await awakeable.promise;
}

/** Fails its first attempt, then waits. */
async function failOnce(ctx: restate.Context, { tag }: Task): Promise<string> {
  if (enter(tag) === 1) throw new Error('the first attempt fails');
  return await awaitForever(ctx, tag);
}

const { handler } = restate.handlers;

const operable = restate.service({
  name: 'Operable',
  options: PATIENT,
  handlers: {
    complete: async (ctx: restate.Context, { tag }: Task): Promise<string> => {
      await step(ctx, `${tag}#1`, () => 1);
      await step(ctx, `${tag}#2`, () => 2);
      return 'done';
    },
    wait: (ctx: restate.Context, { tag }: Task): Promise<string> => {
      enter(tag);
      return awaitForever(ctx, tag);
    },
    waitSuspended: handler(SUSPENDS_SOON, (ctx: restate.Context, { tag }: Task) => {
      enter(tag);
      return awaitForever(ctx, tag);
    }),
    swallowCancel: async (ctx: restate.Context, { tag }: Task): Promise<string> => {
      enter(tag);
      return await awaitForever(ctx, tag).catch(() => 'swallowed');
    },
    /** Busy with what no journal entry stands for. */
    busy: async (ctx: restate.Context, { tag }: Task): Promise<string> => {
      enter(tag);
      await passGate(tag, ctx.request().attemptCompletedSignal);
      return 'was busy';
    },
    backOff: handler({ retryPolicy: { initialInterval: HOUR_MS } }, failOnce),
    pause: handler({ retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' } }, failOnce),
    /** Fails where the first revision serves it, after it was pinned there. */
    upgrade: handler(
      { retryPolicy: { maxAttempts: 2, initialInterval: 10, onMaxAttempts: 'pause' } },
      async (ctx: restate.Context, { tag }: Task): Promise<string> => {
        record(`${tag} attempt on ${revision}`);
        await step(ctx, `${tag}#1`, () => 1);
        if (revision === '1') throw new Error('broken revision');
        return `served by ${revision}`;
      },
    ),
    /** Calls one child and sends two more, one of them an hour later. */
    tree: async (ctx: restate.Context, { tag }: Task): Promise<string> => {
      enter(tag);
      const called = ctx.serviceClient(OPERABLE).wait({ tag: `${tag}/called` });
      const sent = ctx.serviceSendClient(OPERABLE).wait({ tag: `${tag}/sent` });
      const delayed = ctx
        .serviceSendClient(OPERABLE)
        .wait({ tag: `${tag}/delayed` }, restate.rpc.sendOpts({ delay: HOUR_MS }));
      const ids = [await called.invocationId, await sent.invocationId, await delayed.invocationId];
      record(`${tag} children ${ids.join(' ')}`);
      return await called;
    },
  },
});

interface OperableInterface {
  wait(ctx: restate.Context, input: Task): Promise<string>;
}

const OPERABLE: restate.ServiceDefinition<'Operable', OperableInterface> = { name: 'Operable' };

const object = restate.object({
  name: 'OperableObject',
  options: PATIENT,
  handlers: {
    wait: (ctx: restate.ObjectContext, { tag }: Task): Promise<string> => {
      enter(tag);
      return awaitForever(ctx, tag);
    },
    put: async (ctx: restate.ObjectContext, value: string): Promise<void> => {
      ctx.set('value', value);
      return Promise.resolve();
    },
    state: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<Record<string, unknown>> => {
        const entries: Array<[string, unknown]> = [];
        for (const key of await ctx.stateKeys()) entries.push([key, await ctx.get(key)]);
        return Object.fromEntries(entries);
      },
    ),
  },
});

const workflow = restate.workflow({
  name: 'OperableWorkflow',
  options: PATIENT,
  handlers: {
    run: async (ctx: restate.WorkflowContext, value: string): Promise<string> => {
      ctx.set('value', value);
      await ctx.promise<string>('given').resolve(value);
      return `ran with ${value}`;
    },
    look: restate.handlers.workflow.shared(
      async (ctx: restate.WorkflowSharedContext): Promise<readonly unknown[]> => [
        (await ctx.get('value')) ?? null,
        (await ctx.promise<string>('given').peek()) ?? null,
      ],
    ),
  },
});

export const services = [operable, object, workflow];
