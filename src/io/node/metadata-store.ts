// MetadataProxySvc and MetadataServerSvc: reading the metadata of the cluster by key. Nothing is written:
// the metadata follow from the data directory.
import { encodeMetadata, metadataOf } from './cluster-metadata.ts';
import { CONFIGURATION_VERSION, type NodeContext, NODE_NUMBER } from './context.ts';
import { type GrpcService, GrpcStatus, refused, unimplemented } from './grpc-service.ts';

const READ_ONLY =
  'the metadata of this cluster follow from its data directory and cannot be changed';

export function metadataProxyService(context: NodeContext): GrpcService {
  return {
    name: 'restate.metadata_proxy_svc.MetadataProxySvc',
    methods: storeMethods(context),
  };
}

export function metadataServerService(context: NodeContext): GrpcService {
  return {
    name: 'restate.metadata_server_svc.MetadataServerSvc',
    methods: {
      ...storeMethods(context),
      Status: {
        request: 'Empty',
        response: 'MetadataServerStatusResponse',
        call: () => ({
          status: 'METADATA_SERVER_MEMBER',
          configuration: {
            version: { value: CONFIGURATION_VERSION },
            members: { [NODE_NUMBER]: 0 },
          },
          leader: NODE_NUMBER,
        }),
      },
      AddNode: refused(GrpcStatus.alreadyExists, 'the only node is a member'),
      RemoveNode: refused(GrpcStatus.failedPrecondition, 'cannot remove the only member'),
      Provision: refused(GrpcStatus.alreadyExists, 'the metadata server is provisioned'),
    },
  };
}

function storeMethods(context: NodeContext): GrpcService['methods'] {
  return {
    Get: {
      request: 'KeyRequest',
      response: 'GetValueResponse',
      call: ({ key }) => {
        const metadata = metadataOf(String(key), context);
        if (metadata === undefined) return {};
        return {
          value: { version: { value: CONFIGURATION_VERSION }, bytes: encodeMetadata(metadata) },
        };
      },
    },
    GetVersion: {
      request: 'KeyRequest',
      response: 'GetVersionResponse',
      call: ({ key }) =>
        metadataOf(String(key), context) === undefined
          ? {}
          : { version: { value: CONFIGURATION_VERSION } },
    },
    Put: unimplemented(READ_ONLY),
    Delete: unimplemented(READ_ONLY),
  };
}
