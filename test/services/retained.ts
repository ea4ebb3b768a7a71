// Services that ask for retentions at every level. Units: minutes, told apart by their numbers.
import * as restate from '@restatedev/restate-sdk';

const MINUTE_MS = 60_000;

const answer = (): Promise<string> => Promise.resolve('answer');
const { handler } = restate.handlers;

export const services = [
  restate.service({ name: 'RetainedByDefault', handlers: { answer } }),
  restate.service({
    name: 'Retained',
    options: { idempotencyRetention: 20 * MINUTE_MS },
    handlers: {
      answer,
      longer: handler({ idempotencyRetention: 30 * MINUTE_MS }, answer),
      shorter: handler({ idempotencyRetention: 10 * MINUTE_MS }, answer),
      tooLong: handler({ idempotencyRetention: 90 * MINUTE_MS }, answer),
      notAtAll: handler({ idempotencyRetention: 0 }, answer),
    },
  }),
  restate.object({
    name: 'RetainedObject',
    options: { idempotencyRetention: 20 * MINUTE_MS },
    handlers: { answer, longer: handler({ idempotencyRetention: 30 * MINUTE_MS }, answer) },
  }),
  restate.workflow({ name: 'RetainedWorkflowByDefault', handlers: { run: answer } }),
  restate.workflow({
    name: 'RetainedWorkflow',
    options: { workflowRetention: 25 * MINUTE_MS, idempotencyRetention: 20 * MINUTE_MS },
    handlers: { run: answer, shared: answer },
  }),
  restate.workflow({
    name: 'RetainedWorkflowTooLong',
    options: { workflowRetention: 95 * MINUTE_MS },
    handlers: { run: answer },
  }),
  restate.service({
    name: 'RetainedJournal',
    options: { idempotencyRetention: 20 * MINUTE_MS, journalRetention: 20 * MINUTE_MS },
    handlers: { answer, notAtAll: handler({ journalRetention: 0 }, answer) },
  }),
];
