// Handlers that stay in one state until somebody does something about it.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';
import { recordAttempt } from './steps.ts';

/** Suspends soon, and does not retry within a test. */
const options = {
  inactivityTimeout: 100,
  retryPolicy: { initialInterval: 600_000, maxInterval: 600_000 },
} as const;

const operable = restate.service({
  name: 'Operable',
  handlers: {
    run: async (ctx: restate.Context, id: string): Promise<string> => {
      record(`running ${id}`);
      await passGate(id, ctx.request().attemptCompletedSignal);
      await ctx.sleep(1);
      return id;
    },
    suspend: async (ctx: restate.Context, id: string): Promise<string> => {
      recordAttempt(ctx, id);
      const awakeable = ctx.awakeable<string>();
      record(`awakeable ${id} ${awakeable.id}`);
      return awakeable.promise;
    },
    fail: async (ctx: restate.Context, id: string): Promise<void> => {
      record(`failing ${id}`);
      await ctx.sleep(1);
      throw new Error('fails and backs off');
    },
    parent: async (ctx: restate.Context, id: string): Promise<string> => {
      ctx.serviceSendClient(OPERABLE).suspend(`${id}-sent`);
      return ctx.serviceClient(OPERABLE).suspend(`${id}-called`);
    },
  },
  options,
});

interface OperableInterface {
  suspend(ctx: restate.Context, id: string): Promise<string>;
}

const OPERABLE: restate.ServiceDefinition<'Operable', OperableInterface> = { name: 'Operable' };

const pausing = restate.service({
  name: 'Pausing',
  handlers: {
    fail: (_ctx: restate.Context, id: string): Promise<string> => {
      record(`attempt ${id}`);
      return Promise.reject(new Error('fails and pauses'));
    },
  },
  options: { retryPolicy: { maxAttempts: 1, onMaxAttempts: 'pause' } },
});

const keyed = restate.object({
  name: 'OperableObject',
  handlers: {
    hold: async (ctx: restate.ObjectContext, id: string): Promise<string> => {
      record(`holding ${id}`);
      await passGate(id, ctx.request().attemptCompletedSignal);
      return id;
    },
  },
});

export const services = [operable, pausing, keyed];
