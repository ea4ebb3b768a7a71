// What operators read about partition threads.
import type { Logger } from './log.ts';

/** For a server whose partitions invoke nothing yet. */
export const PAUSED =
  'started paused: what is submitted is stored, nothing is invoked and no timer fires before POST /internal/resume on the admin port';

/** What the supervisor reports. */
export function partitionThreadLog(log: Logger) {
  return {
    onThreadDied: (thread: number, error: unknown) =>
      log.error('a partition thread died and is replaced', { thread, error }),
    onStorageFailed: (thread: number, message: string, retryInMs: number) =>
      log.error(
        `a partition thread can store nothing, and its requests are answered with 503: ${storageAdvice(message)}`,
        { thread, error: message, retry_in_ms: retryInMs },
      ),
    onStorageRecovered: (thread: number) =>
      log.info('a partition thread that could store nothing serves again', { thread }),
    onThreadHung: (thread: number, silentMs: number) =>
      log.error(
        `a partition thread has not answered for ${silentMs} ms, and its partitions stand still. It cannot be ended safely from outside: restart the process if it does not come back`,
        { thread },
      ),
    onThreadAnswered: (thread: number, silentMs: number) =>
      log.warn(`a partition thread that hung answers again, after ${silentMs} ms`, { thread }),
  };
}

const ADVICE: ReadonlyArray<readonly [reason: RegExp, advice: string]> = [
  [/ENOSPC|No space left/i, 'free space on the disk of the data directory'],
  [/EDQUOT|quota/i, 'raise the disk quota of the user that the server runs as'],
  [/EFBIG|too large/i, 'raise the limit on the size of files'],
  [/EROFS|Read-only/i, 'make the file system of the data directory writable'],
  [/EACCES|EPERM|Permission/i, 'let the user that the server runs as write to the data directory'],
  [/EMFILE|ENFILE|Too many open/i, 'raise the limit on open files'],
  [/EIO|Input\/output/i, 'check the disk of the data directory'],
];

/** What an operator can do about the system's reason why something could not be stored. */
function storageAdvice(reason: string): string {
  const found = ADVICE.find(([pattern]) => pattern.test(reason));
  return found?.[1] ?? 'check the disk of the data directory';
}
