// ClusterCtrlSvc: what the partitions and their logs do. Nothing can be moved: there is one node.
import type { PartitionReport, ThreadFindings } from '../../actors/ports.ts';
import {
  CONFIGURATION_VERSION,
  NODE_GENERATION,
  type NodeContext,
  NODE_NUMBER,
} from './context.ts';
import {
  type GrpcMessage,
  GrpcRefusal,
  type GrpcService,
  GrpcStatus,
  refused,
  unimplemented,
} from './grpc-service.ts';

const LOG_STAYS =
  'the log of a partition is local to its node: it has one segment, and trims itself';
const NODE_STAYS = 'the partitions of this server are all on its one node';

const NODE = { id: NODE_NUMBER, generation: NODE_GENERATION } as const;
const VERSION = { value: CONFIGURATION_VERSION } as const;

export function clusterControlService(context: NodeContext): GrpcService {
  return {
    name: 'restate.cluster_ctrl.ClusterCtrlSvc',
    methods: {
      GetClusterState: {
        request: 'Empty',
        response: 'ClusterStateResponse',
        call: () => clusterState(context),
      },
      GetClusterConfiguration: {
        request: 'Empty',
        response: 'GetClusterConfigurationResponse',
        call: () => ({ cluster_configuration: clusterConfiguration(context) }),
      },
      FindTail: {
        request: 'FindTailRequest',
        response: 'FindTailResponse',
        call: ({ log_id: logId }) => findTail(Number(logId), context),
      },
      CreatePartitionSnapshot: refused(
        GrpcStatus.failedPrecondition,
        'no snapshot repository: back up the data directory instead',
      ),
      SetClusterConfiguration: unimplemented(NODE_STAYS),
      SyncEpochMetadata: unimplemented(NODE_STAYS),
      MigrateMetadata: unimplemented('the metadata of the cluster are not stored'),
      TrimLog: unimplemented(LOG_STAYS),
      SealAndExtendChain: unimplemented(LOG_STAYS),
      SealChain: unimplemented(LOG_STAYS),
      ListLogs: unimplemented('logs are listed by GetMetadata'),
      DescribeLog: unimplemented('logs are described by GetMetadata'),
      Query: unimplemented(
        'cluster tables cannot be queried here; see POST /query of the admin API',
      ),
    },
  };
}

export function clusterConfiguration({ partitionsCount }: NodeContext): GrpcMessage {
  return {
    num_partitions: partitionsCount,
    partition_replication: { replication_property: '{node: 1}' },
    bifrost_provider: { provider: 'local' },
  };
}

async function clusterState({ threads, startedAtMs }: NodeContext): Promise<GrpcMessage> {
  const findings = await threads.inspect();
  const now = timestamp(Date.now());
  const partitions = findings.flatMap((thread) =>
    thread.partitions.map((partition) => {
      const report = thread.report?.partitions.find((one) => one.partition === partition);
      return [partition, processorStatus(thread, report, now)] as const;
    }),
  );
  return {
    cluster_state: {
      last_refreshed: { seconds: 0, nanos: 0 },
      nodes_config_version: VERSION,
      partition_table_version: VERSION,
      logs_metadata_version: VERSION,
      nodes: {
        [NODE_NUMBER]: {
          alive: {
            generational_node_id: NODE,
            last_heartbeat_at: now,
            partitions: Object.fromEntries(partitions),
            uptime_s: Math.floor((performance.now() - startedAtMs) / 1000),
          },
        },
      },
    },
  };
}

/** Log sequence numbers are counts of commands since the thread of the partition was started. */
function processorStatus(
  { isReady, startsCount, report: thread }: ThreadFindings,
  report: PartitionReport | undefined,
  now: GrpcMessage,
): GrpcMessage {
  const isLeading = isReady && report !== undefined;
  const common = {
    updated_at: now,
    planned_mode: 'MODE_LEADER',
    effective_mode: isLeading ? 'MODE_LEADER' : 'MODE_UNKNOWN',
    detailed_effective_mode: isLeading ? 'DETAILED_LEADER' : 'DETAILED_BECOMING_LEADER',
    replay_status: isLeading ? 'REPLAY_ACTIVE' : 'REPLAY_STARTING',
    last_observed_leader_epoch: { value: startsCount },
    last_observed_leader_node: NODE,
  };
  if (report === undefined) return common;
  const { postedCount, appliedCount, flushedCount } = report.progress;
  return {
    ...common,
    last_applied_log_lsn: { value: appliedCount },
    durable_lsn: { value: flushedCount },
    target_tail_lsn: { value: postedCount },
    last_applied_schema_version: { value: thread?.schemaVersion ?? 0 },
    last_applied_rule_book_version: { value: thread?.ruleBookVersion ?? 0 },
  };
}

async function findTail(logId: number, { threads }: NodeContext): Promise<GrpcMessage> {
  const partitions = (await threads.inspect()).flatMap(({ report }) => report?.partitions ?? []);
  const found = partitions.find(({ partition }) => partition === logId);
  if (found === undefined) throw new GrpcRefusal(GrpcStatus.invalidArgument, 'Unknown log-id');
  return {
    log_id: logId,
    segment_index: 0,
    tail_state: 'TAIL_OPEN',
    tail_lsn: found.progress.postedCount + 1,
  };
}

function timestamp(unixMs: number): GrpcMessage {
  return { seconds: Math.floor(unixMs / 1000), nanos: (unixMs % 1000) * 1_000_000 };
}
