// What a production service does in one invocation: steps, state, calls, sends and waits.
import * as restate from '@restatedev/restate-sdk';
import { step } from './steps.ts';

export interface CampaignJob {
  /** Unique; prefix of the names of its steps. */
  readonly id: string;
  /** Ledgers that are called and sent to. */
  readonly called: string;
  readonly sent: string;
}

const options = {
  inactivityTimeout: 300,
  abortTimeout: 300,
  retryPolicy: { initialInterval: 10, maxInterval: 300 },
} as const;

const campaign = restate.service({
  name: 'Campaign',
  options,
  handlers: {
    /** Waits longer than the inactivity timeout, so that it is suspended once. */
    run: async (ctx: restate.Context, { id, called, sent }: CampaignJob): Promise<string> => {
      const first = await step(ctx, `${id}#1`, () => 1);
      const awakeable = ctx.awakeable<string>();
      ctx
        .serviceSendClient(CAMPAIGN)
        .answer({ id, awakeableId: awakeable.id }, restate.rpc.sendOpts({ delay: 350 }));
      ctx.objectSendClient(LEDGER, sent).add(`${id} sent`);
      const [count, answer] = await restate.RestatePromise.all([
        ctx.objectClient(LEDGER, called).add(`${id} called`),
        awakeable.promise,
      ]);
      await ctx.sleep(10);
      const last = await step(ctx, `${id}#2`, () => 2);
      return `${id}: ${first} ${count > 0} ${answer} ${last}`;
    },

    answer: async (ctx: restate.Context, { id, awakeableId }: Answer): Promise<void> => {
      const answer = await step(ctx, `${id}#answer`, () => 'answered');
      ctx.resolveAwakeable(awakeableId, answer);
    },
  },
});

interface Answer {
  readonly id: string;
  readonly awakeableId: string;
}
interface CampaignInterface {
  answer(ctx: restate.Context, input: Answer): Promise<void>;
}
const CAMPAIGN: restate.ServiceDefinition<'Campaign', CampaignInterface> = { name: 'Campaign' };

const ledger = restate.object({
  name: 'CampaignLedger',
  options,
  handlers: {
    /** Writes down one more line, in two writes with a step in between. */
    add: async (ctx: restate.ObjectContext, line: string): Promise<number> => {
      const lines = (await ctx.get<readonly string[]>('lines')) ?? [];
      ctx.set('lines', [...lines, line]);
      await step(ctx, `${line}#add`, () => 0);
      const count = ((await ctx.get<number>('count')) ?? 0) + 1;
      ctx.set('count', count);
      return count;
    },
    read: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => ({
      lines: (await ctx.get<readonly string[]>('lines')) ?? [],
      count: (await ctx.get<number>('count')) ?? 0,
    })),
  },
});

const LEDGER: typeof ledger = { name: 'CampaignLedger' };

export const services = [campaign, ledger];
