// What snapshots of a data directory need of the storage.

/** A state of a file of tables that can be copied while writing goes on. Plain data. */
export interface TablesPin {
  /** Absolute. */
  readonly path: string;
  /** The first bytes, as they were: those in the file change. */
  readonly head: Uint8Array;
  /** As much of the file belongs to the state. */
  readonly bytes: number;
}

export interface HeldPin {
  readonly pin: TablesPin;
  readonly release: () => void;
}

/** Makes copies of the data directory. */
export interface SnapshotWriter {
  /** Below `parent`, an absolute path. Throws `SnapshotError`. */
  begin(parent: string): StartedSnapshot;
}

export interface StartedSnapshot {
  /** Absolute path of the snapshot. */
  readonly path: string;
  /**
   * Copies what is pinned; resolves with the size in bytes once it is flushed. `check` is called now
   * and then, and throws to give up.
   */
  complete(pins: readonly TablesPin[], check: () => void): Promise<number>;
  /** Removes what is there of an incomplete snapshot. */
  discard(): void;
}
