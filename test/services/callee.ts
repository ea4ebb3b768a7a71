// What the operations of operations.ts call and send to.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';

/** `tag` names the test an effect belongs to. */
export interface Tagged {
  readonly tag: string;
}

/** One context operation, performed by name. */
export type Operation = (ctx: restate.Context, input: Tagged) => Promise<unknown>;

export interface SleepInput extends Tagged {
  /** Awakeable that is resolved once the sleeper runs. */
  readonly startedId: string;
}

export const callee = restate.service({
  name: 'Callee',
  handlers: {
    echo: (_ctx: restate.Context, input: unknown): Promise<unknown> => Promise.resolve(input),

    /** Leaves a mark and answers how the invocation was addressed. */
    note: (ctx: restate.Context, { tag }: Tagged): Promise<NoteReply> => {
      record(`${tag} noted`);
      const { id, headers } = ctx.request();
      return Promise.resolve({ id, header: headers.get('x-note') ?? null });
    },

    fail: (_ctx: restate.Context, { tag }: Tagged): Promise<void> =>
      Promise.reject(
        new restate.TerminalError(`${tag} refused`, { errorCode: 422, metadata: { why: 'rule' } }),
      ),

    resolveAwakeable: (ctx: restate.Context, { id, value }: { id: string; value: unknown }) => {
      ctx.resolveAwakeable(id, value);
      return Promise.resolve();
    },

    rejectAwakeable: (ctx: restate.Context, { id, reason }: { id: string; reason: string }) => {
      ctx.rejectAwakeable(id, reason);
      return Promise.resolve();
    },

    resolveSignal: (ctx: restate.Context, { id, value }: { id: string; value: unknown }) => {
      ctx.invocation(restate.InvocationIdParser.fromString(id)).signal('approved').resolve(value);
      return Promise.resolve();
    },

    rejectSignal: (ctx: restate.Context, { id, reason }: { id: string; reason: string }) => {
      ctx.invocation(restate.InvocationIdParser.fromString(id)).signal('approved').reject(reason);
      return Promise.resolve();
    },

    /** Says that it runs, then sleeps until cancelled. */
    sleepLong: async (ctx: restate.Context, { tag, startedId }: SleepInput): Promise<void> => {
      ctx.resolveAwakeable(startedId);
      try {
        await ctx.sleep({ hours: 1 });
      } catch (error) {
        record(`${tag} sleeper ${describeError(error)}`);
        throw error;
      }
    },

    /** Calls itself that many levels deep, and counts them. */
    callItself: async (ctx: restate.Context, { depth }: NestInput): Promise<number> => {
      if (depth === 0) return 0;
      const below = { depth: depth - 1 };
      return 1 + (await ctx.serviceClient<CalleeNest>({ name: 'Callee' }).callItself(below));
    },

    /** Waits for a callee that sleeps until cancelled. */
    callSleeper: async (ctx: restate.Context, { tag, startedId }: SleepInput): Promise<void> => {
      try {
        await ctx.serviceClient<CalleeSleeper>({ name: 'Callee' }).sleepLong({ tag, startedId });
      } catch (error) {
        record(`${tag} caller ${describeError(error)}`);
        throw error;
      }
    },
  },
});

interface CalleeSleeper {
  sleepLong(ctx: restate.Context, input: SleepInput): Promise<void>;
}

export interface NestInput {
  readonly depth: number;
}

interface CalleeNest {
  callItself(ctx: restate.Context, input: NestInput): Promise<number>;
}

export interface NoteReply {
  readonly id: string;
  readonly header: string | null;
}

export const calleeObject = restate.object({
  name: 'CalleeObject',
  handlers: {
    add: async (ctx: restate.ObjectContext, amount: number): Promise<number> => {
      const total = ((await ctx.get<number>('total')) ?? 0) + amount;
      ctx.set('total', total);
      return total;
    },
    addAfter: async (
      ctx: restate.ObjectContext,
      { ms, amount }: { ms: number; amount: number },
    ): Promise<number> => {
      await ctx.sleep(ms);
      ctx.set('total', amount);
      return amount;
    },
    total: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<number> => (await ctx.get('total')) ?? 0,
    ),
  },
});

export const calleeWorkflow = restate.workflow({
  name: 'CalleeWorkflow',
  handlers: {
    run: (ctx: restate.WorkflowContext, greeting: string): Promise<string> =>
      Promise.resolve(`${greeting} ${ctx.key}`),
  },
});

/** Code and message of a terminal error, as `409 Cancelled`. */
export function describeError(error: unknown): string {
  if (error instanceof restate.TerminalError) return `${error.code} ${error.message}`;
  throw error;
}

/** Awaits a failure and describes it. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => describeError(error),
  );
}

export const services = [callee, calleeObject, calleeWorkflow];
