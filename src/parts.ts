// What the wiring of the main thread hands around.
import type { PartitionPool } from './actors/partition-pool.ts';
import { unixMillis } from './actors/domain/time.ts';
import type { ServerName } from './io/config/listener-settings.ts';
import type { ServerConfig } from './io/config/load.ts';
import type { logOptionsOf } from './io/config/log-options.ts';
import type { IdentitySettings } from './io/deployment/load-request-identity.ts';
import type { ServerSecurity } from './io/http/server-security.ts';
import type { Logger } from './io/log.ts';
import { createRandom } from './io/random.ts';
import type { PreparedDirectory } from './storage/prepare-tables.ts';

export interface Opened {
  readonly directory: PreparedDirectory;
  /** In the order of opening; closed in reverse. */
  readonly closers: Array<() => Promise<void>>;
}

export type SecurityByServer = Readonly<Record<ServerName, ServerSecurity>>;

export interface Parts {
  readonly config: ServerConfig;
  readonly identity: IdentitySettings | undefined;
  readonly security: SecurityByServer;
  readonly log: Logger;
  readonly logOptions: ReturnType<typeof logOptionsOf>;
  /** Threads that were started ahead. */
  readonly pool: PartitionPool | undefined;
  /** The partitions cannot be kept running. */
  readonly onFatal: (error: Error) => void;
}

export const now = () => unixMillis(Date.now());

/** Time and chance, for handlers. */
export const SURROUNDINGS = { clock: now, random: createRandom() };

export async function closeAll(closers: Opened['closers']): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}
