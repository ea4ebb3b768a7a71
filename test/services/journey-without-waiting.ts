// The journey with an inactivity timeout of zero: the server never waits with an open request body.
import { defineJourney, services as all } from './journey.ts';

export const services = [defineJourney({ inactivityTimeout: 0 }), ...all.slice(1)];
