// Services of which little is kept for long.
import * as restate from '@restatedev/restate-sdk';

const SOON_MS = 500;
const HOUR_MS = 3_600_000;

export const services = [
  restate.service({
    name: 'ShortLived',
    options: { idempotencyRetention: SOON_MS, journalRetention: SOON_MS },
    handlers: { answer: (): Promise<string> => Promise.resolve('answer') },
  }),
  restate.service({
    name: 'ShortJournal',
    options: { idempotencyRetention: HOUR_MS, journalRetention: SOON_MS },
    handlers: { answer: (): Promise<string> => Promise.resolve('answer') },
  }),
  restate.workflow({
    name: 'ShortLivedWorkflow',
    options: { workflowRetention: SOON_MS },
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
  }),
];
