// Services for the tests of the ingress: one handler for each thing that it must carry or refuse.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { passGate } from './gates.ts';

export interface FailInput {
  readonly message: string;
  readonly code?: number;
  readonly metadata?: Record<string, string>;
}

export const echo = restate.service({
  name: 'Echo',
  handlers: {
    echo: (_ctx: restate.Context, input: unknown): Promise<unknown> => Promise.resolve(input),

    /** What arrived, before any decoding. */
    request: (ctx: restate.Context): Promise<unknown> => {
      const { headers, body } = ctx.request();
      return Promise.resolve({ headers: [...headers], body: Buffer.from(body).toString('utf8') });
    },

    nothing: (): Promise<void> => Promise.resolve(),

    /** Counts its runs, so that a repeated one shows. */
    once: (_ctx: restate.Context, tag: string): Promise<string> => {
      record(`once ${tag}`);
      return Promise.resolve(`answer to ${tag}`);
    },

    /** Answers when the test opens the gate. */
    gated: async (ctx: restate.Context, gate: string): Promise<string> => {
      record(`at ${gate}`);
      await passGate(gate, ctx.request().attemptCompletedSignal);
      return `past ${gate}`;
    },

    fail: (_ctx: restate.Context, { message, code, metadata }: FailInput): Promise<never> =>
      Promise.reject(
        new restate.TerminalError(message, {
          ...(code !== undefined && { errorCode: code }),
          ...(metadata !== undefined && { metadata }),
        }),
      ),

    awakeable: async (ctx: restate.Context, tag: string): Promise<unknown> => {
      const { id, promise } = ctx.awakeable<unknown>();
      record(`awakeable ${tag} ${id}`);
      return (await promise) ?? 'no value';
    },

    bytes: restate.handlers.handler(
      { input: restate.serde.binary, output: restate.serde.binary },
      (_ctx: restate.Context, input: Uint8Array): Promise<Uint8Array> => Promise.resolve(input),
    ),

    noInput: restate.handlers.handler({ input: restate.serde.empty }, (): Promise<string> =>
      Promise.resolve('without input'),
    ),

    hidden: restate.handlers.handler({ ingressPrivate: true }, (): Promise<string> =>
      Promise.resolve('not to be seen'),
    ),

    callsHidden: (ctx: restate.Context): Promise<string> =>
      ctx.serviceClient<HiddenInterface>({ name: 'Echo' }).hidden(),
  },
});

interface HiddenInterface {
  hidden(ctx: restate.Context): Promise<string>;
}

export const keyed = restate.object({
  name: 'Obj',
  handlers: {
    key: (ctx: restate.ObjectContext): Promise<string> => Promise.resolve(ctx.key),

    count: async (ctx: restate.ObjectContext): Promise<number> => {
      const count = ((await ctx.get<number>('count')) ?? 0) + 1;
      ctx.set('count', count);
      return count;
    },
  },
});

export const workflow = restate.workflow({
  name: 'Wf',
  handlers: {
    run: async (ctx: restate.WorkflowContext, input: unknown): Promise<unknown> => [
      input,
      await ctx.promise<string>('end'),
    ],
    end: (ctx: restate.WorkflowSharedContext, word: string): Promise<void> =>
      ctx.promise<string>('end').resolve(word),
  },
});

const hidden = restate.service({
  name: 'Priv',
  handlers: { hi: (): Promise<string> => Promise.resolve('not to be seen') },
  options: { ingressPrivate: true },
});

export const services = [echo, keyed, workflow, hidden];
