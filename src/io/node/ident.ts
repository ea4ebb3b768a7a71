// What this node says of itself, for `GetIdent` and `GET /health`.
import { formatDuration } from '../../actors/domain/duration.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { unixSocketPath } from '../http/bind-address.ts';
import {
  CONFIGURATION_VERSION,
  NODE_GENERATION,
  type NodeContext,
  NODE_NUMBER,
  ROLES,
} from './context.ts';
import type { GrpcMessage } from './grpc-service.ts';

type RoleStatus = 'Ready' | 'StartingUp' | 'Unknown';

interface Ident {
  readonly status: 'Alive' | 'ShuttingDown';
  readonly workerStatus: RoleStatus;
  readonly ageMs: number;
  readonly schemaVersion: number;
  readonly hungThreads: readonly number[];
}

function identify({ threads, schema, startedAtMs, isStopping }: NodeContext): Ident {
  const states = threads.threads();
  const hungThreads = states.filter(({ isHung }) => isHung).map(({ thread }) => thread);
  const isReady = states.every((state) => state.isReady);
  return {
    status: isStopping() ? 'ShuttingDown' : 'Alive',
    // A hung thread may never come back: nothing is known of its partitions.
    workerStatus: hungThreads.length > 0 ? 'Unknown' : isReady ? 'Ready' : 'StartingUp',
    ageMs: performance.now() - startedAtMs,
    schemaVersion: schema.current().version,
    hungThreads,
  };
}

const NODE_STATUS = { Alive: 'NODE_ALIVE', ShuttingDown: 'NODE_SHUTTING_DOWN' } as const;

const ROLE_STATUS = {
  Ready: 'ROLE_READY',
  StartingUp: 'ROLE_STARTING_UP',
  Unknown: 'ROLE_UNKNOWN',
} as const;

/** An `IdentResponse`. */
export function identMessage(context: NodeContext): GrpcMessage {
  const ident = identify(context);
  return {
    status: NODE_STATUS[ident.status],
    node_id: { id: NODE_NUMBER, generation: NODE_GENERATION },
    cluster_name: context.clusterName,
    roles: ROLES,
    age_s: Math.floor(ident.ageMs / 1000),
    admin_status: ROLE_STATUS.Ready,
    worker_status: ROLE_STATUS[ident.workerStatus],
    log_server_status: ROLE_STATUS.Ready,
    metadata_server_status: 'METADATA_SERVER_MEMBER',
    nodes_config_version: CONFIGURATION_VERSION,
    logs_version: CONFIGURATION_VERSION,
    schema_version: ident.schemaVersion,
    partition_table_version: CONFIGURATION_VERSION,
    bound_addresses: boundAddresses(context).map(addressMessage),
    advertised_addresses: advertisedAddresses(context).map(addressMessage),
  };
}

export interface Health {
  /** No partition thread hangs. */
  readonly isHealthy: boolean;
  readonly body: object;
}

/** The members of the reference, and which partition threads hang. */
export function healthOf(context: NodeContext): Health {
  const ident = identify(context);
  return {
    isHealthy: ident.hungThreads.length === 0,
    body: {
      status: ident.status,
      node_id: `N${NODE_NUMBER}:${NODE_GENERATION}`,
      cluster_name: context.clusterName,
      roles: ROLES,
      age: formatDuration(durationMs(Math.floor(ident.ageMs))),
      admin_status: 'Ready',
      worker_status: ident.workerStatus,
      log_server_status: 'Ready',
      metadata_server_status: 'Member',
      nodes_config_version: CONFIGURATION_VERSION,
      logs_version: CONFIGURATION_VERSION,
      schema_version: ident.schemaVersion,
      partition_table_version: CONFIGURATION_VERSION,
      bound_addresses: boundAddresses(context),
      advertised_addresses: advertisedAddresses(context),
      hung_partition_threads: ident.hungThreads,
    },
  };
}

interface Address {
  readonly name: string;
  readonly address: string;
  readonly kind: keyof typeof ADDRESS_KIND;
}

const ADDRESS_KIND = { tcp: 'ADDRESS_TCP', http: 'ADDRESS_HTTP', unix: 'ADDRESS_UNIX' } as const;

function boundAddresses({ servers }: NodeContext): readonly Address[] {
  return servers().flatMap(({ name, boundUrls }) =>
    boundUrls.map((url) => {
      const path = unixSocketPath(url);
      return path === undefined
        ? { name, address: new URL(url).host, kind: 'tcp' as const }
        : { name, address: path, kind: 'unix' as const };
    }),
  );
}

function advertisedAddresses({ servers }: NodeContext): readonly Address[] {
  return servers().map(({ name, advertised }) => ({
    name,
    address: advertised,
    kind: unixSocketPath(advertised) === undefined ? 'http' : 'unix',
  }));
}

/** A `NetAddress`. */
function addressMessage({ name, address, kind }: Address): GrpcMessage {
  return { name, address, kind: ADDRESS_KIND[kind] };
}
