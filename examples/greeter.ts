import * as restate from '@restatedev/restate-sdk';

/** A service: handlers without a key, as many at a time as are asked for. */
export const greeter = restate.service({
  name: 'Greeter',
  handlers: {
    greet: async (ctx: restate.Context, name: string): Promise<string> => {
      // The result of a run is kept: whatever happens afterwards, this greeting has one number.
      const number = await ctx.run('draw a number', () => {
        console.log(`Greeter: drawing a number for ${name}`);
        return Math.floor(Math.random() * 1000);
      });
      return `Hello, ${name}! Your number is ${number}.`;
    },
  },
});
