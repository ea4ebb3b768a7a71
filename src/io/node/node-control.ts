// NodeCtlSvc: who this node is, and the metadata of its cluster.
import {
  encodeMetadata,
  logsConfiguration,
  nodesConfiguration,
  partitionTable,
} from './cluster-metadata.ts';
import { clusterConfiguration } from './cluster-control.ts';
import { type NodeContext, NODE_GENERATION, NODE_NUMBER } from './context.ts';
import { GrpcRefusal, type GrpcService, GrpcStatus, unimplemented } from './grpc-service.ts';
import { identMessage } from './ident.ts';

/** By the number of the kind. Source: seen on the reference. */
const METADATA_BY_KIND: ReadonlyMap<unknown, (context: NodeContext) => object> = new Map([
  [1, nodesConfiguration],
  [3, partitionTable],
  [4, logsConfiguration],
]);

export function nodeControlService(context: NodeContext): GrpcService {
  return {
    name: 'restate.node_ctl_svc.NodeCtlSvc',
    methods: {
      GetIdent: {
        request: 'Empty',
        response: 'IdentResponse',
        call: () => identMessage(context),
      },
      GetMetadata: {
        request: 'GetMetadataRequest',
        response: 'GetMetadataResponse',
        call: ({ kind }) => {
          const metadata = METADATA_BY_KIND.get(kind)?.(context);
          if (metadata !== undefined) return { encoded: encodeMetadata(metadata) };
          throw new GrpcRefusal(GrpcStatus.invalidArgument, 'unknown metadata kind');
        },
      },
      ProvisionCluster: {
        request: 'ProvisionClusterRequest',
        response: 'ProvisionClusterResponse',
        call: ({ dry_run: isDryRun }) => {
          if (isDryRun === true) return dryRun(context);
          throw new GrpcRefusal(
            GrpcStatus.alreadyExists,
            'The cluster has already been provisioned',
          );
        },
      },
      ClusterHealth: {
        request: 'Empty',
        response: 'ClusterHealthResponse',
        call: () => ({
          cluster_name: context.clusterName,
          metadata_cluster_health: {
            members: [{ id: NODE_NUMBER, generation: NODE_GENERATION }],
          },
        }),
      },
      TriggerCompaction: unimplemented('the tables need no compaction: freed pages are used again'),
    },
  };
}

function dryRun(context: NodeContext) {
  return {
    dry_run: true,
    cluster_configuration: clusterConfiguration(context),
    enabled_features: ['CONTROLLED_IDEMPOTENT_SHARDING'],
  };
}
