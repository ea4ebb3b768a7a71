// Entry of the deployment written with the official SDK: the same handlers as the stand-in's. Started by
// `startDeployment`.
import * as restate from '@restatedev/restate-sdk';
import { createServer } from 'node:http2';
import { StatisticsCollector, tellPort } from './statistics.ts';
import { SLEEP_MS } from './sleep-ms.ts';

const collector = new StatisticsCollector();

interface CalleeInterface {
  empty(ctx: restate.Context): Promise<void>;
}

interface FlowInterface {
  resolve(ctx: restate.WorkflowSharedContext): Promise<void>;
}

const CALLEE: restate.ServiceDefinition<'Callee', CalleeInterface> = { name: 'Callee' };
const FLOW: restate.WorkflowDefinition<'Flow', FlowInterface> = { name: 'Flow' };

async function runSteps(ctx: restate.Context, count: number): Promise<number> {
  let sum = 0;
  for (let n = 1; n <= count; n++) sum += await ctx.run(`step ${n}`, () => 1);
  return sum;
}

const bench = restate.service({
  name: 'Bench',
  handlers: {
    empty: (): Promise<void> => {
      collector.finished('Bench/empty');
      return Promise.resolve();
    },
    run1: (ctx: restate.Context): Promise<number> => runSteps(ctx, 1),
    run9: (ctx: restate.Context): Promise<number> => runSteps(ctx, 9),
    call: (ctx: restate.Context): Promise<void> => ctx.serviceClient(CALLEE).empty(),
    sleep: async (ctx: restate.Context): Promise<void> => {
      await ctx.sleep(SLEEP_MS);
    },
    awakeable: async (ctx: restate.Context): Promise<void> => {
      const { id, promise } = ctx.awakeable<number>();
      ctx.resolveAwakeable(id, 1);
      await promise;
    },
    echo: (_ctx: restate.Context, body: unknown): Promise<unknown> => Promise.resolve(body),
  },
});

const callee = restate.service({
  name: 'Callee',
  handlers: { empty: (): Promise<void> => Promise.resolve() },
});

const counter = restate.object({
  name: 'Counter',
  handlers: {
    add: async (ctx: restate.ObjectContext): Promise<number> => {
      const count = ((await ctx.get<number>('count')) ?? 0) + 1;
      ctx.set('count', count);
      return count;
    },
  },
});

const flow = restate.workflow({
  name: 'Flow',
  handlers: {
    run: async (ctx: restate.WorkflowContext): Promise<void> => {
      ctx.workflowSendClient(FLOW, ctx.key).resolve();
      await ctx.promise<number>('done');
    },
    resolve: (ctx: restate.WorkflowSharedContext): Promise<void> =>
      ctx.promise<number>('done').resolve(1),
  },
});

const handler = restate.createEndpointHandler({ services: [bench, callee, counter, flow] });
const server = createServer(handler);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) tellPort(address.port);
});
collector.serveParent();
