import * as restate from '@restatedev/restate-sdk';

/** A virtual object: state per key; `add` runs one at a time per key, `value` whenever asked. */
export const counter = restate.object({
  name: 'Counter',
  handlers: {
    add: async (ctx: restate.ObjectContext, amount: number): Promise<number> => {
      const value = ((await ctx.get<number>('value')) ?? 0) + amount;
      ctx.set('value', value);
      return value;
    },

    value: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<number> =>
        (await ctx.get<number>('value')) ?? 0,
    ),
  },
});
