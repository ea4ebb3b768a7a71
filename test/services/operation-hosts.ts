// One service of each kind, with a handler of each kind, that performs any operation by name.
import * as restate from '@restatedev/restate-sdk';
import { record } from './effects.ts';
import { operations } from './operations.ts';
import { sharedStateOperations, stateOperations } from './state-operations.ts';
import { promiseOperations, sharedPromiseOperations } from './promise-operations.ts';

interface PerformInput {
  readonly operation: string;
  readonly tag: string;
}

/** Quick retries, so that tests of retries are quick. */
const options = {
  retryPolicy: { initialInterval: 20, exponentiationFactor: 1.5, maxInterval: 200 },
} as const;

type Operation<C> = (ctx: C, input: PerformInput) => Promise<unknown>;

function performWith<C>(...tables: ReadonlyArray<Readonly<Record<string, Operation<C>>>>) {
  const known: Readonly<Record<string, Operation<C>>> = Object.assign({}, ...tables);
  return (ctx: C, input: PerformInput): Promise<unknown> => {
    record(`${input.tag} attempt`);
    const operation = known[input.operation];
    if (operation === undefined) throw new restate.TerminalError(`no operation ${input.operation}`);
    return operation(ctx, input);
  };
}

const onService = performWith<restate.Context>(operations);
const onObject = performWith<restate.ObjectContext>(operations, stateOperations);
const onSharedObject = performWith<restate.ObjectSharedContext>(operations, sharedStateOperations);
const onWorkflow = performWith<restate.WorkflowContext>(
  operations,
  stateOperations,
  promiseOperations,
);
const onSharedWorkflow = performWith<restate.WorkflowSharedContext>(
  operations,
  sharedStateOperations,
  sharedPromiseOperations,
);

const { object, workflow } = restate.handlers;

export const services = [
  restate.service({ name: 'OperationService', handlers: { perform: onService }, options }),
  restate.object({
    name: 'OperationObject',
    handlers: { perform: onObject, performShared: object.shared(onSharedObject) },
    options,
  }),
  restate.object({
    name: 'LazyOperationObject',
    handlers: { perform: onObject, performShared: object.shared(onSharedObject) },
    options: { ...options, enableLazyState: true },
  }),
  restate.workflow({
    name: 'OperationWorkflow',
    handlers: { run: onWorkflow, performShared: workflow.shared(onSharedWorkflow) },
    options,
  }),
  restate.workflow({
    name: 'LazyOperationWorkflow',
    handlers: { run: onWorkflow, performShared: workflow.shared(onSharedWorkflow) },
    options: { ...options, enableLazyState: true },
  }),
];
