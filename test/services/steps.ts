// How handlers of the durability tests make their progress visible: see test/support/step-rule.ts.
import type * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';

/** Runs a durable step and records that it runs, and then that its completion was seen. */
export async function step<T>(ctx: restate.Context, name: string, action: () => T): Promise<T> {
  const value = await ctx.run(name, () => {
    record(`run ${name}`);
    return action();
  });
  record(`after ${name}`);
  return value;
}

/** Records that an attempt starts, and later that it ended: by a result, a suspension or a lost server. */
export function recordAttempt(ctx: restate.Context, name: string): void {
  record(`entered ${name}`);
  ctx.request().attemptCompletedSignal.addEventListener('abort', () => record(`left ${name}`));
}
