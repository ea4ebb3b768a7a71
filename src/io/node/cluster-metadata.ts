// The metadata of a cluster with one node, in the form that `restatectl` reads. Nothing of it is stored:
// it follows from the data directory. Source: shapes seen on the reference 1.7.12.
import {
  CONFIGURATION_VERSION,
  NODE_GENERATION,
  type NodeContext,
  NODE_NUMBER,
  ROLES,
} from './context.ts';

/** Partition keys are numbers below this. */
const KEY_SPACE = 2n ** 64n;

/** First byte of encoded metadata: the rest is JSON. Source: seen on the reference. */
const JSON_CODEC = 5;

type Metadata = (context: NodeContext) => object;

const BY_KEY: ReadonlyMap<string, Metadata> = new Map<string, Metadata>([
  ['nodes_config', nodesConfiguration],
  ['partition_table', partitionTable],
  ['bifrost_config', logsConfiguration],
]);

const EPOCH_KEY = /^pp_epoch_(\d{1,5})$/;

/** What the metadata store of the reference has under a key; `undefined` when it has nothing. */
export function metadataOf(key: string, context: NodeContext): object | undefined {
  const partition = Number(EPOCH_KEY.exec(key)?.[1] ?? Number.NaN);
  if (partition < context.partitionsCount) return partitionEpoch(partition, context);
  return BY_KEY.get(key)?.(context);
}

export function nodesConfiguration(context: NodeContext): object {
  const { nodeName, clusterName, clusterFingerprint, compatibilityVersion } = context;
  const servers = context.servers();
  const address = servers.find(({ name }) => name === 'message-fabric-server')?.advertised;
  const node = {
    name: nodeName,
    current_generation: [NODE_NUMBER, NODE_GENERATION],
    address,
    location: '',
    roles: ROLES,
    binary_version: compatibilityVersion,
    log_server_config: { storage_state: 'read-write' },
    metadata_server_config: { metadata_server_state: 'member' },
    worker_config: { worker_state: 'active' },
  };
  return {
    version: CONFIGURATION_VERSION,
    cluster_name: clusterName,
    cluster_fingerprint: clusterFingerprint,
    features: ['controlled-idempotent-sharding'],
    nodes: [[NODE_NUMBER, { Node: node }]],
    name_lookup: { [nodeName]: NODE_NUMBER },
  };
}

export function partitionTable({ partitionsCount }: NodeContext): object {
  return {
    version: CONFIGURATION_VERSION,
    num_partitions: partitionsCount,
    replication: { limit: 1 },
    partitions: numbersBelow(partitionsCount).map((partition) => [
      partition,
      {
        log_id: null,
        key_range: keyRange(partition, partitionsCount),
        db_name: null,
        cf_name: null,
      },
    ]),
  };
}

/** Each partition has one log, which never moves. */
export function logsConfiguration({ partitionsCount }: NodeContext): object {
  return {
    version: CONFIGURATION_VERSION,
    config: { default_provider: 'local' },
    logs: numbersBelow(partitionsCount).map((partition) => [
      partition,
      {
        chain: [[1, { index: 0, kind: 'local', created_at: null, params: String(partition) }]],
      },
    ]),
  };
}

function partitionEpoch(partition: number, context: NodeContext): object {
  const thread = context.threads
    .threads()
    .find(({ partitions }) => partitions.some((number) => number === partition));
  return {
    version: CONFIGURATION_VERSION,
    epoch: thread?.startsCount ?? 1,
    leader_metadata: { node_id: [NODE_NUMBER, NODE_GENERATION], partition_id: partition },
    current: {
      version: CONFIGURATION_VERSION,
      replication: '{node: 1}',
      replica_set: [NODE_NUMBER],
      modified_at: 0,
      context: {},
    },
    next: null,
  };
}

/** Encoded as the protocol wants it. */
export function encodeMetadata(metadata: object): Buffer {
  return Buffer.concat([Buffer.from([JSON_CODEC]), Buffer.from(stringifyExact(metadata))]);
}

/** Both ends inclusive; the same division as everywhere, see `partitionOfKey`. */
function keyRange(partition: number, partitionsCount: number) {
  return {
    start: firstKey(partition, partitionsCount),
    end: firstKey(partition + 1, partitionsCount) - 1n,
  };
}

/** The smallest key that lies in the partition. */
function firstKey(partition: number, partitionsCount: number): bigint {
  const count = BigInt(partitionsCount);
  return (BigInt(partition) * KEY_SPACE + count - 1n) / count;
}

/** Integers of 64 bits in full, which JSON.stringify cannot write. */
function stringifyExact(value: object): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'bigint' ? `\u0000${member}` : member,
  ).replaceAll(/"\\u0000(\d+)"/g, '$1');
}

function numbersBelow(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
