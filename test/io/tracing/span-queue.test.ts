import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { InvocationId } from '../../../src/actors/domain/ids.ts';
import { createLogger } from '../../../src/io/log.ts';
import { queueLimitsOf } from '../../../src/io/tracing/settings.ts';
import type { SpanFacts } from '../../../src/io/tracing/span-facts.ts';
import { CLOSE_MS_MAX, type ExportSpans, SpanQueue } from '../../../src/io/tracing/span-queue.ts';

const LIMITS = { spansMax: 10, batchSpansMax: 4, delayMs: 20 };

/** Facts with a name instead of an invocation's id. */
function span(name: string): SpanFacts {
  return {
    kind: 'ended',
    invocationId: name as InvocationId,
    target: { kind: 'service', service: 'Greeter', handler: 'greet' },
    trace: { relation: 'parent', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    failure: undefined,
    atMs: 0,
  };
}

/** A queue whose exports are recorded, and answered by `answer`. */
function createQueue(answer: () => Promise<void>, limits = LIMITS) {
  const batches: string[][] = [];
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const log = createLogger({
    directives: [{ target: '', level: 'trace' }],
    format: 'json',
    colours: false,
    sinks: { output: sink, errors: sink },
  });
  const exportSpans: ExportSpans = (spans) => {
    batches.push(spans.map(({ invocationId }) => invocationId));
    return answer();
  };
  const queue = new SpanQueue(exportSpans, limits, log);
  return { queue, batches, lost: () => lines.map((line) => lostIn(line)) };
}

function lostIn(line: string): readonly [spans: number, error: string | undefined] {
  const { fields }: { fields: { spans: number; error?: string } } = JSON.parse(line);
  return [fields.spans, fields.error];
}

const accept = (): Promise<void> => Promise.resolve();
const refuse = (): Promise<void> => Promise.reject(new Error('refused'));
const hang = (): Promise<void> => new Promise(() => undefined);

describe('the queue of spans', () => {
  test('exports a full batch at once, and the rest after the delay', async () => {
    const { queue, batches } = createQueue(accept);
    for (const name of ['1', '2', '3', '4', '5']) queue.add(span(name));
    assert.deepEqual(batches, [['1', '2', '3', '4']]);
    await delay(LIMITS.delayMs * 3);
    assert.deepEqual(batches, [['1', '2', '3', '4'], ['5']]);
  });

  test('exports one batch at a time', async () => {
    const answers: Array<() => void> = [];
    const { queue, batches } = createQueue(() => new Promise((resolve) => answers.push(resolve)));
    for (let n = 0; n < 9; n += 1) queue.add(span(String(n)));
    assert.equal(batches.length, 1);
    answers[0]?.();
    await delay(0);
    assert.deepEqual(batches[1], ['4', '5', '6', '7']);
  });

  test('holds no more than its limit while the receiver hangs, and says so once', async () => {
    const { queue, batches, lost } = createQueue(hang);
    for (let n = 0; n < 100_000; n += 1) queue.add(span(String(n)));
    assert.equal(batches.length, 1);
    assert.deepEqual(lost(), [[1, undefined]]);
    const startMs = performance.now();
    await queue.close();
    assert.ok(performance.now() - startMs < CLOSE_MS_MAX + 500);
    assert.deepEqual(lost(), [
      [1, undefined],
      [99_999, undefined],
    ]);
  });

  test('goes on after refusals, and says once what was lost and why', async () => {
    let answer = refuse;
    const { queue, batches, lost } = createQueue(() => answer());
    for (let n = 0; n < 8; n += 1) queue.add(span(String(n)));
    await delay(0);
    assert.deepEqual(lost(), [[4, 'refused']]);
    answer = accept;
    queue.add(span('8'));
    await queue.close();
    assert.deepEqual(batches, [['0', '1', '2', '3'], ['4', '5', '6', '7'], ['8']]);
    assert.equal(
      lost().reduce((sum, [spans]) => sum + spans, 0),
      8,
    );
  });

  test('exports what waits when it is closed', async () => {
    const { queue, batches, lost } = createQueue(accept, { ...LIMITS, delayMs: 60_000 });
    for (const name of ['1', '2', '3']) queue.add(span(name));
    await queue.close();
    assert.deepEqual(batches, [['1', '2', '3']]);
    assert.deepEqual(lost(), []);
  });
});

test('the limits of the queue are those of OpenTelemetry’s environment variables', () => {
  assert.deepEqual(queueLimitsOf({}), { spansMax: 2048, batchSpansMax: 512, delayMs: 5000 });
  const environment = {
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
  };
  assert.deepEqual(queueLimitsOf(environment), {
    spansMax: 100,
    batchSpansMax: 100,
    delayMs: 5000,
  });
});
