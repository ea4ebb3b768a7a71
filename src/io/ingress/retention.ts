import { type InvocationTarget, isWorkflowRun } from '../../actors/domain/invocation.ts';
import type {
  Handler,
  HandlerDefaults,
  HandlerOptions,
  ServiceRevision,
} from '../../actors/domain/schema.ts';
import { type DurationMs, durationMs } from '../../actors/domain/time.ts';

export interface Retention {
  readonly completionRetentionMs: DurationMs;
  readonly journalRetentionMs: DurationMs;
}

type RetentionOption = keyof HandlerOptions &
  ('journalRetentionMs' | 'idempotencyRetentionMs' | 'workflowCompletionRetentionMs');

/** How long outcome and journal are kept, fixed when the invocation is accepted. */
export function retentionFor(
  target: InvocationTarget,
  hasIdempotencyKey: boolean,
  service: ServiceRevision,
  handler: Handler,
  defaults: HandlerDefaults,
): Retention {
  const effective = (option: RetentionOption): DurationMs =>
    handler.options[option] ?? service.options[option] ?? defaults[option];
  const journalMs = effective('journalRetentionMs');
  if (!isWorkflowRun(target) && !hasIdempotencyKey) {
    return { completionRetentionMs: journalMs, journalRetentionMs: journalMs };
  }
  const completionMs = effective(
    isWorkflowRun(target) ? 'workflowCompletionRetentionMs' : 'idempotencyRetentionMs',
  );
  return {
    completionRetentionMs: completionMs,
    journalRetentionMs: durationMs(Math.min(journalMs, completionMs)),
  };
}
