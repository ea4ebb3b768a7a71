// Services whose invocations are put into scopes, where rules limit how many of them run at once.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';

const HOUR_MS = 3_600_000;
const SUSPENDS_SOON = { inactivityTimeout: 50 } as const;

const attempts = new Map<string, number>();

/** Counts the attempts of this process. */
function enter(tag: string): number {
  const count = (attempts.get(tag) ?? 0) + 1;
  attempts.set(tag, count);
  record(`${tag} attempt`);
  return count;
}

/** Runs until the test opens the gate of that name. */
async function hold(ctx: restate.Context, tag: string): Promise<string> {
  enter(tag);
  await passGate(tag, ctx.request().attemptCompletedSignal);
  record(`${tag} done`);
  return tag;
}

async function awaitAwakeable(ctx: restate.Context, tag: string): Promise<string> {
  enter(tag);
  ctx.request().attemptCompletedSignal.addEventListener('abort', () => record(`${tag} left`));
  const awakeable = ctx.awakeable<string>();
  record(`${tag} awakeable ${awakeable.id}`);
  return await awakeable.promise;
}

const { handler } = restate.handlers;

const service = restate.service({
  name: 'Scoped',
  options: { inactivityTimeout: HOUR_MS, journalRetention: HOUR_MS },
  handlers: {
    echo: (_ctx: restate.Context, input: string): Promise<string> => Promise.resolve(input),
    hold,
    wait: awaitAwakeable,
    waitSuspended: handler(SUSPENDS_SOON, awaitAwakeable),
    /** Fails its first attempt, and is tried again an hour later. */
    backOff: handler(
      { retryPolicy: { initialInterval: HOUR_MS } },
      (ctx: restate.Context, tag: string): Promise<string> => {
        if (enter(tag) === 1) throw new Error('the first attempt fails');
        return hold(ctx, tag);
      },
    ),
    /** Fails its first attempt, and asks to be tried again after a while. */
    retryAfter: (ctx: restate.Context, { tag, ms }: Retry): Promise<string> => {
      if (enter(tag) === 1) throw new restate.RetryableError('not now', { retryAfter: ms });
      return hold(ctx, tag);
    },
    pause: handler(
      { retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' } },
      (ctx: restate.Context, tag: string): Promise<string> => {
        if (enter(tag) === 1) throw new Error('the first attempt fails');
        return hold(ctx, tag);
      },
    ),
    /** What service protocol 7 tells of the scope. */
    info: (ctx: restate.Context): Promise<string> => {
      const { scope, limitKey } = ctx.request();
      return Promise.resolve(`${scope ?? '-'} ${limitKey ?? '-'}`);
    },
    /** Calls without naming a scope. */
    callUnscoped: (ctx: restate.Context): Promise<string> => ctx.serviceClient(SCOPED).info(''),
    /** Calls `Scoped/{handler}` in a scope. */
    callScoped: (ctx: restate.Context, call: ScopedCall): Promise<string> => {
      const client = ctx.scope(call.scope).serviceClient(SCOPED);
      return client[call.handler](call.input, restate.rpc.opts(limitOf(call)));
    },
    /** The same, suspended meanwhile. */
    callSuspended: handler(SUSPENDS_SOON, (ctx: restate.Context, call: ScopedCall) =>
      ctx.scope(call.scope).serviceClient(SCOPED)[call.handler](call.input),
    ),
    sendScoped: (ctx: restate.Context, call: ScopedCall): Promise<void> => {
      const client = ctx.scope(call.scope).serviceSendClient(SCOPED);
      client[call.handler](call.input, restate.rpc.sendOpts(limitOf(call)));
      return Promise.resolve();
    },
    getScoped: (ctx: restate.Context, { scope, key }: ScopedKey): Promise<unknown> =>
      ctx.scope(scope).objectClient(SCOPED_OBJECT, key).get(),
  },
});

interface Retry {
  readonly tag: string;
  readonly ms: number;
}

interface ScopedCall {
  readonly scope: string;
  readonly limitKey?: string;
  readonly handler: 'echo' | 'hold' | 'info';
  readonly input: string;
}

interface ScopedKey {
  readonly scope: string;
  readonly key: string;
}

function limitOf({ limitKey }: ScopedCall): { readonly limitKey?: string } {
  return limitKey === undefined ? {} : { limitKey };
}

interface ScopedInterface {
  echo(ctx: restate.Context, input: string): Promise<string>;
  hold(ctx: restate.Context, input: string): Promise<string>;
  info(ctx: restate.Context, input: string): Promise<string>;
}

interface ScopedObjectInterface {
  get(ctx: restate.ObjectSharedContext): Promise<unknown>;
}

const SCOPED: restate.ServiceDefinition<'Scoped', ScopedInterface> = { name: 'Scoped' };
const SCOPED_OBJECT: restate.VirtualObjectDefinition<'ScopedObject', ScopedObjectInterface> = {
  name: 'ScopedObject',
};

const object = restate.object({
  name: 'ScopedObject',
  options: { inactivityTimeout: HOUR_MS },
  handlers: {
    hold,
    waitSuspended: restate.handlers.object.exclusive(SUSPENDS_SOON, awaitAwakeable),
    put: (ctx: restate.ObjectContext, value: string): Promise<void> => {
      ctx.set('value', value);
      return Promise.resolve();
    },
    get: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<unknown> =>
        (await ctx.get('value')) ?? null,
    ),
  },
});

const workflow = restate.workflow({
  name: 'ScopedWorkflow',
  options: { inactivityTimeout: HOUR_MS },
  handlers: {
    run: async (ctx: restate.WorkflowContext, tag: string): Promise<string> => {
      enter(tag);
      ctx.set('tag', tag);
      return `${tag} ${await ctx.promise<string>('given')}`;
    },
    give: restate.handlers.workflow.shared(
      (ctx: restate.WorkflowSharedContext, value: string): Promise<void> =>
        ctx.promise<string>('given').resolve(value),
    ),
    look: restate.handlers.workflow.shared(
      async (ctx: restate.WorkflowSharedContext): Promise<readonly unknown[]> => [
        (await ctx.get('tag')) ?? null,
        (await ctx.promise<string>('given').peek()) ?? null,
      ],
    ),
  },
});

export const services = [service, object, workflow];
