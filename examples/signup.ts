import * as restate from '@restatedev/restate-sdk';

export interface SignupRequest {
  readonly email: string;
}

/** A workflow: `run` happens once per key, here the user's name; other handlers talk to it. */
export const signup = restate.workflow({
  name: 'Signup',
  handlers: {
    run: async (ctx: restate.WorkflowContext, { email }: SignupRequest): Promise<string> => {
      const user = ctx.key;
      await ctx.run('create account', () => console.log(`Signup: 1. creating account ${user}`));
      ctx.set('status', 'account created');

      // Survives a crash: the server remembers when to go on.
      await ctx.sleep({ seconds: 10 });
      await ctx.run('mail code', () => console.log(`Signup: 2. mailing a code to ${email}`));
      ctx.set('status', 'waiting for the code');

      // Waits, without holding anything, until `verify` resolves the promise.
      const code = await ctx.promise<string>('code');
      await ctx.run('welcome', () => console.log(`Signup: 3. welcome, ${user} (code ${code})`));
      ctx.set('status', 'signed up');
      return `${user} is signed up`;
    },

    verify: async (ctx: restate.WorkflowSharedContext, code: string): Promise<void> => {
      await ctx.promise<string>('code').resolve(code);
    },

    status: async (ctx: restate.WorkflowSharedContext): Promise<string> =>
      (await ctx.get<string>('status')) ?? 'unknown',
  },
});
