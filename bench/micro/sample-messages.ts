// Messages of typical size, for the benches of the codecs.
import { NotificationType } from '../../src/actors/attempt/service-message.ts';
import type { DeploymentMessage, ServerMessage } from '../../src/actors/attempt/service-message.ts';

export const VALUE = Buffer.alloc(100, 'v');
export const HEADERS = [
  { key: 'traceparent', value: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b71-01' },
];

const outcome = { kind: 'success', value: VALUE } as const;

export const RUN: DeploymentMessage = { kind: 'run', completionId: 3, name: 'charge' };

export const RUN_PROPOSAL: DeploymentMessage = {
  kind: 'proposeRunCompletion',
  completionId: 3,
  outcome,
};

export const CALL: DeploymentMessage = {
  kind: 'call',
  ...{ service: 'PaymentService', handler: 'charge', parameter: VALUE, headers: HEADERS },
  ...{ key: 'user-12345', invocationIdNotificationIdx: 7, completionId: 8, name: 'pay' },
};

export const START: ServerMessage = {
  kind: 'start',
  ...{ id: new Uint8Array(24).fill(7), debugId: 'inv_1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456' },
  ...{ knownEntries: 2, stateMap: [], partialState: true, key: 'user-12345' },
  ...{ retryCountSinceLastStoredEntry: 0, durationSinceLastStoredEntryMs: 12 },
  randomSeed: 7139819510863627642n,
};

export const NOTIFICATION: ServerMessage = {
  kind: 'notification',
  ...{ type: NotificationType.run, id: { kind: 'completion', completionId: 3 }, result: outcome },
};
