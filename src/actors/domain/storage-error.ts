/** Nothing can be stored now, and what was to be stored is not kept. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
}
