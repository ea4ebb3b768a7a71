// Why an attempt failed, in the words and with the codes that operators know from the reference.
import type { AttemptError } from '../domain/journal-event.ts';
import type { Failure } from '../domain/outcome.ts';
import type { DurationMs } from '../domain/time.ts';
import { durationMs } from '../domain/time.ts';
import type { ErrorMessage } from './service-message.ts';

/** `code` is that of the terminal failure, should the retry policy end the invocation. */
export interface AttemptFailure extends AttemptError {
  readonly documentationCode: string;
  /** Wait exactly this long; the policy's attempts are not used up. */
  readonly retryAfterMs?: DurationMs | undefined;
  /** What the deployment asks for instead of a retry. */
  readonly behavior?: 'pause' | 'fail' | undefined;
}

export function attemptFailure(documentationCode: string, message: string): AttemptFailure {
  return { code: 500, message, documentationCode };
}

/** The stream ended or broke without End, Error or Suspension. */
export const STREAM_BROKEN: AttemptFailure = attemptFailure('RT0007', 'unknown');

const JOURNAL_MISMATCH = 570;
const PROTOCOL_VIOLATION = 571;

export function failureOfErrorMessage(error: ErrorMessage): AttemptFailure {
  return {
    code: error.code,
    message: error.message,
    stacktrace: error.stacktrace === '' ? undefined : error.stacktrace,
    documentationCode: documentationCodeOf(error.code),
    retryAfterMs:
      error.nextRetryDelayMs === undefined ? undefined : durationMs(error.nextRetryDelayMs),
    behavior: error.behavior === 'retry' ? undefined : error.behavior,
    relatedCommand: {
      index: error.relatedCommandIndex,
      name: error.relatedCommandName,
      type: error.relatedCommandType,
    },
  };
}

function documentationCodeOf(code: number): string {
  if (code === JOURNAL_MISMATCH) return 'RT0016';
  return code === PROTOCOL_VIOLATION ? 'RT0012' : 'RT0007';
}

/** The outcome of an invocation that this failure ends. */
export function terminalFailure({ code, message, stacktrace }: AttemptFailure): Failure {
  return { code, message, stacktrace };
}

/** What of the failure is kept for operators. */
export function reportedError(failure: AttemptFailure): AttemptError {
  const { code, message, stacktrace, documentationCode, relatedCommand } = failure;
  return { code, message, stacktrace, documentationCode, relatedCommand };
}
