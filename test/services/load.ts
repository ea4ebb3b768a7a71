// Small handlers for many invocations at once.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';

const load = restate.service({
  name: 'Load',
  handlers: {
    square: (ctx: restate.Context, n: number): Promise<number> => ctx.run('square', () => n * n),

    note: (_ctx: restate.Context, n: number): Promise<void> => {
      record(`noted ${n}`);
      return Promise.resolve();
    },

    /** Sends `note` for every number in [from, to). */
    sendNotes: (ctx: restate.Context, { from, to }: { from: number; to: number }) => {
      for (let n = from; n < to; n++) ctx.serviceSendClient(LOAD).note(n);
      return Promise.resolve();
    },
  },
});

interface LoadInterface {
  note(ctx: restate.Context, n: number): Promise<void>;
}

const LOAD: restate.ServiceDefinition<'Load', LoadInterface> = { name: 'Load' };

const sum = restate.object({
  name: 'LoadSum',
  handlers: {
    add: async (ctx: restate.ObjectContext, n: number): Promise<number> => {
      const total = ((await ctx.get<number>('total')) ?? 0) + n;
      ctx.set('total', total);
      ctx.set('count', ((await ctx.get<number>('count')) ?? 0) + 1);
      return total;
    },
    totals: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ({
      total: await ctx.get('total'),
      count: await ctx.get('count'),
    })),
  },
});

export const services = [load, sum];
