// Handlers that wait in every way there is, until they are cancelled.
import * as restate from '@restatedev/restate-sdk';
import { describeError } from './callee.ts';
import { record } from './effects.ts';
import { step } from './steps.ts';

export interface WaitInput {
  /** Prefix of the effects. */
  readonly tag: string;
  /** What the handler waits for. */
  readonly way: string;
  /** What it does once it is cancelled. Default: fails. */
  readonly then?: 'goOn' | 'waitAgain' | undefined;
}

const { RestatePromise } = restate;
const HOUR_MS = 3_600_000;

type Way<C = restate.Context> = (ctx: C, tag: string) => Promise<unknown>;

interface WaiterInterface {
  wait(ctx: restate.Context, input: WaitInput): Promise<string>;
}
interface HolderInterface {
  wait(ctx: restate.ObjectContext, input: WaitInput): Promise<string>;
}

const WAITER: restate.ServiceDefinition<'Cancellable', WaiterInterface> = { name: 'Cancellable' };
const HOLDER: restate.VirtualObjectDefinition<'CancellableObject', HolderInterface> = {
  name: 'CancellableObject',
};

const never = (): Promise<never> => new Promise(() => {});

function callWaiter(ctx: restate.Context, tag: string): restate.InvocationPromise<string> {
  return ctx.serviceClient(WAITER).wait({ tag: `${tag}/callee`, way: 'awakeable' });
}

const WAYS: Readonly<Record<string, Way>> = {
  sleep: (ctx) => ctx.sleep(HOUR_MS),
  awakeable: (ctx) => ctx.awakeable().promise,
  signal: (ctx) => ctx.signal('never sent'),
  run: (ctx) => ctx.run('endless', never),
  runWithRetries: (ctx, tag) =>
    ctx.run(
      'failing',
      () => {
        record(`${tag} try`);
        throw new Error('not yet');
      },
      { initialRetryInterval: 50, retryIntervalFactor: 1 },
    ),
  call: callWaiter,
  callOfHeldKey: (ctx, tag) => {
    const holder = { tag: `${tag}/holder`, way: 'awakeable' };
    ctx.objectSendClient(HOLDER, tag).wait(holder);
    return ctx.objectClient(HOLDER, tag).wait({ tag: `${tag}/queued`, way: 'awakeable' });
  },
  attach: async (ctx, tag) => {
    const sent = ctx.serviceSendClient(WAITER).wait({ tag: `${tag}/sent`, way: 'awakeable' });
    return ctx.attach(await sent.invocationId);
  },
  all: (ctx, tag) => RestatePromise.all([ctx.sleep(1), ctx.sleep(HOUR_MS), callWaiter(ctx, tag)]),
  race: (ctx) => RestatePromise.race([ctx.sleep(HOUR_MS), ctx.awakeable().promise]),
  any: (ctx) => RestatePromise.any([ctx.awakeable().promise, ctx.awakeable().promise]),
  allSettled: (ctx) => RestatePromise.allSettled([ctx.sleep(1), ctx.awakeable().promise]),
  orTimeout: (ctx) => ctx.awakeable().promise.orTimeout(HOUR_MS),
  nested: (ctx, tag) =>
    RestatePromise.race([
      RestatePromise.all([ctx.sleep(1), ctx.awakeable().promise]),
      RestatePromise.any([callWaiter(ctx, tag), ctx.sleep(HOUR_MS).map(() => 'late')]),
    ]).orTimeout(HOUR_MS),
  /** The call is not awaited. */
  sleepBesideCall: (ctx, tag) => {
    void callWaiter(ctx, tag);
    return ctx.sleep(HOUR_MS);
  },
};

const WORKFLOW_WAYS: Readonly<Record<string, Way<restate.WorkflowSharedContext>>> = {
  ...WAYS,
  promise: (ctx) => ctx.promise('never resolved').get(),
};

function waitIn<C extends restate.Context>(ways: Readonly<Record<string, Way<C>>>) {
  return async (ctx: C, { tag, way, then }: WaitInput): Promise<string> => {
    ctx.request().attemptCompletedSignal.addEventListener('abort', () => record(`${tag} left`));
    const wait = ways[way];
    if (wait === undefined) throw new restate.TerminalError(`there is no way '${way}'`);
    try {
      record(`${tag} waits`);
      await wait(ctx, tag);
      return 'waited in vain';
    } catch (error) {
      record(`${tag} caught ${describeError(error)}`);
      if (then === undefined) throw error;
    }
    const cleanedUp = await step(ctx, `${tag}#clean-up`, () => 'cleaned up');
    if (then === 'goOn') return cleanedUp;
    record(`${tag} waits again`);
    await wait(ctx, `${tag}/again`);
    return 'waited in vain';
  };
}

const PATIENT = { journalRetention: HOUR_MS, inactivityTimeout: HOUR_MS } as const;
const SUSPENDS_SOON = { inactivityTimeout: 50 } as const;
const { handler, workflow } = restate.handlers;

const waiter = restate.service({
  name: 'Cancellable',
  options: PATIENT,
  handlers: {
    wait: waitIn(WAYS),
    waitSuspended: handler(SUSPENDS_SOON, waitIn(WAYS)),

    /** Each level calls the next one, calls another without awaiting it, and sends a third. */
    tree: async (ctx: restate.Context, { tag, depth }: TreeInput): Promise<string> => {
      const beside = ctx.serviceClient(WAITER).wait({ tag: `${tag}/beside`, way: 'awakeable' });
      const sent = ctx.serviceSendClient(WAITER).wait({ tag: `${tag}/sent`, way: 'sleep' });
      const below =
        depth === 0
          ? ctx.serviceClient(WAITER).wait({ tag: `${tag}/below`, way: 'sleep' })
          : ctx.serviceClient(TREE).tree({ tag: `${tag}/below`, depth: depth - 1 });
      const ids = [await beside.invocationId, await below.invocationId, await sent.invocationId];
      record(`${tag} children ${ids.join(' ')}`);
      return await below;
    },

    /** Returns while its call is under way. */
    leaveCallBehind: async (ctx: restate.Context, { tag }: WaitInput): Promise<string> =>
      await callWaiter(ctx, tag).invocationId,
  },
});

interface TreeInput {
  readonly tag: string;
  readonly depth: number;
}
interface TreeInterface {
  tree(ctx: restate.Context, input: TreeInput): Promise<string>;
}
const TREE: restate.ServiceDefinition<'Cancellable', TreeInterface> = { name: 'Cancellable' };

const holder = restate.object({
  name: 'CancellableObject',
  options: PATIENT,
  handlers: { wait: waitIn<restate.ObjectContext>(WAYS) },
});

const flow = restate.workflow({
  name: 'CancellableWorkflow',
  options: PATIENT,
  handlers: {
    run: waitIn<restate.WorkflowContext>(WORKFLOW_WAYS),
    shared: workflow.shared(waitIn(WORKFLOW_WAYS)),
    sharedSuspended: workflow.shared(SUSPENDS_SOON, waitIn(WORKFLOW_WAYS)),
  },
});

/** Hears of a cancellation only where it asks. SDK 1.17. */
const explicit = restate.service({
  name: 'ExplicitlyCancellable',
  options: { ...SUSPENDS_SOON, explicitCancellation: true },
  handlers: {
    wait: async (ctx: restate.Context, { tag }: WaitInput): Promise<string> => {
      if (!canAskForCancellation(ctx)) throw new restate.TerminalError('cannot ask');
      record(`${tag} waits`);
      await ctx.sleep(400);
      record(`${tag} slept`);
      const first = await RestatePromise.race([
        ctx.sleep(HOUR_MS).map(() => 'slept'),
        ctx.cancellation().map(() => 'cancelled'),
      ]);
      record(`${tag} first`);
      const second = await ctx.cancellation().map(() => 'cancelled again');
      return `${first}, ${second}`;
    },
  },
});

function canAskForCancellation(
  ctx: restate.Context,
): ctx is restate.Context & { cancellation(): restate.RestatePromise<void> } {
  return 'cancellation' in ctx;
}

export const services = [waiter, holder, flow, explicit];
