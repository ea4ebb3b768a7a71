export type SnapshotErrorKind =
  /** The directory has one already, or something else in its place. */
  | 'targetExists'
  /** The copy could not be written. */
  | 'targetUnwritable'
  /** Another snapshot is being taken. */
  | 'busy'
  /** The server cannot be copied now: a partition is not up, or the server stops. */
  | 'interrupted';

/** Why there is no snapshot. The message is meant for the operator. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly kind: SnapshotErrorKind;

  constructor(kind: SnapshotErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
