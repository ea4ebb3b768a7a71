import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Histogram } from '../../../src/actors/domain/histogram.ts';
import type { MetricSample } from '../../../src/actors/domain/metric-sample.ts';
import type { PartitionNumber } from '../../../src/actors/domain/ids.ts';
import type { ThreadFindings } from '../../../src/actors/ports.ts';
import { boundLabelSets, mergeSamples } from '../../../src/io/metrics/merge.ts';
import { ThreadHistory } from '../../../src/io/metrics/thread-history.ts';

function counted(value: number, thread = '0'): MetricSample {
  return { name: 'reprise_table_rows_written_total', labels: { thread }, value };
}

test('samples of the same name and labels are added up', () => {
  assert.deepEqual(mergeSamples([counted(1), counted(2, '1'), counted(3)]), [
    counted(4),
    counted(2, '1'),
  ]);
});

test('histograms are added up, and the ones that go on counting stay as they are', () => {
  const live = new Histogram(Float64Array.of(1));
  live.observe(0.5);
  const name = 'reprise_batch_commands';
  const one = { name, labels: {}, value: live };
  const [merged] = mergeSamples([one, one]);
  assert.ok(merged !== undefined && typeof merged.value !== 'number');
  assert.equal(merged.value.sum, 1);
  assert.equal(live.sum, 0.5);
});

test('label sets beyond the bound are added up as others', () => {
  const samples = Array.from({ length: 10 }, (_, thread) => counted(1, String(thread)));
  assert.deepEqual(boundLabelSets(samples, 3), [
    counted(1, '0'),
    counted(1, '1'),
    counted(8, 'other'),
  ]);
  assert.equal(boundLabelSets(samples, 10), samples);
});

describe('the history of the threads', () => {
  function found(startsCount: number, samples?: readonly MetricSample[]): ThreadFindings {
    return {
      thread: 0,
      partitions: [0 as PartitionNumber],
      isReady: samples !== undefined,
      isHung: false,
      silentMs: 0,
      startsCount,
      report: samples && { samples, partitions: [], schemaVersion: 0, ruleBookVersion: 0 },
    };
  }
  const depth = (value: number): MetricSample => ({
    name: 'reprise_mailbox_depth',
    labels: { partition: '0' },
    value,
  });

  test('keeps counters of threads that died, and no gauges', () => {
    const history = new ThreadHistory();
    const sumOf = (findings: ThreadFindings) => mergeSamples(history.samples([findings]));
    assert.deepEqual(sumOf(found(1, [counted(5), depth(3)])), [counted(5), depth(3)]);
    assert.deepEqual(sumOf(found(1)), [counted(5), depth(3)], 'a silent thread is as it was');
    assert.deepEqual(sumOf(found(2)), [counted(5)], 'a thread that starts has counted nothing');
    assert.deepEqual(sumOf(found(2, [counted(1), depth(0)])), [counted(6), depth(0)]);
    assert.deepEqual(sumOf(found(4, [counted(1), depth(2)])), [counted(7), depth(2)]);
  });
});
