// The node port: plain HTTP, gRPC, and what restatectl makes of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { compressZstd } from '../../src/io/zstd.ts';
import { TrackedChild } from '../support/child.ts';
import { HttpClient } from '../support/http.ts';
import { assertHas, field } from '../support/json.ts';
import { encodeMessage, type NodeCall, NodeClient, pathOf } from '../support/node-client.ts';
import { skippedOnReference, startServer, type TestServer } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const PARTITIONS_COUNT = 4;

let server: TestServer;
let node: NodeClient;
let http: HttpClient;

before(async () => {
  server = await startServer();
  node = new NodeClient(server.nodeUrl);
  http = new HttpClient(server.nodeUrl);
  await waitFor('leaders of all partitions', async () => {
    // The reference knows nothing of its nodes for a moment.
    const partitions = Object.values(await partitionStates().catch(() => ({})));
    const isLeading = (state: unknown) => field(state, 'effective_mode') === 'MODE_LEADER';
    return partitions.length === PARTITIONS_COUNT && partitions.every(isLeading) ? true : undefined;
  });
});
after(async () => {
  node.close();
  http.close();
  await server.dispose();
});

async function partitionStates(): Promise<Readonly<Record<string, unknown>>> {
  const reply = await node.ask({
    service: 'ClusterCtrl',
    method: 'GetClusterState',
    response: 'ClusterStateResponse',
  });
  const nodes = field(field(reply, 'cluster_state'), 'nodes');
  const partitions = field(field(field(nodes, '1'), 'alive'), 'partitions');
  return typeof partitions === 'object' && partitions !== null ? { ...partitions } : {};
}

describe('plain HTTP at the node port', () => {
  test('tells the health of the node', async () => {
    const reply = await http.get('/health');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'application/json');
    const health = reply.json();
    assertHas(health, {
      status: 'Alive',
      cluster_name: 'localcluster',
      roles: ['http-ingress', 'admin', 'worker', 'log-server', 'metadata-server'],
      admin_status: 'Ready',
      worker_status: 'Ready',
      log_server_status: 'Ready',
      metadata_server_status: 'Member',
      schema_version: 0,
    });
    assert.match(String(field(health, 'node_id')), /^N1:\d+$/);
    assert.match(String(field(health, 'age')), /^\d+(?:s|ms)/);
    const host = (url: string) => new URL(url).host;
    assert.deepEqual(field(health, 'bound_addresses'), [
      { name: 'http-ingress-server', address: host(server.ingressUrl), kind: 'tcp' },
      { name: 'admin-api-server', address: host(server.adminUrl), kind: 'tcp' },
      { name: 'message-fabric-server', address: host(server.nodeUrl), kind: 'tcp' },
    ]);
    assert.deepEqual(field(health, 'advertised_addresses'), [
      { name: 'http-ingress-server', address: `${server.ingressUrl}/`, kind: 'http' },
      { name: 'admin-api-server', address: `${server.adminUrl}/`, kind: 'http' },
      { name: 'message-fabric-server', address: `${server.nodeUrl}/`, kind: 'http' },
    ]);
  });

  const rows: ReadonlyArray<readonly [method: string, path: string, status: number]> = [
    ['HEAD', '/health', 200],
    ['HEAD', '/metrics', 200],
    ['POST', '/health', 405],
    ['PUT', '/metrics', 405],
    ['GET', '/', 404],
    ['GET', '/health/', 404],
  ];
  for (const [method, path, status] of rows) {
    test(`answers ${method} ${path} with ${status}`, async () => {
      const reply = await http.request({ method, path });
      assert.equal(reply.status, status);
      if (status === 405) assert.equal(reply.headers.allow, 'GET,HEAD');
    });
  }
});

describe('gRPC at the node port', () => {
  test('tells who the node is', async () => {
    const call = { service: 'NodeCtl', method: 'GetIdent', response: 'IdentResponse' } as const;
    assertHas(await node.ask(call), {
      status: 'NODE_ALIVE',
      cluster_name: 'localcluster',
      roles: ['http-ingress', 'admin', 'worker', 'log-server', 'metadata-server'],
      admin_status: 'ROLE_READY',
      worker_status: 'ROLE_READY',
      log_server_status: 'ROLE_READY',
      metadata_server_status: 'METADATA_SERVER_MEMBER',
    });
  });

  test('tells the health of the cluster', async () => {
    const call = { service: 'NodeCtl', method: 'ClusterHealth' } as const;
    const reply = await node.ask({ ...call, response: 'ClusterHealthResponse' });
    assert.equal(field(reply, 'cluster_name'), 'localcluster');
    const members = field(field(reply, 'metadata_cluster_health'), 'members');
    assert.ok(Array.isArray(members) && members.length === 1);
    assert.equal(field(members[0], 'id'), 1);
  });

  test('tells how far each partition is', async () => {
    const states = Object.values(await partitionStates());
    assert.equal(states.length, PARTITIONS_COUNT);
    for (const state of states) {
      assertHas(state, {
        planned_mode: 'MODE_LEADER',
        effective_mode: 'MODE_LEADER',
        detailed_effective_mode: 'DETAILED_LEADER',
        replay_status: 'REPLAY_ACTIVE',
      });
      assert.equal(field(field(state, 'last_observed_leader_node'), 'id'), 1);
      assert.ok(Number(field(field(state, 'last_applied_log_lsn'), 'value')) > 0);
    }
  });

  test('tells the configuration, and that the cluster is provisioned', async () => {
    const configuration = { num_partitions: PARTITIONS_COUNT };
    const current = await node.ask({
      service: 'ClusterCtrl',
      method: 'GetClusterConfiguration',
      response: 'GetClusterConfigurationResponse',
    });
    assertHas(field(current, 'cluster_configuration'), configuration);

    const provision = { service: 'NodeCtl', method: 'ProvisionCluster' } as const;
    const dryRun = await node.ask({
      ...provision,
      request: ['ProvisionClusterRequest', { dry_run: true }],
      response: 'ProvisionClusterResponse',
    });
    assert.equal(field(dryRun, 'dry_run'), true);
    assertHas(field(dryRun, 'cluster_configuration'), configuration);
    assert.deepEqual(await node.call(provision), {
      kind: 'refused',
      code: 6,
      details: 'The cluster has already been provisioned',
    });
  });

  test('has the metadata that a cluster has, and no others', async () => {
    const get = { service: 'MetadataProxy', method: 'Get', response: 'GetValueResponse' } as const;
    for (const key of ['nodes_config', 'partition_table', 'bifrost_config', 'pp_epoch_0']) {
      const reply = await node.ask({ ...get, request: ['KeyRequest', { key }] });
      assert.ok(field(reply, 'value') !== undefined, key);
    }
    for (const key of ['nothing', `pp_epoch_${PARTITIONS_COUNT}`]) {
      const reply = await node.ask({ ...get, request: ['KeyRequest', { key }] });
      assert.equal(field(reply, 'value'), undefined, key);
    }
  });

  test('finds the end of a log, if there is the log', async () => {
    const find = {
      service: 'ClusterCtrl',
      method: 'FindTail',
      response: 'FindTailResponse',
    } as const;
    const reply = await node.ask({ ...find, request: ['FindTailRequest', { log_id: 1 }] });
    assertHas(reply, { log_id: 1, tail_state: 'TAIL_OPEN' });
    const missing = await node.call({ ...find, request: ['FindTailRequest', { log_id: 99 }] });
    assert.deepEqual(missing, { kind: 'refused', code: 3, details: 'Unknown log-id' });
  });

  const refusals: ReadonlyArray<readonly [code: number, call: NodeCall]> = [
    [
      3,
      { service: 'NodeCtl', method: 'GetMetadata', request: ['GetMetadataRequest', { kind: 0 }] },
    ],
    [6, { service: 'MetadataServer', method: 'AddNode' }],
    [12, { service: 'NodeCtl', method: 'Nothing' }],
  ];
  for (const [code, call] of refusals) {
    test(`refuses ${call.method} with status ${code}`, async () => {
      const reply = await node.call(call);
      assert.equal(reply.kind === 'refused' && reply.code, code);
    });
  }
});

const ours = { skip: skippedOnReference('it does what is asked, and takes its time to stop') };

describe('what would change the cluster', ours, () => {
  const calls: ReadonlyArray<
    readonly [code: number, service: NodeCall['service'], method: string]
  > = [
    [12, 'NodeCtl', 'TriggerCompaction'],
    [12, 'ClusterCtrl', 'TrimLog'],
    [12, 'ClusterCtrl', 'SealAndExtendChain'],
    [12, 'ClusterCtrl', 'SealChain'],
    [12, 'ClusterCtrl', 'SetClusterConfiguration'],
    [12, 'ClusterCtrl', 'MigrateMetadata'],
    [12, 'ClusterCtrl', 'SyncEpochMetadata'],
    [12, 'ClusterCtrl', 'Query'],
    [9, 'ClusterCtrl', 'CreatePartitionSnapshot'],
    [12, 'MetadataProxy', 'Put'],
    [12, 'MetadataProxy', 'Delete'],
    [9, 'MetadataServer', 'RemoveNode'],
  ];
  for (const [code, service, method] of calls) {
    test(`is refused: ${method}`, async () => {
      const reply = await node.call({ service, method });
      assert.ok(reply.kind === 'refused');
      assert.equal(reply.code, code);
      assert.ok(!reply.details.includes('does not implement the method'), reply.details);
    });
  }
});

interface RawReply {
  readonly httpStatus: unknown;
  readonly grpcStatus: unknown;
  readonly bytes: Buffer;
}

/** One call with a body made by hand. */
function callRaw(call: NodeCall, headers: object, body: Uint8Array): Promise<RawReply> {
  const session = connect(server.nodeUrl);
  return new Promise<RawReply>((resolve, reject) => {
    session.once('error', reject);
    const chunks: Buffer[] = [];
    const seen: Record<string, unknown> = {};
    const stream = session.request({
      ':method': 'POST',
      ':path': pathOf(call),
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.once('response', (received) => Object.assign(seen, received));
    stream.once('trailers', (received) => Object.assign(seen, received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('close', () =>
      resolve({
        httpStatus: seen[':status'],
        grpcStatus: seen['grpc-status'],
        bytes: Buffer.concat(chunks),
      }),
    );
    stream.end(body);
  }).finally(() => session.close());
}

function framed(isCompressed: boolean, message: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(isCompressed ? 1 : 0);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

describe('a gRPC message', () => {
  const call = { service: 'MetadataProxy', method: 'Get' } as const;
  const message = encodeMessage('KeyRequest', { key: 'nodes_config' });
  const encodings: ReadonlyArray<readonly [encoding: string, body: () => Promise<Uint8Array>]> = [
    ['identity', () => Promise.resolve(framed(false, message))],
    ['gzip', () => Promise.resolve(framed(true, gzipSync(message)))],
    ['zstd', async () => framed(true, await compressZstd(message))],
  ];
  for (const [encoding, body] of encodings) {
    test(`is taken in ${encoding}`, async () => {
      const headers = { 'grpc-encoding': encoding, 'grpc-accept-encoding': 'identity' };
      const reply = await callRaw(call, headers, await body());
      assert.equal(reply.grpcStatus, '0');
      assert.ok(reply.bytes.includes('localcluster'));
    });
  }

  test('that cannot be decompressed is refused', async () => {
    const reply = await callRaw(call, { 'grpc-encoding': 'zstd' }, framed(true, Buffer.from('no')));
    assert.equal(reply.httpStatus, 200);
    assert.notEqual(reply.grpcStatus, '0');
  });

  test(
    'that is larger than messages may be is refused before it is decompressed',
    ours,
    async () => {
      const bomb = await compressZstd(Buffer.alloc(40 * 1024 * 1024));
      assert.ok(bomb.length < 10_000);
      const reply = await callRaw(call, { 'grpc-encoding': 'zstd' }, framed(true, bomb));
      assert.equal(reply.grpcStatus, '8');
    },
  );
});

test('a call that never ends does not keep the server from stopping', ours, async () => {
  const stopping = await startServer();
  const session = connect(stopping.nodeUrl);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': pathOf({ service: 'NodeCtl', method: 'GetIdent' }),
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  const closed = new Promise((resolve) => stream.once('close', resolve));
  await new Promise((resolve) => session.ping(resolve));
  stopping.signal('SIGTERM');
  assert.deepEqual(await stopping.exited, { code: 0, signal: null });
  await closed;
  session.destroy();
  await stopping.dispose();
});

/** The official command line, from npm package `@restatedev/restatectl`. */
const RESTATECTL = process.env['RESTATECTL_BIN'];

describe('restatectl', { skip: RESTATECTL === undefined && 'RESTATECTL_BIN is not set' }, () => {
  async function run(args: readonly string[]) {
    const command = ['--address', server.nodeUrl, '--yes', ...args];
    const child = new TrackedChild(spawn(RESTATECTL ?? '', command, { env: { NO_COLOR: '1' } }));
    return { ...(await child.exited), output: child.output };
  }

  const reads: ReadonlyArray<readonly [command: string, ...patterns: readonly RegExp[]]> = [
    ['status', /Node Configuration/, /N1:\d+ +node-1 .*Member +4 +0 .*worker/],
    ['status --extra', /Alive partition processors/, /N1 +Member +v1 +N1 +\[N1\]/],
    ['nodes list', /N1 +\d+ +node-1 +http:\/\/127\.0\.0\.1:\d+\/ .*worker/],
    ['nodes list --extra', /read-write +active .* Alive +Ready +Ready +Ready +Member/],
    ['partitions list', ...[0, 1, 2, 3].map((id) => new RegExp(` ${id} +N1:\\d+ +Leader +Active`))],
    ['logs list', /Logs Provider: (?:local|replicated)/, / 3 +1 +1 +(?:local|replicated)/],
    ['logs describe', /Log Id: 0/, /Log Id: 3/],
    ['logs find-tail 1', / 1 +0 +OPEN +\d+/],
    ['config get', /Number of partitions: 4/, /Partition replication: \{node: 1\}/],
    ['metadata get --key nodes_config', /"node-1": 1/],
    ['metadata get --key partition_table', /"num_partitions": 4/, /"end": 18446744073709551615/],
    ['metadata get --key bifrost_config', /"default_provider"/],
    ['metadata get --key pp_epoch_3', /"partition_id": 3/],
    ['metadata get --key schema_registry', /^null$/m],
    ['metadata-server list-servers', /N1 +Member +v1 +N1 +\[N1\]/],
    ['replicated-loglet list-servers', /N1 +N1:\d+ +read-write/],
    ['partitions placement show', / 3 +\[N1\] \(v1\) +- +ENABLED/],
    ['partitions leadership show', / 3 +N1 +-/],
    ['provision', /Number of partitions: 4/, /provisioned by somebody else/],
    ['metadata-server add-node N1', /already a member/],
  ];
  for (const [command, ...patterns] of reads) {
    test(`can do: ${command}`, async () => {
      const { code, output } = await run(command.split(' '));
      assert.equal(code, 0, output);
      for (const pattern of patterns) assert.match(output, pattern);
    });
  }

  const writes: ReadonlyArray<readonly [command: string, reason: RegExp]> = [
    ['snapshots create-snapshot 0', /no snapshot repository/],
    ['storage compact', /the tables need no compaction/],
    ['sql SELECT', /cluster tables cannot be queried/],
    ['logs reconfigure --log-id 1', /the log of a partition is local/],
    ['config set --partition-replication 2', /all on its one node/],
    ['nodes set-storage-state --nodes N1 --storage-state read-only', /cannot be changed/],
  ];
  for (const [command, reason] of writes) {
    test(`is told why it cannot do: ${command}`, ours, async () => {
      assert.match((await run(command.split(' '))).output, reason);
    });
  }
});
