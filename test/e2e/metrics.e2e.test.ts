// What GET /metrics of the node port says about what was done.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { METRICS } from '../../src/io/metrics/definitions.ts';
import { HttpClient } from '../support/http.ts';
import { type Family, parsePrometheusText, sumOf } from '../support/prometheus-text.ts';
import { Rig } from '../support/rig.ts';
import { serverUnderTest, skippedOnReference, startServer } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const CALLS_COUNT = 20;
const NODE_LABELS = { cluster_name: 'localcluster', node_name: 'node-1' };

type Families = ReadonlyMap<string, Family>;

let rig: Rig;
let node: HttpClient;

before(async () => {
  rig = await Rig.start({
    modules: ['ingress-samples', 'load', 'retrying'],
    server: {
      environment: {
        RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '100ms',
        RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS: '2',
        RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: '10ms',
      },
    },
  });
  node = new HttpClient(rig.server.nodeUrl);
});
after(async () => {
  node.close();
  await rig.dispose();
});

async function scrape(): Promise<Families> {
  const reply = await node.get('/metrics');
  assert.equal(reply.status, 200);
  assert.match(reply.headers['content-type'] ?? '', /^text\/plain;.*charset=utf-8/);
  return parsePrometheusText(reply.text(), {
    allowsFragments: serverUnderTest === 'reference',
  });
}

/** Waits until a figure is reached, since some are counted after the answer. */
function scrapeWith(name: string, labels: Readonly<Record<string, string>>, least: number) {
  return waitFor(`${name} of ${least}`, async () => {
    const families = await scrape();
    return sumOf(families, name, labels) >= least ? families : undefined;
  });
}

describe('the metrics that both servers have', () => {
  test('count requests of the ingress', async () => {
    const labels = { rpc_service: 'Echo', rpc_type: 'call', ...NODE_LABELS };
    for (let call = 0; call < CALLS_COUNT; call += 1) {
      assert.equal((await rig.ingress.post('/Echo/echo', call)).status, 200);
    }
    assert.equal((await rig.ingress.post('/Echo/fail', { message: 'no' })).status, 500);
    assert.equal((await rig.ingress.post('/Load/note/send', 1)).status, 202);

    const name = 'restate_ingress_requests_total';
    const families = await scrapeWith(name, { ...labels, status: 'completed' }, CALLS_COUNT);
    assert.equal(sumOf(families, name, { ...labels, status: 'completed' }), CALLS_COUNT);
    assert.equal(sumOf(families, name, { ...labels, status: 'invocation_error' }), 1);
    assert.equal(sumOf(families, name, { rpc_service: 'Load', rpc_type: 'send' }), 1);
    assert.ok(sumOf(families, name, { status: 'admitted' }) >= CALLS_COUNT + 2);

    const duration = 'restate_ingress_request_duration_seconds';
    assert.equal(sumOf(families, `${duration}_count`, labels), CALLS_COUNT + 1);
    const seconds = sumOf(families, `${duration}_sum`, labels);
    const median = sumOf(families, duration, { ...labels, quantile: '0.5' });
    const longest = sumOf(families, duration, { ...labels, quantile: '1' });
    assert.ok(median > 0 && median <= longest && longest <= seconds + 0.1);
  });

  test('count attempts and what went to the deployment', async () => {
    const name = 'restate_invoker_invocation_tasks_total';
    const families = await scrapeWith(name, { status: 'completed' }, CALLS_COUNT + 2);
    assert.ok(sumOf(families, name, { status: 'started' }) >= CALLS_COUNT + 2);
    const type = 'Http/bidi-stream';
    const answers = { type, status_code: '200' };
    const asked = sumOf(families, 'restate_invoker_client_requests_total', answers);
    assert.ok(asked >= CALLS_COUNT + 2, String(asked));
    assert.ok(sumOf(families, 'restate_invoker_sent_bytes_total', { type }) > 1000);
    assert.ok(sumOf(families, 'restate_invoker_received_bytes_total', { type }) > 300);
    assert.ok(sumOf(families, 'restate_connection_pool_connection_opened_total') >= 1);
    assert.ok(sumOf(families, 'restate_connection_pool_stream_opened_total') >= CALLS_COUNT + 2);
  });

  test('count failed attempts that are tried again', async () => {
    assert.equal((await rig.ingress.post('/RetryByDefault/fail/send', { tag: 'm' })).status, 202);
    const labels = { status: 'failed', transient: 'true' };
    await scrapeWith('restate_invoker_invocation_tasks_total', labels, 1);
  });

  test('tell what the dashboards choose by', async () => {
    const families = await scrapeWith('restate_num_partitions', NODE_LABELS, 4);
    assert.equal(sumOf(families, 'restate_num_partitions'), 4);
    assert.equal(sumOf(families, 'restate_num_active_partition_leaders', NODE_LABELS), 4);
    const alive = { ...NODE_LABELS, state: 'alive' };
    assert.equal(sumOf(families, 'restate_failure_detector_nodes_total', alive), 1);
    for (const partition of ['0', '1', '2', '3']) {
      assert.equal(sumOf(families, 'restate_partition_start_total', { partition }), 1);
    }
    assert.ok(sumOf(families, 'restate_rocksdb_estimate_num_keys', { db: 'db' }) >= 0);
    assert.ok(sumOf(families, 'restate_jemalloc_resident_bytes') > 10_000_000);
    const commands = 'restate_partition_apply_command_duration_seconds_count';
    assert.ok(sumOf(families, commands, { command: 'InvokerEffect', leader: '1' }) >= CALLS_COUNT);
    assert.ok(sumOf(families, 'restate_bifrost_replicatedloglet_enqueued_records_total') > 0);
  });

  test('have the same types', async () => {
    const shared = Object.entries(METRICS).filter(([name]) => name.startsWith('restate_'));
    const families = await scrape();
    let comparedCount = 0;
    for (const [name, { type }] of shared) {
      const family = families.get(name);
      if (family === undefined) continue;
      comparedCount += 1;
      assert.equal(family.type, type, name);
      for (const { labels } of family.samples) {
        for (const [label, value] of Object.entries(NODE_LABELS)) {
          assert.equal(labels[label], value, name);
        }
      }
    }
    assert.ok(comparedCount > 30, String(comparedCount));
  });
});

const ours = { skip: skippedOnReference('these metrics are not its own') };

describe('the metrics that explain Reprise', ours, () => {
  test('count invocations by handler and outcome', async () => {
    const name = 'reprise_invocations_completed_total';
    const echo = { service: 'Echo', handler: 'echo', outcome: 'success' };
    const families = await scrapeWith(name, echo, CALLS_COUNT);
    assert.equal(sumOf(families, name, echo), CALLS_COUNT);
    assert.equal(sumOf(families, name, { ...echo, handler: 'fail', outcome: 'failure' }), 1);
    assert.equal(sumOf(families, name, { ...echo, outcome: 'failure' }), 0);
  });

  test('tell what the invocations do that are not completed', async () => {
    await scrapeWith('reprise_invocations', { status: 'paused' }, 1);
    assert.equal((await rig.ingress.post('/Echo/awakeable/send', 'one')).status, 202);
    assert.equal((await rig.ingress.post('/Load/note/send?delay=1h', 2)).status, 202);
    const families = await scrapeWith('reprise_invocations', { status: 'suspended' }, 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'scheduled' }), 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'suspended' }), 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'paused' }), 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'invoked' }), 0);
  });

  test('tell the same after a crash', async () => {
    await rig.crash();
    const families = await scrapeWith('reprise_invocations', { status: 'suspended' }, 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'scheduled' }), 1);
    assert.equal(sumOf(families, 'reprise_invocations', { status: 'paused' }), 1);
    assert.equal(sumOf(families, 'reprise_invocations'), 3);
  });

  test('say how the partitions work', async () => {
    assert.equal((await rig.ingress.post('/Load/square', 3)).status, 200);
    const square = { service: 'Load', handler: 'square' };
    const families = await scrapeWith('reprise_invocations_completed_total', square, 1);
    const positive: ReadonlyArray<readonly [string, Readonly<Record<string, string>>?]> = [
      ['reprise_batch_commands_sum'],
      ['reprise_output_gate_wait_seconds_sum'],
      ['reprise_log_flush_duration_seconds_sum'],
      ['reprise_log_record_batches_sum'],
      ['reprise_log_bytes'],
      ['reprise_lmdb_map_used_bytes', { environment: '0' }],
      ['reprise_lmdb_map_size_bytes', { environment: '0' }],
      ['reprise_attempt_duration_seconds_count'],
      ['reprise_event_loop_busy_seconds_total', { thread: '0' }],
      ['reprise_event_loop_busy_seconds_total', { thread: 'main' }],
      ['reprise_heap_used_bytes', { thread: '0' }],
      ['reprise_partition_thread_up', { thread: '0' }],
      ['reprise_data_directory_free_bytes'],
      ['process_resident_memory_bytes'],
      ['restate_usage_leader_journal_entry_count_total', { entry: 'Command/Run' }],
    ];
    for (const [name, labels] of positive) assert.ok(sumOf(families, name, labels) > 0, name);
    const zero = ['reprise_partition_thread_hung', 'reprise_requests_in_flight'];
    for (const name of zero) assert.equal(sumOf(families, name), 0, name);
    assert.equal(sumOf(families, 'reprise_deployments'), 1);
  });
});

test('metrics that are switched off are not there', async () => {
  const server = await startServer({ environment: { RESTATE_DISABLE_PROMETHEUS: 'true' } });
  const client = new HttpClient(server.nodeUrl);
  try {
    const reply = await client.get('/metrics');
    assert.equal(reply.status, 200);
    assert.doesNotMatch(reply.text(), /^(?!restate_rocksdb_)(?:restate|reprise)_/m);
  } finally {
    client.close();
    await server.dispose();
  }
});
