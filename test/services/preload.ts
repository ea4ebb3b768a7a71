// Loaded before everything else in a service process (node --import).
import { register } from 'node:module';
import '../../examples/polyfill.ts';

if (process.env['TEST_SDK'] !== undefined) register('./sdk-alias.js', import.meta.url);
