// Handlers whose outcomes are kept for a moment only.
import * as restate from '@restatedev/restate-sdk';

const brief = restate.service({
  name: 'Brief',
  handlers: { now: (): Promise<number> => Promise.resolve(Date.now()) },
  options: { idempotencyRetention: 1000, journalRetention: 1000 },
});

export const services = [brief];
