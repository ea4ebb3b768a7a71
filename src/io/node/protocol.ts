// The messages of the node port that `restatectl` and the Kubernetes operator use, in our own words, and
// without what only nodes of the reference say to each other. Source: names and numbers as seen on the
// reference 1.7.12.

export const NODE_MESSAGES = `
syntax = "proto3";
package restate;

message Empty {}
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message NodeId { uint32 id = 1; optional uint32 generation = 2; }
message Version { uint32 value = 1; }
message Lsn { uint64 value = 1; }
message Epoch { uint64 value = 1; }
message VersionedValue { Version version = 1; bytes bytes = 2; }
message ReplicationProperty { string replication_property = 1; }

// Who a node is.

message IdentResponse {
  NodeStatus status = 1;
  optional NodeId node_id = 2;
  string cluster_name = 3;
  repeated string roles = 4;
  uint64 age_s = 5;
  RoleStatus admin_status = 6;
  RoleStatus worker_status = 7;
  RoleStatus log_server_status = 8;
  MetadataServerStatus metadata_server_status = 9;
  uint32 nodes_config_version = 10;
  uint32 logs_version = 11;
  uint32 schema_version = 12;
  uint32 partition_table_version = 13;
  repeated NetAddress bound_addresses = 14;
  repeated NetAddress advertised_addresses = 15;
}
enum NodeStatus { NODE_UNKNOWN = 0; NODE_ALIVE = 1; NODE_STARTING_UP = 2; NODE_SHUTTING_DOWN = 3; }
enum RoleStatus { ROLE_UNKNOWN = 0; ROLE_READY = 1; ROLE_STARTING_UP = 2; }
enum MetadataServerStatus { METADATA_SERVER_UNKNOWN = 0; METADATA_SERVER_MEMBER = 3; }
message NetAddress { string name = 1; string address = 2; AddressKind kind = 3; }
enum AddressKind { ADDRESS_UNKNOWN = 0; ADDRESS_TCP = 1; ADDRESS_HTTP = 2; ADDRESS_UNIX = 3; }

message GetMetadataRequest { uint32 kind = 2; }
message GetMetadataResponse { bytes encoded = 1; }
message ClusterHealthResponse {
  string cluster_name = 1;
  optional MetadataClusterHealth metadata_cluster_health = 2;
}
message MetadataClusterHealth { repeated NodeId members = 1; }
message ProvisionClusterRequest { bool dry_run = 1; }
message ProvisionClusterResponse {
  bool dry_run = 1;
  ClusterConfiguration cluster_configuration = 2;
  repeated ClusterFeature enabled_features = 3;
}
enum ClusterFeature { FEATURE_UNKNOWN = 0; CONTROLLED_IDEMPOTENT_SHARDING = 1; }
message ClusterConfiguration {
  uint32 num_partitions = 1;
  optional ReplicationProperty partition_replication = 2;
  BifrostProvider bifrost_provider = 3;
}
message BifrostProvider {
  string provider = 1;
  optional ReplicationProperty replication_property = 2;
  uint32 target_nodeset_size = 3;
}

// What the partitions do.

message ClusterStateResponse { ClusterState cluster_state = 1; }
message ClusterState {
  Duration last_refreshed = 1;
  Version nodes_config_version = 2;
  Version partition_table_version = 3;
  map<uint32, NodeState> nodes = 4;
  Version logs_metadata_version = 5;
}
message NodeState { AliveNode alive = 1; }
message AliveNode {
  NodeId generational_node_id = 1;
  Timestamp last_heartbeat_at = 2;
  map<uint32, PartitionProcessorStatus> partitions = 3;
  uint64 uptime_s = 4;
}
message PartitionProcessorStatus {
  Timestamp updated_at = 1;
  RunMode planned_mode = 2;
  RunMode effective_mode = 3;
  Epoch last_observed_leader_epoch = 4;
  NodeId last_observed_leader_node = 5;
  Lsn last_applied_log_lsn = 6;
  ReplayStatus replay_status = 9;
  Lsn durable_lsn = 10;
  Lsn target_tail_lsn = 11;
  optional Version last_applied_rule_book_version = 13;
  optional Version last_applied_schema_version = 14;
  DetailedMode detailed_effective_mode = 17;
}
enum RunMode { MODE_UNKNOWN = 0; MODE_LEADER = 1; MODE_FOLLOWER = 2; }
enum ReplayStatus { REPLAY_UNKNOWN = 0; REPLAY_STARTING = 1; REPLAY_ACTIVE = 2; }
enum DetailedMode { DETAILED_UNKNOWN = 0; DETAILED_BECOMING_LEADER = 3; DETAILED_LEADER = 4; }

message GetClusterConfigurationResponse { ClusterConfiguration cluster_configuration = 1; }
message FindTailRequest { uint32 log_id = 1; }
message FindTailResponse {
  uint32 log_id = 1;
  uint32 segment_index = 2;
  TailState tail_state = 3;
  uint64 tail_lsn = 4;
}
enum TailState { TAIL_UNKNOWN = 0; TAIL_OPEN = 1; TAIL_SEALED = 2; }
message CreatePartitionSnapshotRequest { uint32 partition_id = 1; }

// The metadata of the cluster.

message KeyRequest { string key = 1; }
message GetValueResponse { optional VersionedValue value = 1; }
message GetVersionResponse { optional Version version = 1; }
message MetadataServerStatusResponse {
  MetadataServerStatus status = 1;
  optional MetadataServerConfiguration configuration = 2;
  optional uint32 leader = 3;
}
message MetadataServerConfiguration {
  Version version = 1;
  map<uint32, int64> members = 2;
}
`;
