// First version of services that a later deployment replaces.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';
import { step } from './steps.ts';

export interface WaitInput {
  readonly id: string;
}

/** A greeter that names its version and can be held at a gate between two steps. */
export function defineGreeter(version: string) {
  return restate.service({
    name: 'Greeter',
    handlers: {
      greet: (_ctx: restate.Context, name: string): Promise<string> =>
        Promise.resolve(`${version} greets ${name}`),

      held: async (ctx: restate.Context, { id }: WaitInput): Promise<string> => {
        await step(ctx, `${id}#1`, () => 0);
        record(`${id} held by ${version}`);
        await passGate(id, ctx.request().attemptCompletedSignal);
        await step(ctx, `${id}#2`, () => 0);
        return `${version} held ${id}`;
      },

      fails: (): Promise<never> => {
        record(`failed by ${version}`);
        return Promise.reject(new Error('not ready'));
      },
    },
    options: { retryPolicy: { initialInterval: 50, maxInterval: 200 } },
  });
}

export function defineLocked(version: string) {
  return restate.object({
    name: 'Locked',
    handlers: {
      held: async (ctx: restate.ObjectContext, { id }: WaitInput): Promise<string> => {
        record(`${id} held by ${version}`);
        await step(ctx, `${id}#1`, () => 0);
        await passGate(id, ctx.request().attemptCompletedSignal);
        return `${version} held ${id}`;
      },
    },
  });
}

const retired = restate.service({
  name: 'Retired',
  handlers: { hello: (): Promise<string> => Promise.resolve('hello from v1') },
});

export const services = [defineGreeter('v1'), defineLocked('v1'), retired];
