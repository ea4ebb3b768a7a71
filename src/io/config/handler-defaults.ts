import type { HandlerDefaults } from '../../actors/domain/schema.ts';
import type { ServerConfig } from './load.ts';

/** What handlers get that set nothing themselves. */
export function handlerDefaultsOf(config: ServerConfig): HandlerDefaults {
  return {
    inactivityTimeoutMs: config.inactivityTimeoutMs,
    abortTimeoutMs: config.abortTimeoutMs,
    journalRetentionMs: config.journalRetentionMs,
    idempotencyRetentionMs: config.idempotencyRetentionMs,
    workflowCompletionRetentionMs: config.workflowCompletionRetentionMs,
    retryPolicy: {
      initialIntervalMs: config.retryInitialIntervalMs,
      exponentiationFactor: config.retryExponentiationFactor,
      maxIntervalMs: config.retryMaxIntervalMs,
      maxAttempts: config.retryMaxAttempts,
      onMaxAttempts: config.retryOnMaxAttempts,
    },
    maxima: {
      journalRetentionMs: config.maxJournalRetentionMs,
      idempotencyRetentionMs: config.maxIdempotencyRetentionMs,
      workflowCompletionRetentionMs: config.maxWorkflowCompletionRetentionMs,
      retryAttempts: config.maxRetryMaxAttempts,
    },
  };
}
