export type DataDirectoryErrorKind =
  /** A file system call failed, or the path is not a directory. */
  | 'notUsable'
  /** Another process uses the directory. */
  | 'locked'
  /** The directory belongs to another cluster. */
  | 'otherCluster'
  /** A newer version of Reprise wrote the directory. */
  | 'newerFormat'
  /** The marker file is damaged, or missing although there is data. */
  | 'badMarker'
  /** A record of a log is damaged that had been flushed. */
  | 'damagedLog'
  /** A file of tables is missing, cut off or not what LMDB wrote. */
  | 'damagedTables'
  /** The directory holds data of a Restate server. */
  | 'foreignData'
  /** The base directory holds data of nodes with other names, and no name was chosen. */
  | 'nodeNameRequired';

/** Why the server cannot use its data directory. The message is meant for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly kind: DataDirectoryErrorKind;

  constructor(kind: DataDirectoryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
