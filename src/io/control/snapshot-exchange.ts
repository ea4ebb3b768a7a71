// What `reprise snapshot` and the server it asks agree on.
import { z } from 'zod';

/** Name of the socket in the data directory. */
export const CONTROL_SOCKET = 'control.sock';

export const SNAPSHOT_PATH = '/snapshot';

export const SNAPSHOT_REPLY = z.object({
  /** Absolute. */
  path: z.string(),
  bytes: z.number(),
  /** How long the partitions stood still. Unit: milliseconds. */
  pauseMs: z.number(),
});

export type SnapshotReply = z.output<typeof SNAPSHOT_REPLY>;

export const REFUSAL = z.object({ message: z.string() });
