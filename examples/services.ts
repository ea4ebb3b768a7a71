// Serves the examples on port 9080 (or PORT). Start with `npm run example`; README.md walks through.
import { serve } from '@restatedev/restate-sdk';
import { counter } from './counter.ts';
import { greeter } from './greeter.ts';
import { signup } from './signup.ts';

const port = await serve({ services: [greeter, counter, signup] });
console.log(`Greeter, Counter and Signup are served on http://localhost:${port}`);
