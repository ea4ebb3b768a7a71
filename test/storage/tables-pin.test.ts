// Pinned tables are copied while they change: the copy has what they had when they were pinned.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { tablesFile } from '../../src/storage/data-directory-layout.ts';
import type { KeyValueBackend, Write } from '../../src/storage/key-value-backend.ts';
import { type LmdbBackend, openTables } from '../../src/storage/lmdb-backend.ts';
import { copyFileFlushed } from '../../src/storage/snapshot/copy-file.ts';
import { type Random, seededRandom } from '../support/random.ts';

const EVERYTHING = { start: Buffer.from([0]), end: Buffer.from([0xff]) };
const KEYS_COUNT = 2_000;
const MEBIBYTE = 1024 * 1024;

const cleanups: Array<() => void | Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function makeDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'reprise-pin-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Rows put and deleted, small ones and some that take pages of their own. */
function randomWrites(random: Random, count: number): readonly Write[] {
  const writes = new Map<number, Write>();
  for (let i = 0; i < count; i++) {
    const number = random.integer(1, KEYS_COUNT);
    const key = Buffer.alloc(4);
    key.writeUInt32BE(number);
    const bytes = random.next() < 0.1 ? 20_000 : 200;
    const value = random.next() < 0.4 ? undefined : Buffer.alloc(bytes, random.integer(1, 255));
    writes.set(number, { key, value });
  }
  return [...writes.values()];
}

async function write(tables: KeyValueBackend, random: Random, batches: number): Promise<void> {
  for (let i = 0; i < batches; i++) await tables.commit(randomWrites(random, 100));
}

function rowsOf(tables: KeyValueBackend): ReadonlyMap<string, string> {
  const rows = [...tables.range(EVERYTHING)];
  return new Map(rows.map(([key, value]) => [key.toString('hex'), value.toString('latin1')]));
}

async function copyOf(tables: LmdbBackend, duringCopy: () => Promise<void>) {
  const { pin, release } = tables.pin();
  await duringCopy();
  const directory = join(makeDirectory(), 'copy');
  mkdirSync(directory);
  const { path: source, head, bytes } = pin;
  await copyFileFlushed({ source, target: tablesFile(directory), bytes, head });
  release();
  const copy = openTables(directory);
  cleanups.push(() => copy.close());
  return copy;
}

describe('pinned tables', () => {
  test('are copied as they were, however much is written meanwhile, and the copy can be written', async (t) => {
    const random = seededRandom();
    t.diagnostic(`SEED=${random.seed}`);
    const tables = openTables(makeDirectory());
    cleanups.push(() => tables.close());
    await write(tables, random, 20);
    for (let round = 0; round < 3; round++) {
      const expected = rowsOf(tables);
      const copy = await copyOf(tables, () => write(tables, random, 60));
      assert.notDeepEqual(rowsOf(tables), expected);
      assert.deepEqual(rowsOf(copy), expected);
      await write(copy, random, 20);
      assert.notDeepEqual(rowsOf(copy), expected);
    }
  });

  test('let go of their pages when the pin is released', async () => {
    const random = seededRandom();
    const directory = makeDirectory();
    const tables = openTables(directory);
    cleanups.push(() => tables.close());
    await write(tables, random, 40);
    const { release } = tables.pin();
    const bytes = (): number => statSync(tablesFile(directory)).size;
    const before = bytes();
    await write(tables, random, 60);
    const pinned = bytes() - before;
    release();
    await write(tables, random, 60);
    assert.ok(bytes() - before < 1.5 * pinned, `${bytes() - before} bytes after ${pinned}`);
  });

  test('are copied while the map of the file grows, and no row is lost by that', async (t) => {
    const random = seededRandom();
    t.diagnostic(`SEED=${random.seed}`);
    const directory = makeDirectory();
    const tables = openTables(directory, MEBIBYTE);
    await write(tables, random, 2);
    const expected = rowsOf(tables);
    const copy = await copyOf(tables, () => write(tables, random, 100));
    assert.ok(statSync(tablesFile(directory)).size > 4 * MEBIBYTE, 'the map has grown');
    assert.deepEqual(rowsOf(copy), expected);
    const after = rowsOf(tables);
    await tables.close();
    const reopened = openTables(directory);
    cleanups.push(() => reopened.close());
    assert.deepEqual(rowsOf(reopened), after);
  });

  test('that are empty are copied', async () => {
    const tables = openTables(makeDirectory());
    cleanups.push(() => tables.close());
    const copy = await copyOf(tables, () => Promise.resolve());
    assert.deepEqual([...rowsOf(copy)], []);
  });
});

describe('a copy', () => {
  test('ends where it is told to, with the first bytes it is given', async () => {
    const directory = makeDirectory();
    const source = tablesFile(directory);
    const tables = openTables(directory);
    await write(tables, seededRandom(), 30);
    await tables.close();
    const target = join(directory, 'copy');
    const copied = { source, target, bytes: MEBIBYTE + 5, head: Buffer.from('head') };
    assert.equal(await copyFileFlushed(copied), MEBIBYTE + 5);
    assert.equal(statSync(target).size, MEBIBYTE + 5);
    await assert.rejects(copyFileFlushed(copied), /EEXIST/);
    const longer = { source, target: `${target}-2`, bytes: 2 ** 40 };
    await assert.rejects(copyFileFlushed(longer), /ends at byte/);
  });

  test('is given up when its check throws', async () => {
    const directory = makeDirectory();
    await openTables(directory).close();
    const check = (): void => {
      throw new Error('enough');
    };
    const copied = { source: tablesFile(directory), target: join(directory, 'copy'), check };
    await assert.rejects(copyFileFlushed(copied), /enough/);
  });
});
