import type { HttpHandler, HttpRequest, HttpResponse } from './exchange.ts';
import type { Logger } from '../log.ts';
import { bareResponse } from './response-head.ts';

/** Where a listener writes its few lines. */
export type ListenerLog = Pick<Logger, 'info' | 'warn' | 'error'>;

/** A request together with the way to answer it. */
export interface HttpExchange extends HttpRequest {
  /** Writes the response; does nothing when the client has gone away. */
  respond(response: HttpResponse): void;
  /** Ends the connection without an answer. */
  destroy(): void;
}

/** Runs the handler and writes its answer; a handler that fails is logged and answered with a bare 500. */
export function answerExchange(
  exchange: HttpExchange,
  handler: HttpHandler,
  log: ListenerLog,
): void {
  try {
    const answer = handler(exchange);
    if (answer instanceof Promise) {
      answer.then(
        (response) => deliver(exchange, response, log),
        (error: unknown) => reportFailure(exchange, log, error),
      );
    } else {
      deliver(exchange, answer, log);
    }
  } catch (error) {
    reportFailure(exchange, log, error);
  }
}

function reportFailure(exchange: HttpExchange, log: ListenerLog, error: unknown): void {
  log.error(`handling ${exchange.method} ${exchange.path} failed`, { error });
  deliver(exchange, bareResponse(500), log);
}

/** A response that cannot be written, say with a line break in a header, costs only its connection. */
function deliver(exchange: HttpExchange, response: HttpResponse, log: ListenerLog): void {
  try {
    exchange.respond(response);
  } catch (error) {
    log.error(`answering ${exchange.method} ${exchange.path} failed`, { error });
    exchange.destroy();
  }
}
