// What handlers get that set nothing themselves, and the bounds on what they may set.
import { HANDLER_DEFAULTS } from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { ANY_DURATION, COUNT, MINUTE_MS, NON_ZERO_DURATION } from './common-types.ts';
import { option, optional } from './option.ts';
import { ATTEMPTS, choiceType, FACTOR } from './value-type.ts';

const { retryPolicy } = HANDLER_DEFAULTS;

export const HANDLER_OPTIONS = {
  retryInitialIntervalMs: option(
    'default-retry-policy.initial-interval',
    NON_ZERO_DURATION,
    retryPolicy.initialIntervalMs,
    { doc: 'Delay before the first retry of a failed attempt.' },
  ),
  retryExponentiationFactor: option(
    'default-retry-policy.exponentiation-factor',
    FACTOR,
    retryPolicy.exponentiationFactor,
    { doc: 'By what each further delay is longer than the last.' },
  ),
  retryMaxIntervalMs: option(
    'default-retry-policy.max-interval',
    NON_ZERO_DURATION,
    retryPolicy.maxIntervalMs ?? durationMs(MINUTE_MS),
    { doc: 'Longest delay between two retries, before jitter.' },
  ),
  retryMaxAttempts: option('default-retry-policy.max-attempts', ATTEMPTS, retryPolicy.maxAttempts, {
    doc: 'Attempts, the first included, before an invocation is given up.',
  }),
  retryOnMaxAttempts: option(
    'default-retry-policy.on-max-attempts',
    choiceType('pause', 'kill'),
    retryPolicy.onMaxAttempts,
    { doc: 'What happens to an invocation that is given up.' },
  ),
  maxRetryMaxAttempts: optional('max-retry-policy-max-attempts', COUNT, {
    doc: 'Upper bound of the attempts that a retry policy may ask for.',
    unset: 'unlimited',
  }),
  journalRetentionMs: option(
    'default-journal-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.journalRetentionMs,
    { doc: 'How long the journal of a completed invocation is kept.' },
  ),
  idempotencyRetentionMs: option(
    'default-idempotency-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.idempotencyRetentionMs,
    { doc: 'How long the outcome of an invocation with an idempotency key is kept.' },
  ),
  workflowCompletionRetentionMs: option(
    'default-workflow-completion-retention',
    ANY_DURATION,
    HANDLER_DEFAULTS.workflowCompletionRetentionMs,
    { doc: 'How long the outcome of a workflow is kept.' },
  ),
  maxJournalRetentionMs: optional('max-journal-retention', ANY_DURATION, {
    doc: 'Upper bound of the journal retention, whoever sets it.',
    unset: 'unlimited',
  }),
  maxIdempotencyRetentionMs: optional('max-idempotency-retention', ANY_DURATION, {
    doc: 'Upper bound of the idempotency retention, whoever sets it.',
    unset: 'unlimited',
  }),
  maxWorkflowCompletionRetentionMs: optional('max-workflow-completion-retention', ANY_DURATION, {
    doc: 'Upper bound of the workflow completion retention, whoever sets it.',
    unset: 'unlimited',
  }),
} as const;
