import { durationMs } from '../domain/time.ts';
import type { AttemptFailure } from './failure.ts';
import { attemptFailure } from './failure.ts';

const REASON_PHRASES: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** What is wrong with the response head of an attempt, if anything. Source: service protocol, response checks. */
export function checkResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  expectedContentType: string,
  protocolVersion: number,
): AttemptFailure | undefined {
  if (status < 200 || status > 299) return checkStatus(status, headers, protocolVersion);
  const contentType = headers['content-type'];
  if (contentType === expectedContentType) return undefined;
  const found = contentType === undefined ? 'None' : `Some("${contentType}")`;
  return attemptFailure(
    'RT0012',
    `unexpected content type '${found}'; expected content type '"${expectedContentType}"'`,
  );
}

function checkStatus(
  status: number,
  headers: Readonly<Record<string, string>>,
  protocolVersion: number,
): AttemptFailure {
  const line = `${status} ${REASON_PHRASES[status] ?? '<unknown status code>'}`;
  switch (status) {
    case 502:
    case 504:
      return attemptFailure('RT0010', `service is temporary unavailable '${line}'`);
    case 429:
    case 503:
      return rateLimited(line, headers['retry-after']);
    case 415: {
      const message = `cannot start the invocation because the SDK doesn't support the protocol version '${protocolVersion}' negotiated at discovery time`;
      return { ...attemptFailure('RT0015', message), code: 415 };
    }
    case 413:
      return attemptFailure('RT0019', 'service replied with content too large');
    default:
      return attemptFailure('RT0012', `unexpected http status code: ${line}`);
  }
}

function rateLimited(line: string, retryAfter: string | undefined): AttemptFailure {
  const message = `service is rate limited due to '${line}'`;
  // The other form, a date, is left to the policy.
  if (retryAfter === undefined || !/^\d+$/.test(retryAfter)) {
    return attemptFailure('RT0023', message);
  }
  return {
    ...attemptFailure('RT0023', `${message} (retry after: ${retryAfter} seconds)`),
    retryAfterMs: durationMs(Math.min(Number(retryAfter) * 1000, Number.MAX_SAFE_INTEGER)),
  };
}
