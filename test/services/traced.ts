// Services whose invocations are traced: one of every kind of journal entry, failures, suspensions.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';

interface Tagged {
  /** Names the test's effects. */
  readonly tag: string;
}

/** Records the trace headers that the attempt came with. */
function recordTrace(ctx: restate.Context, name: string): void {
  const { attemptHeaders } = ctx.request();
  const traceparent = attemptHeaders.get('traceparent');
  const tracestate = attemptHeaders.get('tracestate');
  record(`${name} ${JSON.stringify({ traceparent, tracestate })}`);
}

const attempts = new Map<string, number>();

function countAttempt(tag: string): number {
  const count = (attempts.get(tag) ?? 0) + 1;
  attempts.set(tag, count);
  return count;
}

/** Waits at a gate between two steps. */
async function gated(ctx: restate.Context, { tag }: Tagged): Promise<void> {
  recordTrace(ctx, `${tag} gated`);
  await ctx.run('first', () => 1);
  record(`${tag} at gate`);
  await passGate(tag, ctx.request().attemptCompletedSignal);
  await ctx.run('second', () => 2);
}

const callee = restate.service({
  name: 'TracedCallee',
  handlers: {
    greet: (ctx: restate.Context, { tag }: Tagged): Promise<string> => {
      recordTrace(ctx, `${tag} callee`);
      return Promise.resolve('hello');
    },
  },
});

const service = restate.service({
  name: 'Traced',
  options: { retryPolicy: { initialInterval: 50, maxAttempts: 5, onMaxAttempts: 'kill' } },
  handlers: {
    empty: (ctx: restate.Context, { tag }: Tagged): Promise<void> => {
      recordTrace(ctx, `${tag} empty`);
      return Promise.resolve();
    },

    /** Fails twice, then succeeds. */
    flaky: (ctx: restate.Context, { tag }: Tagged): Promise<number> => {
      recordTrace(ctx, `${tag} flaky`);
      const count = countAttempt(tag);
      if (count < 3) throw new Error('not yet');
      return Promise.resolve(count);
    },

    fail: (_ctx: restate.Context, { errorCode }: { errorCode: number }): Promise<void> =>
      Promise.reject(new restate.TerminalError('refused', { errorCode })),

    /** Never succeeds. */
    break: (): Promise<void> => {
      throw new Error('broken');
    },

    suspend: restate.handlers.handler(
      { inactivityTimeout: 50 },
      async (ctx: restate.Context, { tag, ms }: Tagged & { ms: number }): Promise<void> => {
        recordTrace(ctx, `${tag} suspend`);
        await ctx.sleep(ms);
      },
    ),

    gated,
  },
});

const object = restate.object({
  name: 'TracedObject',
  handlers: {
    work: async (ctx: restate.ObjectContext, { tag }: Tagged): Promise<string> => {
      recordTrace(ctx, `${tag} object`);
      await ctx.get('count');
      ctx.set('count', 1);
      const name = await ctx.run('step', () => 'name');
      await ctx.sleep(1, 'nap');
      const greeting = await ctx.serviceClient(CALLEE).greet({ tag: `${tag} called` });
      ctx.serviceSendClient(CALLEE).greet({ tag: `${tag} sent` });
      ctx.clear('count');
      return `${greeting} ${name}`;
    },
  },
});

const queue = restate.object({ name: 'TracedQueue', handlers: { gated } });

const more = restate.service({
  name: 'TracedMore',
  handlers: {
    run: async (ctx: restate.Context, { tag }: Tagged): Promise<void> => {
      const awakeable = ctx.awakeable<string>();
      record(`${tag} awakeable ${awakeable.id}`);
      await awakeable.promise;
      const handle = ctx.serviceSendClient(CALLEE).greet({ tag: `${tag} sent` });
      const id = await handle.invocationId;
      await ctx.attach(id);
      const other = ctx.awakeable<string>();
      ctx.resolveAwakeable(other.id, 'ok');
      await other.promise;
      ctx.cancel(id);
      await ctx.workflowClient(FLOW, tag).run();
      await ctx.run(() => 1);
      await ctx.sleep(1);
    },
  },
});

const flow = restate.workflow({
  name: 'TracedFlow',
  handlers: {
    run: async (ctx: restate.WorkflowContext): Promise<void> => {
      await ctx.promise('p').peek();
      await ctx.promise<number>('p').resolve(1);
      await ctx.promise('p');
      await ctx.stateKeys();
      await ctx.get('x');
      ctx.clearAll();
    },
  },
});

const FLOW: typeof flow = { name: 'TracedFlow' };
const CALLEE: typeof callee = { name: 'TracedCallee' };

export const services = [callee, service, object, queue, more, flow];
