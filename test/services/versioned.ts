// A service of which several versions live at once. SERVICE_NAME and REVISION say which one this is;
// EXTRA adds a handler, AS_OBJECT makes it a virtual object.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';
import { step } from './steps.ts';

const name = process.env['SERVICE_NAME'] ?? 'Versioned';
const revision = process.env['REVISION'] ?? 'v1';

const { handler } = restate.handlers;
const SUSPENDS_SOON = { inactivityTimeout: 50 } as const;
const QUICKLY = { retryPolicy: { initialInterval: 50, maxInterval: 200 } } as const;

const handlers = {
  tell: (): Promise<string> => Promise.resolve(revision),

  /** Two steps with a gate between them. */
  held: async (ctx: restate.Context, tag: string): Promise<string> => {
    await step(ctx, `${tag}#1`, () => 1);
    record(`${tag} held by ${revision}`);
    await passGate(tag, ctx.request().attemptCompletedSignal);
    await step(ctx, `${tag}#2`, () => 2);
    return `${revision} held ${tag}`;
  },

  /** Suspends until somebody resolves its awakeable. Its step pins it to its deployment. */
  waits: handler(SUSPENDS_SOON, async (ctx: restate.Context, tag: string): Promise<string> => {
    ctx.request().attemptCompletedSignal.addEventListener('abort', () => record(`${tag} left`));
    await step(ctx, `${tag}#1`, () => 1);
    const awakeable = ctx.awakeable<string>();
    record(`${tag} awakeable ${awakeable.id}`);
    return `${revision} got ${await awakeable.promise}`;
  }),

  header: (ctx: restate.Context): Promise<string> =>
    Promise.resolve(String(ctx.request().attemptHeaders.get('x-extra') ?? 'none')),
};

const extra = { extra: (): Promise<string> => Promise.resolve(`extra of ${revision}`) };
const all = process.env['EXTRA'] === undefined ? handlers : { ...handlers, ...extra };

const held = restate.object({
  name: `${name}Object`,
  options: QUICKLY,
  handlers: { held: handlers.held },
});

const versioned =
  process.env['AS_OBJECT'] === undefined
    ? restate.service({ name, handlers: all, options: QUICKLY })
    : restate.object({ name, handlers: all, options: QUICKLY });

const hidden = restate.service({
  name: `${name}Hidden`,
  options: { ingressPrivate: true },
  handlers: { tell: handlers.tell },
});

const HIDDEN: typeof hidden = { name: `${name}Hidden` };

const half = restate.service({
  name: `${name}Half`,
  handlers: {
    hidden: handler({ ingressPrivate: true }, handlers.tell),
    shown: (ctx: restate.Context): Promise<string> => ctx.serviceClient(HIDDEN).tell(),
  },
});

export const services = [versioned, held, hidden, half];
