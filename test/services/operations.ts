// Context operations that every kind of handler has. Each is one small handler body; its answer is
// what the test compares.
import * as restate from '@restatedev/restate-sdk';
import {
  describeError,
  failureOf,
  type callee,
  type calleeObject,
  type calleeWorkflow,
  type Operation,
  type Tagged,
} from './callee.ts';
import { combinatorOperations } from './combinator-operations.ts';
import { record } from './effects.ts';

type Callee = typeof callee;
type CalleeObject = typeof calleeObject;
type CalleeWorkflow = typeof calleeWorkflow;

const CALLEE: Callee = { name: 'Callee' };
const CALLEE_OBJECT: CalleeObject = { name: 'CalleeObject' };
const CALLEE_WORKFLOW: CalleeWorkflow = { name: 'CalleeWorkflow' };
const { RestatePromise } = restate;

/** The SDK's own JSON serde does not type-check under `exactOptionalPropertyTypes`. */
const JSON_SERDE: restate.Serde<unknown> = {
  contentType: 'application/json',
  serialize: (value) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes): unknown => JSON.parse(Buffer.from(bytes).toString()),
};

/** How often something was tried in this process, across attempts. */
const tries = new Map<string, number>();

function countTry(name: string): number {
  const count = (tries.get(name) ?? 0) + 1;
  tries.set(name, count);
  return count;
}

const runOperations: Record<string, Operation> = {
  runReturnsValue: (ctx, { tag }) =>
    ctx.run('step', () => {
      record(`${tag} step`);
      return { text: 'ü', list: [1, null, true] };
    }),

  runReturnsNothing: async (ctx) => {
    const result = await ctx.run('step', () => {});
    return result === undefined ? 'undefined' : 'something';
  },

  runRetriesUntilItSucceeds: (ctx, { tag }) =>
    ctx.run(
      'step',
      () => {
        record(`${tag} step`);
        if (countTry(tag) < 3) throw new Error('not yet');
        return 'third';
      },
      { initialRetryInterval: 10, retryIntervalFactor: 1, maxRetryAttempts: 10 },
    ),

  runGivesUp: (ctx, { tag }) =>
    failureOf(
      ctx.run(
        'step',
        () => {
          record(`${tag} step`);
          throw new Error('never');
        },
        { initialRetryInterval: 10, retryIntervalFactor: 1, maxRetryAttempts: 3 },
      ),
    ),

  runFailsTerminally: (ctx, { tag }) =>
    failureOf(
      ctx.run('step', () => {
        record(`${tag} step`);
        throw new restate.TerminalError('refused', { errorCode: 418 });
      }),
    ),

  runsInParallel: (ctx) =>
    RestatePromise.all([ctx.run('a', () => 'A'), ctx.run('b', () => 'B'), ctx.run('c', () => 'C')]),

  randomAndDateAreStable: async (ctx, { tag }) => {
    const seen = `${ctx.rand.uuidv4()} ${ctx.rand.random()} ${await ctx.date.now()}`;
    record(`${tag} seen ${seen}`);
    if (countTry(tag) === 1) throw new Error('once more');
    return 'done';
  },
};

const timerOperations: Record<string, Operation> = {
  sleepTakesItsTime: async (ctx) => {
    const startMs = await ctx.date.now();
    await ctx.sleep(80);
    return (await ctx.date.now()) - startMs >= 80;
  },

  sleepsRunAtTheSameTime: async (ctx) => {
    const startMs = await ctx.date.now();
    await RestatePromise.all([ctx.sleep(900), ctx.sleep(900), ctx.sleep({ milliseconds: 900 })]);
    return (await ctx.date.now()) - startMs < 2600;
  },

  sleepOutlastsInactivity: async (ctx) => {
    await ctx.sleep(2200);
    return 'awake';
  },

  hangIsAborted: (_ctx, { tag }) =>
    countTry(tag) === 1 ? new Promise(() => {}) : Promise.resolve('second attempt'),
};

const callOperations: Record<string, Operation> = {
  callsEveryKindOfService: async (ctx, { tag }) => [
    await ctx.serviceClient(CALLEE).echo('to a service'),
    await ctx.objectClient(CALLEE_OBJECT, tag).add(3),
    await ctx.objectClient(CALLEE_OBJECT, tag).total(),
    await ctx.workflowClient(CALLEE_WORKFLOW, tag).run('hello'),
  ],

  callFailureReachesCaller: async (ctx, { tag }) => {
    try {
      return await ctx.serviceClient(CALLEE).fail({ tag: 'it' });
    } catch (error) {
      if (!(error instanceof restate.TerminalError)) throw error;
      record(`${tag} caught`);
      return { code: error.code, message: error.message, metadata: error.metadata };
    }
  },

  callKnowsItsInvocationId: async (ctx, { tag }) => {
    const call = ctx.serviceClient(CALLEE).note({ tag });
    const [id, reply] = [await call.invocationId, await call];
    return id === reply.id;
  },

  callWithIdempotencyKeyRunsOnce: async (ctx, { tag }) => {
    const options = restate.rpc.opts<Tagged, { id: string; header: string | null }>({
      idempotencyKey: `${tag}-once`,
    });
    const first = await ctx.serviceClient(CALLEE).note({ tag }, options);
    const second = await ctx.serviceClient(CALLEE).note({ tag }, options);
    return first.id === second.id;
  },

  callSendsHeaders: async (ctx, { tag }) => {
    const options = restate.rpc.opts<Tagged, { id: string; header: string | null }>({
      headers: { 'x-note': 'from the caller' },
    });
    return (await ctx.serviceClient(CALLEE).note({ tag }, options)).header;
  },

  genericCallReachesEveryKind: async (ctx, { tag }) => [
    await ctx.genericCall({
      service: 'Callee',
      method: 'echo',
      parameter: 'generic',
      inputSerde: JSON_SERDE,
      outputSerde: JSON_SERDE,
      idempotencyKey: `${tag}-generic`,
    }),
    await ctx.genericCall({
      service: 'CalleeObject',
      method: 'add',
      key: `${tag}/generic ü`,
      parameter: 5,
      inputSerde: JSON_SERDE,
      outputSerde: JSON_SERDE,
    }),
  ],
};

const sendOperations: Record<string, Operation> = {
  sendRunsOnce: async (ctx, { tag }) => {
    const handle = ctx.serviceSendClient(CALLEE).note({ tag });
    return /^inv_1[0-9a-zA-Z]{33}$/.test(await handle.invocationId);
  },

  sendsKeepTheirOrder: async (ctx, { tag }) => {
    for (const amount of [1, 10, 100]) ctx.objectSendClient(CALLEE_OBJECT, tag).add(amount);
    return ctx.objectClient(CALLEE_OBJECT, tag).add(1000);
  },

  sendWithDelayRunsLater: (ctx, { tag }) => {
    ctx.serviceSendClient(CALLEE).note({ tag }, restate.rpc.sendOpts({ delay: 1500 }));
    record(`${tag} sent`);
    return Promise.resolve(true);
  },

  sendToWorkflowStartsIt: async (ctx, { tag }) => {
    const handle = ctx.workflowSendClient(CALLEE_WORKFLOW, tag).run('sent to');
    return ctx.attach<string>(await handle.invocationId);
  },

  genericSendWithIdempotencyKeyRunsOnce: async (ctx, { tag }) => {
    const send = (): restate.InvocationHandle =>
      ctx.genericSend({
        service: 'Callee',
        method: 'note',
        parameter: { tag },
        inputSerde: JSON_SERDE,
        headers: { 'x-note': 'sent' },
        idempotencyKey: `${tag}-send`,
      });
    const first = await send().invocationId;
    const second = await send().invocationId;
    const reply = await ctx.attach<{ header: string }>(first);
    return [first === second, reply.header];
  },

  attachToFailureFails: async (ctx) => {
    const handle = ctx.serviceSendClient(CALLEE).fail({ tag: 'it' });
    return failureOf(ctx.attach(await handle.invocationId));
  },

  cancelEndsSleepingCallee: async (ctx, { tag }) => {
    const started = ctx.awakeable();
    const handle = ctx.serviceSendClient(CALLEE).sleepLong({ tag, startedId: started.id });
    const id = await handle.invocationId;
    await started.promise;
    ctx.cancel(id);
    return failureOf(ctx.attach(id));
  },

  cancelReachesCalleesOfTheCancelled: async (ctx, { tag }) => {
    const started = ctx.awakeable();
    const handle = ctx.serviceSendClient(CALLEE).callSleeper({ tag, startedId: started.id });
    const id = await handle.invocationId;
    await started.promise;
    ctx.cancel(id);
    return failureOf(ctx.attach(id));
  },
};

const cancelOperations: Record<string, Operation> = {
  cancelBeforeStart: async (ctx, { tag }) => {
    const later = restate.rpc.sendOpts<Tagged>({ delay: { hours: 1 } });
    const id = await ctx.serviceSendClient(CALLEE).note({ tag }, later).invocationId;
    const end = ctx.attach(id);
    ctx.cancel(id);
    return failureOf(end);
  },

  cancelOfTheEnded: async (ctx) => {
    const call = ctx.serviceClient(CALLEE).echo('fine');
    await call;
    ctx.cancel(await call.invocationId);
    await ctx.sleep(20);
    return ctx.attach(await call.invocationId);
  },

  cancelOfNobody: async (ctx) => {
    ctx.cancel(restate.InvocationIdParser.fromString('inv_1fW4EYdl43NJ6LH8hfHBlQ3jSeVmjC7SQy'));
    await ctx.sleep(20);
    return 'went on';
  },

  cancelOfItself: (ctx) => {
    ctx.cancel(ctx.request().id);
    return failureOf(ctx.sleep({ hours: 1 }));
  },

  cancelByReference: async (ctx, { tag }) => {
    const started = ctx.awakeable();
    const handle = ctx.serviceSendClient(CALLEE).sleepLong({ tag, startedId: started.id });
    await started.promise;
    const sleeper = ctx.invocation(await handle.invocationId);
    sleeper.cancel();
    return failureOf(sleeper.attach());
  },
};

const awakeableOperations: Record<string, Operation> = {
  awakeableResolvedByHandler: (ctx) => {
    const { id, promise } = ctx.awakeable<unknown>();
    ctx.serviceSendClient(CALLEE).resolveAwakeable({ id, value: { from: 'handler' } });
    return promise;
  },

  awakeableRejectedByHandler: (ctx) => {
    const { id, promise } = ctx.awakeable();
    ctx.serviceSendClient(CALLEE).rejectAwakeable({ id, reason: 'no from handler' });
    return failureOf(promise);
  },

  awakeableCompletedByItself: (ctx) => {
    const { id, promise } = ctx.awakeable<string>();
    ctx.resolveAwakeable(id, 'own');
    return promise;
  },

  awakeableCompletedOverHttp: (ctx, { tag }) => {
    const { id, promise } = ctx.awakeable<unknown>();
    record(`${tag} awakeable ${id}`);
    return promise.map((value, failure) =>
      failure === undefined ? value : describeError(failure),
    );
  },

  signalResolvedByHandler: (ctx) => {
    ctx.serviceSendClient(CALLEE).resolveSignal({ id: ctx.request().id, value: ['yes'] });
    return ctx.signal('approved');
  },

  signalRejectedByHandler: (ctx) => {
    ctx.serviceSendClient(CALLEE).rejectSignal({ id: ctx.request().id, reason: 'denied' });
    return failureOf(ctx.signal('approved'));
  },

  signalsOfOneNameArriveInTurn: async (ctx) => {
    const { id } = ctx.request();
    ctx.serviceSendClient(CALLEE).resolveSignal({ id, value: 'first' });
    const first = await ctx.signal('approved');
    const later = restate.rpc.sendOpts<{ id: string; value: unknown }>({ delay: 2500 });
    ctx.serviceSendClient(CALLEE).resolveSignal({ id, value: 'second' }, later);
    return [first, await ctx.signal('approved')];
  },
};

const errorOperations: Record<string, Operation> = {
  throwsTerminalError: () =>
    Promise.reject(
      new restate.TerminalError('final', { errorCode: 418, metadata: { reason: 'teapot' } }),
    ),

  throwsTerminalErrorWithoutCode: () => Promise.reject(new restate.TerminalError('plain')),

  failsTwiceThenSucceeds: (_ctx, { tag }) => {
    if (countTry(tag) < 3) throw new Error('transient');
    return Promise.resolve('third attempt');
  },

  retryableErrorNamesItsDelay: (_ctx, { tag }) => {
    if (countTry(tag) < 3) throw new restate.RetryableError('busy', { retryAfter: 20 });
    return Promise.resolve('third attempt');
  },

  requestTellsItsTarget: (ctx) => {
    const { target, headers, id } = ctx.request();
    return Promise.resolve({ id, service: target.service, header: headers.get('x-test') ?? null });
  },
};

/** Every operation by name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...runOperations,
  ...timerOperations,
  ...callOperations,
  ...sendOperations,
  ...cancelOperations,
  ...awakeableOperations,
  ...combinatorOperations,
  ...errorOperations,
};
