// Durable promises of workflows.
import type * as restate from '@restatedev/restate-sdk';
import { describeError, type Tagged } from './callee.ts';
import { record } from './effects.ts';

type PromiseOperation = (ctx: restate.WorkflowContext, input: Tagged) => Promise<unknown>;
type SharedPromiseOperation = (
  ctx: restate.WorkflowSharedContext,
  input: Tagged,
) => Promise<unknown>;

/** For the run handler. */
export const promiseOperations: Readonly<Record<string, PromiseOperation>> = {
  promiseAwaited: async (ctx, { tag }) => {
    const peeked = await ctx.promise<string>('answer').peek();
    record(`${tag} awaits ${peeked === undefined ? 'nothing yet' : peeked}`);
    return ctx.promise<string>('answer').then(
      (value) => value,
      (error: unknown) => describeError(error),
    );
  },

  promiseResolvedByItself: async (ctx) => {
    await ctx.promise<string>('answer').resolve('own');
    return [await ctx.promise<string>('answer'), await ctx.promise<string>('answer').peek()];
  },

  /** Runs until another handler resolves the promise. */
  promiseAwaitedTwice: (ctx) =>
    Promise.all([ctx.promise<string>('answer').get(), ctx.promise<string>('other').get()]),
};

/** For shared handlers. */
export const sharedPromiseOperations: Readonly<Record<string, SharedPromiseOperation>> = {
  promisePeeked: async (ctx) => (await ctx.promise<string>('answer').peek()) ?? 'nothing yet',
  promiseGot: (ctx) => ctx.promise<string>('answer').get(),
  promiseResolved: (ctx) => ctx.promise<string>('answer').resolve('yes'),
  otherPromiseResolved: (ctx) => ctx.promise<string>('other').resolve('too'),
  promiseRejected: (ctx) => ctx.promise<string>('answer').reject('refused'),
};
