// Sends a body whose length is not known yet, no faster than the client takes it.

/** A connection that chunks go to. */
export interface ChunkSink {
  /** The client is still there. */
  readonly isOpen: boolean;
  /** `false` when the connection holds enough for now. */
  write(chunk: Uint8Array): boolean;
  /** Resolves once the connection takes more, or is gone. */
  drained(): Promise<void>;
  end(): void;
  /** Breaks the connection, so that the client does not take what it has for the whole. */
  destroy(): void;
}

/** Never rejects. What made the body fail is told to `onError`. */
export async function streamBody(
  body: AsyncIterable<Uint8Array>,
  sink: ChunkSink,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (!sink.isOpen) return;
      if (!sink.write(chunk)) await sink.drained();
      if (!sink.isOpen) return;
    }
    sink.end();
  } catch (error) {
    onError(error);
    sink.destroy();
  }
}

/** Has nobody who reads the body: whoever makes it is told so. */
export async function leaveBody(body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (body === undefined) return;
  try {
    // One that was never begun would not hear of its end.
    for await (const _ of body) return;
  } catch {
    // Nobody is left to be told.
  }
}
