// State of objects and workflows.
import type * as restate from '@restatedev/restate-sdk';
import type { Tagged } from './callee.ts';

type StateOperation = (ctx: restate.ObjectContext, input: Tagged) => Promise<unknown>;
type SharedStateOperation = (ctx: restate.ObjectSharedContext, input: Tagged) => Promise<unknown>;

/** For handlers that may write. */
export const stateOperations: Readonly<Record<string, StateOperation>> = {
  stateOfOneInvocation: async (ctx) => {
    const seen: unknown[] = [await ctx.get('b'), await ctx.stateKeys()];
    ctx.set('b', 1);
    ctx.set('a', { nested: ['ü'] });
    ctx.set('empty', '');
    seen.push(
      await ctx.get('b'),
      await ctx.get('a'),
      await ctx.get('empty'),
      await ctx.stateKeys(),
    );
    ctx.clear('b');
    seen.push(await ctx.get('b'), await ctx.stateKeys());
    ctx.clearAll();
    seen.push(await ctx.get('a'), await ctx.stateKeys());
    return seen;
  },

  stateWritten: async (ctx) => {
    ctx.set('first', 'one');
    ctx.set('second', 2);
    ctx.set('third', null);
    // A wait in between, so that part of the state is read back from the journal on replay.
    await ctx.sleep(5);
    ctx.clear('third');
  },

  stateRead,

  stateCleared: async (ctx) => {
    const before = await ctx.stateKeys();
    ctx.clearAll();
    return before;
  },
};

/** For handlers that may only read. */
export const sharedStateOperations: Readonly<Record<string, SharedStateOperation>> = { stateRead };

async function stateRead(ctx: restate.ObjectSharedContext): Promise<unknown> {
  return {
    keys: await ctx.stateKeys(),
    first: await ctx.get('first'),
    second: await ctx.get('second'),
    third: await ctx.get('third'),
  };
}
