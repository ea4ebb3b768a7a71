// The log under a store: what its files may look like after a crash, and what is made of them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DataDirectoryError } from '../../src/storage/data-directory-error.ts';
import type { KeyValueBackend, Write } from '../../src/storage/key-value-backend.ts';
import { openLoggedBackend } from '../../src/storage/log/logged-backend.ts';
import { Log } from '../../src/storage/log/log.ts';
import { recoverLog, recoverLogs } from '../../src/storage/log/recover-log.ts';
import { decodeRecord, RecordEncoder } from '../../src/storage/log/record.ts';
import { MemoryBackend } from '../../src/storage/memory-backend.ts';

const NAME = '0';
const MIB = 1024 * 1024;

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'reprise-log-'))));
afterEach(() => rmSync(directory, { recursive: true }));

function put(key: string, value: string): Write {
  return { key: Buffer.from(key), value: Buffer.from(value) };
}

function remove(key: string): Write {
  return { key: Buffer.from(key), value: undefined };
}

/** Writes one record per list, flushed, as a process does that is killed then. */
function writeLog(records: ReadonlyArray<readonly Write[]>, log = new Log(directory, NAME)): Log {
  for (const writes of records) {
    log.append([writes]);
    void log.flush();
  }
  return log;
}

async function recovered(tables = new MemoryBackend()): Promise<MemoryBackend> {
  await recoverLog(directory, NAME, tables);
  return tables;
}

function read(tables: KeyValueBackend, key: string): string | undefined {
  return tables.get(Buffer.from(key))?.toString();
}

function segmentFile(index: 0 | 1): string {
  return join(directory, `log-${NAME}.${index}`);
}

/** Where each record begins, and the end of the last. */
function recordOffsets(path: string): number[] {
  const bytes = readFileSync(path);
  const offsets = [0];
  for (let record = decodeRecord(bytes, 0); record; record = decodeRecord(bytes, record.end)) {
    offsets.push(record.end);
  }
  return offsets;
}

function overwrite(path: string, offset: number, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes.subarray(offset));
  writeFileSync(path, bytes);
}

describe('a record', () => {
  test('holds puts, deletes, empty values and no writes at all', () => {
    const batches = [[put('a', '1'), remove('b')], [], [put('c', '')]];
    const bytes = new RecordEncoder().encode(7, batches);
    const record = decodeRecord(Buffer.from(bytes), 0);
    assert.deepEqual(
      record?.writes.map(({ key, value }) => [
        key.toString(),
        value && Buffer.from(value).toString(),
      ]),
      [
        ['a', '1'],
        ['b', undefined],
        ['c', ''],
      ],
    );
    assert.equal(record?.sequence, 7);
    assert.equal(record?.end, bytes.length);
  });

  test('larger than the encoder keeps room for is encoded like any other', () => {
    const encoder = new RecordEncoder();
    for (const bytes of [10, 300_000, 10 * MIB, 10]) {
      const record = decodeRecord(encoder.encode(1, [[put('k', 'x'.repeat(bytes))]]), 0);
      assert.equal(record?.writes[0]?.value?.length, bytes);
    }
  });

  test('of which a byte is wrong or missing is none', () => {
    const bytes = Buffer.from(new RecordEncoder().encode(1, [[put('key', 'value')]]));
    const padding = bytes.length - (18 + 6 + 8);
    for (let i = 0; i < bytes.length - padding; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 0x40;
      assert.equal(decodeRecord(changed, 0), undefined, `byte ${i}`);
      assert.equal(decodeRecord(bytes.subarray(0, i), 0), undefined, `${i} bytes`);
    }
  });
});

describe('a log found at the start', () => {
  test('is brought to the tables, the last write of each key, and its files are removed', async () => {
    writeLog([[put('a', '1'), put('b', '1')], [put('a', '2')], [remove('b'), put('c', '3')]]);
    const tables = new MemoryBackend();
    await tables.commit([put('b', '0'), put('d', '0')]);
    await recovered(tables);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => read(tables, key)),
      ['2', undefined, '3', '0'],
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  test('may be brought there again when the process died in between', async () => {
    const records = [[put('a', '1')], [remove('a')], [put('b', '2')]];
    writeLog(records);
    const tables = await recovered();
    writeLog(records);
    await recovered(tables);
    assert.deepEqual([read(tables, 'a'), read(tables, 'b')], [undefined, '2']);
  });

  test('is recovered whatever thread wrote it', async () => {
    writeLog([[put('a', '1')]], new Log(directory, '0'));
    writeLog([[put('b', '2')]], new Log(directory, '17'));
    const tables = new MemoryBackend();
    await recoverLogs(directory, () => new Proxy(tables, keptOpen));
    assert.deepEqual([read(tables, 'a'), read(tables, 'b')], ['1', '2']);
    assert.deepEqual(readdirSync(directory), []);
  });

  test('has lost only its last record when that is torn, wherever it is torn', async () => {
    const last = [put('b', 'x'.repeat(5000))];
    writeLog([[put('a', '1')], [put('a', '2')], last]);
    const [, , start = 0, end = 0] = recordOffsets(segmentFile(0));
    const whole = readFileSync(segmentFile(0));
    for (const kept of [0, 1, 4, 17, 18, 30, 4096, end - start - 8]) {
      const torn = Buffer.from(whole);
      torn.fill(0, start + kept);
      writeFileSync(segmentFile(0), torn);
      const tables = await recovered();
      assert.deepEqual([read(tables, 'a'), read(tables, 'b')], ['2', undefined], `${kept} bytes`);
    }
  });

  test('is refused when a record is damaged that others follow', async () => {
    writeLog([[put('a', '1')], [put('a', '2')], [put('a', '3')]]);
    const [, second = 0] = recordOffsets(segmentFile(0));
    overwrite(segmentFile(0), second + 20, (bytes) => bytes.writeUInt8(0xee));
    await assert.rejects(recovered(), (error) => {
      assert.ok(error instanceof DataDirectoryError);
      assert.equal(error.kind, 'damagedLog');
      assert.match(error.message, /record 2 .*unreadable/);
      return true;
    });
    assert.ok(readdirSync(directory).length > 0, 'the log is kept');
  });
});

describe('a log of two segments', () => {
  const large = (n: number): readonly Write[] => [put(`${n}`, `${n}`.padEnd(3 * MIB, '.'))];

  /** Each segment takes three records before it is left. */
  function writeTurns(recordsCount: number): Log {
    const log = new Log(directory, NAME);
    for (let n = 1; n <= recordsCount; n++) {
      writeLog([large(n)], log);
      log.trim(n);
    }
    return log;
  }

  test('writes its files again when they are no longer needed', () => {
    writeTurns(30);
    for (const index of [0, 1] as const) {
      const { size } = statSync(segmentFile(index));
      assert.ok(size > 8 * MIB && size < 12 * MIB, `${size} bytes`);
    }
  });

  test('grows while the tables do not have what the other segment holds', async () => {
    const log = new Log(directory, NAME);
    for (let n = 1; n <= 9; n++) writeLog([large(n)], log);
    const tables = await recovered();
    for (let n = 1; n <= 9; n++) assert.equal(read(tables, `${n}`)?.length, 3 * MIB);
  });

  for (const recordsCount of [4, 6, 7, 8, 13, 14]) {
    test(`has its latest records after ${recordsCount}`, async () => {
      writeTurns(recordsCount);
      const tables = await recovered();
      for (let n = Math.max(1, recordsCount - 2); n <= recordsCount; n++) {
        assert.equal(read(tables, `${n}`)?.length, 3 * MIB, `record ${n}`);
      }
    });
  }

  test('has what is behind a torn first record of a segment that is used again', async () => {
    writeTurns(7); // Record 7 is the first of the segment that held 1 to 3.
    overwrite(segmentFile(0), MIB, (bytes) => bytes.fill(0, 0, MIB));
    const tables = await recovered();
    assert.equal(read(tables, '7'), undefined);
    assert.equal(read(tables, '6')?.length, 3 * MIB);
  });

  test('is refused when the end of the older segment is damaged', async () => {
    writeTurns(5);
    const offsets = recordOffsets(segmentFile(0));
    overwrite(segmentFile(0), offsets[2] ?? 0, (bytes) => bytes.fill(0, 0, 100));
    await assert.rejects(recovered(), /record 3 is missing/);
  });
});

describe('a logged backend', () => {
  async function open(tables: KeyValueBackend): Promise<KeyValueBackend> {
    return openLoggedBackend({ tables, path: directory, name: NAME });
  }

  test('acknowledges before the tables have the batch, and settles when they have it', async () => {
    const tables = new MemoryBackend();
    const backend = await open(tables);
    let applied = 0;
    await backend.commit([put('a', '1')], () => (applied += 1));
    assert.equal(read(tables, 'a'), undefined);
    assert.equal(applied, 0);
    await backend.settle();
    assert.equal(read(tables, 'a'), '1');
    assert.equal(applied, 1);
    await backend.close();
    assert.deepEqual(readdirSync(directory), [], 'no log is left when the tables have everything');
  });

  test('brings its batches to the tables by itself after a while', async () => {
    const tables = new MemoryBackend();
    const backend = await open(tables);
    await new Promise<void>((resolve) => void backend.commit([put('a', '1')], resolve));
    assert.equal(read(tables, 'a'), '1');
    await backend.close();
  });

  test('commits nothing more after the tables failed, and leaves the log for the next start', async () => {
    const tables = new MemoryBackend();
    const broken = new Proxy(tables, failingCommit);
    const backend = await open(broken);
    await backend.commit([put('a', '1')]);
    await assert.rejects(backend.settle(), /the disk is full/);
    await assert.rejects(backend.commit([put('a', '2')]), /the disk is full/);
    await assert.rejects(backend.commit([put('a', '3')]), /the disk is full/);
    await backend.close();
    assert.equal(read(await recovered(), 'a'), '1');
  });
});

const keptOpen: ProxyHandler<MemoryBackend> = {
  get: (target, name) => {
    if (name === 'close') return () => Promise.resolve();
    return bound(target, name);
  },
};

const failingCommit: ProxyHandler<MemoryBackend> = {
  get: (target, name) => {
    if (name === 'commit') return () => Promise.reject(new Error('the disk is full'));
    return bound(target, name);
  },
};

function bound(target: MemoryBackend, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
