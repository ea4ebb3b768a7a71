// Handlers that fail, under retry policies of every origin.
import * as restate from '@restatedev/restate-sdk';
import { describeError } from './callee.ts';
import { record } from './effects.ts';
import { step } from './steps.ts';

export interface RetryInput {
  /** Prefix of the effects. */
  readonly tag: string;
}

const attempts = new Map<string, number>();

/** Counts the attempts of this process, and says when they began. */
function enter(tag: string): number {
  const count = (attempts.get(tag) ?? 0) + 1;
  attempts.set(tag, count);
  record(`${tag} attempt`);
  record(`${tag} at ${Date.now()}`);
  return count;
}

function fail(_ctx: restate.Context, { tag }: RetryInput): Promise<never> {
  enter(tag);
  return Promise.reject(new Error('broken'));
}

const { handler } = restate.handlers;
const GROWS = 100;

/** Sets nothing: the server's default policy holds. */
const byDefault = restate.service({ name: 'RetryByDefault', handlers: { fail } });

/** Each service sets one field of the policy, and one of its handlers sets it too. */
const byInitialInterval = restate.service({
  name: 'RetryByInitialInterval',
  options: { retryPolicy: { initialInterval: 300 } },
  handlers: { service: fail, handler: handler({ retryPolicy: { initialInterval: 700 } }, fail) },
});

const byFactor = restate.service({
  name: 'RetryByFactor',
  options: { retryPolicy: { exponentiationFactor: 8, maxInterval: 10_000 } },
  handlers: {
    service: fail,
    handler: handler({ retryPolicy: { exponentiationFactor: 20 } }, fail),
  },
});

const byMaxInterval = restate.service({
  name: 'RetryByMaxInterval',
  options: { retryPolicy: { maxInterval: 300, exponentiationFactor: GROWS } },
  handlers: {
    service: fail,
    handler: handler({ retryPolicy: { maxInterval: 700 } }, fail),
    first: handler({ retryPolicy: { initialInterval: 600, maxInterval: 20 } }, fail),
  },
});

const byMaxAttempts = restate.service({
  name: 'RetryByMaxAttempts',
  options: { retryPolicy: { maxAttempts: 4 } },
  handlers: {
    service: fail,
    handler: handler({ retryPolicy: { maxAttempts: 2 } }, fail),
    never: handler({ retryPolicy: { maxAttempts: 1 } }, fail),
  },
});

const byOnMaxAttempts = restate.service({
  name: 'RetryByOnMaxAttempts',
  options: { retryPolicy: { onMaxAttempts: 'pause' } },
  handlers: { service: fail, handler: handler({ retryPolicy: { onMaxAttempts: 'kill' } }, fail) },
});

/** What counts as an attempt. The default policy allows three. */
const counting = restate.service({
  name: 'RetryCounting',
  handlers: {
    /** Stores something new in each attempt. */
    progress: async (ctx: restate.Context, { tag }: RetryInput): Promise<void> => {
      const count = enter(tag);
      for (let n = 1; n <= count; n++) await step(ctx, `${tag}#${n}`, () => n);
      throw new Error('broken');
    },

    /** Fails twice, is suspended once, then fails for good. */
    suspension: handler(
      { inactivityTimeout: 50 },
      async (ctx: restate.Context, { tag }: RetryInput): Promise<void> => {
        if (enter(tag) <= 2) throw new Error('broken');
        await ctx.sleep(600);
        record(`${tag} woke`);
        throw new Error('broken');
      },
    ),

    /** Names its own delays, more of them than the policy has attempts. */
    ownDelay: async (_ctx: restate.Context, { tag }: RetryInput): Promise<string> => {
      if (enter(tag) < 6) throw new restate.RetryableError('busy', { retryAfter: 120 });
      return Promise.resolve('sixth attempt');
    },

    pauses: handler({ retryPolicy: { maxAttempts: 2, onMaxAttempts: 'pause' } }, fail),

    callsOneThatIsKilled: async (ctx: restate.Context, { tag }: RetryInput): Promise<unknown> => {
      const call = ctx.serviceClient<typeof byDefault>({ name: 'RetryByDefault' }).fail({ tag });
      return call.then(
        () => 'no failure',
        (error: unknown) => describeError(error),
      );
    },
  },
});

const RUN_POLICY = { initialRetryInterval: 20, retryIntervalFactor: 1 } as const;

/** Retries of single steps. */
const steps = restate.service({
  name: 'RetryOfSteps',
  options: { retryPolicy: { maxAttempts: 2, onMaxAttempts: 'kill' } },
  handlers: {
    /** Succeeds after more tries than the handler has attempts. */
    outlasts: (ctx: restate.Context, { tag }: RetryInput): Promise<string> =>
      ctx.run(
        'step',
        () => {
          if (enter(tag) < 6) throw new Error('not yet');
          return 'sixth try';
        },
        { ...RUN_POLICY, maxRetryAttempts: 10 },
      ),

    attemptsRunOut: (ctx: restate.Context, { tag }: RetryInput): Promise<string> =>
      caught(ctx.run('step', () => failTry(tag), { ...RUN_POLICY, maxRetryAttempts: 3 })),

    timeRunsOut: (ctx: restate.Context, { tag }: RetryInput): Promise<string> =>
      caught(ctx.run('step', () => failTry(tag), { ...RUN_POLICY, maxRetryDuration: 150 })),

    delaysGrow: (ctx: restate.Context, { tag }: RetryInput): Promise<string> => {
      const options = { initialRetryInterval: 50, retryIntervalFactor: 4, maxRetryInterval: 150 };
      return caught(ctx.run('step', () => failTry(tag), { ...options, maxRetryAttempts: 4 }));
    },

    namesItsDelay: (ctx: restate.Context, { tag }: RetryInput): Promise<string> =>
      ctx.run('step', () => {
        if (enter(tag) < 3) throw new restate.RetryableError('busy', { retryAfter: 150 });
        return 'third try';
      }),

    /** One step's failures do not use up the tries of the next. */
    oneAfterTheOther: async (ctx: restate.Context, { tag }: RetryInput): Promise<unknown> => {
      const seen: string[] = [];
      for (const name of ['first', 'second']) {
        const run = ctx.run(name, () => failTry(`${tag}/${name}`), {
          ...RUN_POLICY,
          maxRetryAttempts: 3,
        });
        seen.push(await caught(run));
      }
      return seen;
    },

    pauses: (ctx: restate.Context, { tag }: RetryInput): Promise<string> =>
      ctx.run('step', () => {
        if (enter(tag) === 1) throw new restate.PauseError('look at this');
        return 'second try';
      }),
  },
});

function failTry(tag: string): never {
  enter(tag);
  throw new Error('never');
}

function caught(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => describeError(error),
  );
}

/** Takes another path in its second attempt. */
async function changePath(ctx: restate.Context, { tag }: RetryInput): Promise<string> {
  const count = enter(tag);
  const name = await step(ctx, `${tag}#${count}`, () => `path ${count}`);
  if (count === 1) throw new Error('broken');
  return name;
}

const mismatching = restate.service({
  name: 'RetryMismatching',
  handlers: {
    retry: changePath,
    pause: handler({ onJournalMismatchErrors: 'pause' }, changePath),
  },
});

export const services = [
  byDefault,
  byInitialInterval,
  byFactor,
  byMaxInterval,
  byMaxAttempts,
  byOnMaxAttempts,
  counting,
  steps,
  mismatching,
];
