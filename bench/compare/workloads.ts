// What is asked of the servers.

export interface Workload {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** As in `LoadPlan`. */
  readonly path: string;
  readonly keysCount?: number | undefined;
  readonly body?: string | undefined;
  /** One-way: the window ends when the deployment has run everything that was accepted. */
  readonly drains?: string | undefined;
}

const LARGE_BODY = JSON.stringify('x'.repeat(64 * 1024 - 2));

export const WORKLOADS: readonly Workload[] = [
  { name: 'empty', title: 'empty handler', path: '/Bench/empty' },
  { name: 'run1', title: '1 run', path: '/Bench/run1' },
  { name: 'run9', title: '9 runs', path: '/Bench/run9' },
  {
    name: 'counter',
    title: 'object counter, 10,000 keys',
    path: '/Counter/{key}/add',
    keysCount: 10_000,
  },
  {
    name: 'hotKey',
    title: 'object counter, one hot key',
    path: '/Counter/{key}/add',
    keysCount: 1,
  },
  {
    name: 'send',
    title: 'one-way sends until drained',
    path: '/Bench/empty/send',
    drains: 'Bench/empty',
  },
  { name: 'call', title: 'service → service call', path: '/Bench/call' },
  { name: 'sleep', title: '10 ms sleep storm', path: '/Bench/sleep' },
  { name: 'awakeable', title: 'awakeable round trip', path: '/Bench/awakeable' },
  { name: 'large', title: 'call with a 64 KB body', path: '/Bench/echo', body: LARGE_BODY },
  { name: 'workflow', title: 'workflow with promise', path: '/Flow/{new}/run' },
];
