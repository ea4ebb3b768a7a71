import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unixMillis } from '../../src/actors/domain/time.ts';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import {
  FORMAT_VERSION,
  readMarker,
  type Marker,
} from '../../src/storage/data-directory-marker.ts';
import { KeyWriter, Table } from '../../src/storage/key-codec.ts';
import type { KeyValueBackend } from '../../src/storage/key-value-backend.ts';
import { openTables } from '../../src/storage/lmdb-backend.ts';
import { BLOCK_NUMBERS } from '../../src/storage/tables/invocation-block.ts';
import { upgradeFormat } from '../../src/storage/upgrade-format.ts';
import { commandEntry, completed, invocation, OTHER_PARTITION, PARTITION } from './rows.ts';
import { openStore } from './stores.ts';

const OLD: Marker = {
  formatVersion: 1,
  clusterName: 'localcluster',
  partitionsCount: 24,
  environmentsCount: 2,
  createdAt: '2026-11-23T02:04:58.404Z',
};

const COUNTED = [PARTITION, OTHER_PARTITION].map((partition) =>
  new KeyWriter(partition, Table.invocationBlock).start().finishRange(),
);

function countsIn(tables: KeyValueBackend): readonly string[] {
  return COUNTED.flatMap((range) =>
    [...tables.range(range)].map(
      ([key, value]) => `${key.toString('hex')} ${value.toString('hex')}`,
    ),
  );
}

function someInvocations(): readonly Invocation[] {
  const target = {
    kind: 'virtualObject',
    service: 'Counter',
    handler: 'add',
    key: 'k',
    mode: 'exclusive',
  } as const;
  return [
    invocation(1),
    invocation(2, { status: completed(), target }),
    invocation(3, { status: { kind: 'paused' }, createdAtMs: unixMillis(1) }),
    invocation(BLOCK_NUMBERS, { target }),
    invocation(BLOCK_NUMBERS + 1, { status: completed() }),
  ];
}

async function fill(directory: string): Promise<void> {
  const tables = openTables(directory);
  for (const partition of [PARTITION, OTHER_PARTITION]) {
    const store = openStore(tables, partition);
    for (const row of someInvocations()) {
      store.putInvocation(row);
      store.appendJournal(row.number, 0, commandEntry('step'));
    }
    await store.commit();
  }
  await tables.close();
}

test('a directory of format 1 gets its counts, also after an upgrade that was cut short', async () => {
  const root = mkdtempSync(join(tmpdir(), 'reprise-upgrade-'));
  try {
    const environments = ['partitions-0', 'partitions-1'].map((name) => join(root, name));
    for (const directory of environments) mkdirSync(directory);
    const [first = ''] = environments;
    await fill(first);

    const tables = openTables(first);
    const wanted = countsIn(tables);
    assert.equal(wanted.length, 4);
    // What format 1 lacks; one row is as a crash in the middle of an upgrade may leave it.
    const [stale, ...others] = COUNTED.flatMap((range) => [...tables.keys(range)]);
    await tables.commit([
      ...others.map((key) => ({ key, value: undefined })),
      ...(stale === undefined ? [] : [{ key: stale, value: Buffer.from('stale') }]),
    ]);
    await tables.close();

    await upgradeFormat(
      { path: root, marker: OLD },
      environments.map((directory) => () => openTables(directory)),
    );
    assert.equal(readMarker(root)?.formatVersion, FORMAT_VERSION);
    const upgraded = openTables(first);
    assert.deepEqual(countsIn(upgraded), wanted);
    await upgraded.close();
  } finally {
    rmSync(root, { recursive: true });
  }
});
