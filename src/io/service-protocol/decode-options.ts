/** What the meaning of a deployment's message depends on, besides its bytes. */
export interface DecodeOptions {
  readonly protocolVersion: number;
  /** Deepest tree of futures taken, inclusive; one without nested futures has depth 0. */
  readonly awaitedDepthMax: number;
}
