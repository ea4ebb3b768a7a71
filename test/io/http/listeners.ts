// The listeners under test, with what each of them is known to do differently.
import type { ListenerLog } from '../../../src/io/http/answer.ts';
import type { HttpHandler, HttpListener } from '../../../src/io/http/exchange.ts';
import { startHttpListener } from '../../../src/io/http/listener.ts';
import { loadUws } from '../../../src/io/http/uws-binding.ts';

export interface LibraryUnderTest {
  readonly prefer: 'uws' | 'node';
  /** `node:test` option: the reason why this library cannot be tested here. */
  readonly skip: string | false;
  /** Answers bytes that are no HTTP/1.1 request with 400, instead of only ending the connection. */
  readonly answersUnreadable: boolean;
  /** Can end a connection after the answer to a HEAD. */
  readonly closesAfterHead: boolean;
  /** Takes bytes above 0x7f in a target. */
  readonly takesRawUtf8: boolean;
}

const uws = loadUws();

export const LIBRARIES: readonly LibraryUnderTest[] = [
  {
    prefer: 'uws',
    skip: uws.kind === 'missing' ? uws.reason : false,
    answersUnreadable: false,
    closesAfterHead: false,
    takesRawUtf8: true,
  },
  {
    prefer: 'node',
    skip: false,
    answersUnreadable: true,
    closesAfterHead: true,
    takesRawUtf8: false,
  },
];

export interface RecordingLog extends ListenerLog {
  readonly infos: string[];
  readonly warnings: string[];
  readonly errors: string[];
}

export function recordingLog(): RecordingLog {
  const infos: string[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  return {
    infos,
    warnings,
    errors,
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    error: (message) => errors.push(message),
  };
}

/** Listens on a free port of 127.0.0.1 while `use` runs. */
export async function withListener(
  prefer: 'uws' | 'node',
  handler: HttpHandler,
  use: (listener: HttpListener, log: RecordingLog) => Promise<void>,
): Promise<void> {
  const log = recordingLog();
  const listener = await startHttpListener({ bindAddress: '127.0.0.1:0', handler, prefer, log });
  try {
    await use(listener, log);
  } finally {
    await listener.close();
  }
}
