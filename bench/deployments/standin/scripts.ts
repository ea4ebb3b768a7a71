// The handlers of the stand-in deployment, by request path.
import { formatAwakeableId } from '../../../src/actors/domain/ids.ts';
import { SLEEP_MS } from '../sleep-ms.ts';
import {
  always,
  constantFinish,
  constantStep,
  finishWith,
  frames,
  invocationIdOf,
  NO_BYTES,
  type Script,
  type Step,
} from './script.ts';

/** The first signal that names an awakeable; lower ones are built in. Source: service protocol. */
const FIRST_AWAKEABLE_SIGNAL = 17;

const COUNT = Buffer.from('count');
const RUN_OUTCOME = { kind: 'success', value: Buffer.from('1') } as const;
const PROMISE_KEY = 'done';

function runStep(completionId: number): Step {
  const run = { kind: 'run', completionId, name: `step ${completionId}` } as const;
  const proposal = { kind: 'proposeRunCompletion', completionId, outcome: RUN_OUTCOME } as const;
  return { ...constantStep(completionId, run), proposal: frames(proposal) };
}

function runs(count: number): Script {
  const steps = runSteps(count);
  return { stepsOf: () => steps, finish: constantFinish('1') };
}

/** Grows with the longest run so far. */
const RUN_STEPS: Step[] = [];

function runSteps(count: number): readonly Step[] {
  while (RUN_STEPS.length < count) RUN_STEPS.push(runStep(RUN_STEPS.length + 1));
  return RUN_STEPS.slice(0, count);
}

function sleepStep(wakeUpTimeMs: (input: Uint8Array) => number): Step {
  const sleep = { kind: 'sleep', completionId: 1, name: '' } as const;
  return {
    commands: ({ input }) => frames({ ...sleep, wakeUpTimeMs: wakeUpTimeMs(input) }),
    commandsCount: 1,
    awaited: { kind: 'completion', completionId: 1 },
  };
}

const awakeable: Step['awaited'] = { kind: 'signal', index: FIRST_AWAKEABLE_SIGNAL };

/** Resolves an awakeable of its own through the server. */
const resolvedAwakeable: Step = {
  commands: (start) =>
    frames({
      kind: 'completeAwakeable',
      awakeableId: formatAwakeableId(invocationIdOf(start), FIRST_AWAKEABLE_SIGNAL),
      outcome: RUN_OUTCOME,
      name: '',
    }),
  commandsCount: 1,
  awaited: awakeable,
};

const parkedOnAwakeable: Step = {
  commands: () => NO_BYTES,
  commandsCount: 0,
  awaited: awakeable,
  suspends: true,
};

const callee = {
  ...{ service: 'Callee', handler: 'empty', parameter: NO_BYTES, headers: [], key: '' },
  ...{ invocationIdNotificationIdx: 1, name: '' },
};

/** Has a shared handler of its own workflow resolve the promise that it waits for. */
const promiseStep: Step = {
  commands: ({ key }) =>
    frames(
      { ...callee, kind: 'oneWayCall', service: 'Flow', handler: 'resolve', key, invokeTimeMs: 0 },
      { kind: 'getPromise', key: PROMISE_KEY, completionId: 2, name: '' },
    ),
  commandsCount: 2,
  awaited: { kind: 'completion', completionId: 2 },
};

const empty: Script = { stepsOf: always(), finish: constantFinish('') };

/** Get, set, output: all from the state that came along. */
const add: Script = {
  stepsOf: always(),
  finish: ({ count }) => {
    const before = count === undefined ? 0 : Number(Buffer.from(count).toString('latin1'));
    const value = Buffer.from(String(before + 1));
    return Buffer.concat([
      frames(
        { kind: 'getEagerState', key: COUNT, name: '' },
        { kind: 'setState', key: COUNT, value, name: '' },
      ),
      finishWith(value),
    ]);
  },
};

export const SCRIPTS: ReadonlyMap<string, Script> = new Map<string, Script>([
  ['/invoke/Bench/empty', empty],
  ['/invoke/Bench/due', empty],
  ['/invoke/Bench/run1', runs(1)],
  ['/invoke/Bench/run9', runs(9)],
  [
    '/invoke/Bench/steps',
    { stepsOf: ({ input }) => runSteps(numberIn(input)), finish: constantFinish('1') },
  ],
  [
    '/invoke/Bench/call',
    {
      stepsOf: always(constantStep(2, { ...callee, kind: 'call', completionId: 2 })),
      finish: constantFinish(''),
    },
  ],
  [
    '/invoke/Bench/sleep',
    { stepsOf: always(sleepStep(() => Date.now() + SLEEP_MS)), finish: constantFinish('') },
  ],
  ['/invoke/Bench/awakeable', { stepsOf: always(resolvedAwakeable), finish: constantFinish('') }],
  ['/invoke/Bench/echo', { stepsOf: always(), finish: ({ input }) => finishWith(input) }],
  ['/invoke/Callee/empty', empty],
  ['/invoke/Counter/add', add],
  ['/invoke/Flow/run', { stepsOf: always(promiseStep), finish: constantFinish('') }],
  [
    '/invoke/Flow/resolve',
    {
      stepsOf: always(
        constantStep(1, {
          kind: 'completePromise',
          key: PROMISE_KEY,
          outcome: RUN_OUTCOME,
          completionId: 1,
          name: '',
        }),
      ),
      finish: constantFinish(''),
    },
  ],
  ['/invoke/Park/awakeable', { stepsOf: always(parkedOnAwakeable), finish: constantFinish('') }],
  [
    '/invoke/Park/sleep',
    {
      stepsOf: always({
        ...sleepStep((input) => Date.now() + numberIn(input)),
        suspends: true,
      }),
      finish: constantFinish(''),
    },
  ],
  ['/invoke/Brief/empty', empty],
]);

/** The number that a request body is. */
export function numberIn(body: Uint8Array): number {
  return Number(Buffer.from(body).toString('latin1'));
}
