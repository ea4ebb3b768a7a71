// Second version of the services in greeter-v1.ts: same names, another answer, and one less.
import { defineGreeter, defineLocked } from './greeter-v1.ts';

export const services = [defineGreeter('v2'), defineLocked('v2')];
