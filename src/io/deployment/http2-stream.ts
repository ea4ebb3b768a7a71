import type { DeploymentStream, DeploymentStreamListener } from '../../actors/ports.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import { failureOf, type FailureReason } from './failures.ts';
import { Backlog, ReceiveWindow, type SendingStream } from './flow-control.ts';
import type { RequestBlock } from './frame-writer.ts';

/** Whoever holds a stream at the moment: the queue of a pool, then a connection. */
export interface StreamHolder {
  send(stream: Http2Stream, bytes: Uint8Array): void;
  /** The request body is complete. */
  finish(stream: Http2Stream): void;
  /** The caller wants nothing more of this stream. */
  abandon(stream: Http2Stream): void;
}

/** One exchange: what the caller holds of it, and what the connection remembers about it. */
export class Http2Stream implements DeploymentStream, SendingStream {
  readonly block: RequestBlock;
  readonly backlog = new Backlog();
  readonly receiveWindow: ReceiveWindow;
  holder: StreamHolder;
  /** 0 until a connection takes the stream. */
  id = 0;
  sendWindow = 0;
  /** What is missing of the response body its `content-length` announced; `undefined` without one. */
  bodyBytesDue: number | undefined = undefined;
  readonly #target: DeploymentTarget;
  readonly #listener: DeploymentStreamListener;
  #responseStarted = false;
  #requestEnded: boolean;
  #closed = false;

  /** `bodiless` requests are complete with their headers. */
  constructor(
    target: DeploymentTarget,
    block: RequestBlock,
    bodiless: boolean,
    listener: DeploymentStreamListener,
    holder: StreamHolder & { readonly streamWindowBytes: number },
  ) {
    this.receiveWindow = new ReceiveWindow(holder.streamWindowBytes);
    this.#target = target;
    this.block = block;
    this.#requestEnded = bodiless;
    this.#listener = listener;
    this.holder = holder;
  }

  get requestEnded(): boolean {
    return this.#requestEnded;
  }

  get responseStarted(): boolean {
    return this.#responseStarted;
  }

  /** Neither side has anything more to say; the caller may not know yet. */
  get closed(): boolean {
    return this.#closed;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#requestEnded || bytes.length === 0) return;
    this.holder.send(this, bytes);
  }

  end(): void {
    if (this.#closed || this.#requestEnded) return;
    this.#requestEnded = true;
    this.holder.finish(this);
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.holder.abandon(this);
  }

  /** The head of the final response arrived. */
  startResponse(status: number, headers: Readonly<Record<string, string>>): void {
    this.#responseStarted = true;
    this.#listener.onResponse(status, headers);
  }

  receive(chunk: Uint8Array): void {
    this.#listener.onData(chunk);
  }

  /** The response is complete. */
  complete(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onEnd();
  }

  fail(reason: FailureReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.backlog.clear();
    this.#listener.onFailure(failureOf(this.#target.uri, reason));
  }

  /** Fails after the current turn, for failures found while the caller has no stream yet. */
  failLater(reason: FailureReason): void {
    queueMicrotask(() => {
      this.fail(reason);
    });
  }
}
