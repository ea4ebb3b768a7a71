// Options of the storage engine of the reference server: once in the root and in each table that has
// a database. Defaults that depend on the machine are left out.
import { type ForeignOption, foreignTable } from './foreign-option.ts';

type Rows = Parameters<typeof foreignTable>[1];

/** What every database has. */
const COMMON: Rows = [
  ['rocksdb-disable-direct-io-for-reads', 'boolean', true],
  ['rocksdb-disable-direct-io-for-flush-and-compactions', 'boolean', true],
  ['rocksdb-disable-statistics', 'boolean', false],
  ['rocksdb-compaction-readahead-size', 'bytes', '1.9 MiB'],
  ['rocksdb-disable-auto-compactions', 'boolean', false],
  ['rocksdb-statistics-level', 'text', 'except-timers'],
  ['rocksdb-log-level', 'text', 'error'],
  ['rocksdb-log-keep-file-num', 'whole', 1],
  ['rocksdb-log-max-file-size', 'bytes', '61 MiB'],
  ['rocksdb-block-size', 'bytes', '64 KiB'],
  ['rocksdb-disable-wal-compression', 'boolean', false],
  ['rocksdb-disable-l0-l1-compression', 'boolean', false],
  ['rocksdb-memory-budget', 'bytes'],
  ['rocksdb-disable-wal', 'boolean', false],
  ['rocksdb-disable-wal-fsync', 'boolean', false],
  ['rocksdb-max-background-flushes', 'whole'],
  ['rocksdb-max-background-compactions', 'whole'],
  ['rocksdb-max-sub-compactions', 'whole', 1],
  ['rocksdb-writable-file-max-buffer-size', 'bytes', '1 MiB'],
];

/** What differs: the share of the memory, and what only one of them has. */
const TABLES: ReadonlyArray<readonly [table: string, rows: Rows]> = [
  [
    'worker.storage',
    [
      ['rocksdb-memory-ratio', 'ratio', 0.49],
      ['rocksdb-disable-auto-memory-reclaimer', 'boolean', false],
      ['rocksdb-max-file-size', 'bytes', '64 MiB'],
      ['rocksdb-l0-num-compaction-trigger', 'whole', 2],
      ['num-partitions-to-share-memory-budget', 'count'],
    ],
  ],
  [
    'log-server',
    [
      ['rocksdb-memory-ratio', 'ratio', 0.5],
      ['rocksdb-max-file-size', 'bytes', '128 MiB'],
      ['rocksdb-l0-num-compaction-trigger', 'whole', 8],
      ['rocksdb-enable-blob-separation', 'boolean', false],
      ['rocksdb-partition-sst-by-log', 'boolean', true],
      ['rocksdb-partition-sst-by-loglet', 'boolean', false],
      ['rocksdb-wal-dir', 'text'],
    ],
  ],
  ['bifrost.local', [['rocksdb-memory-ratio', 'ratio', 0.5]]],
  ['metadata-server', [['rocksdb-memory-ratio', 'ratio', 0.01]]],
];

const ROOT: Rows = [
  ['rocksdb-total-memory-size', 'bytes', '2 GiB'],
  ['rocksdb-total-memtables-ratio', 'ratio', 0.85],
  ['rocksdb-max-write-rate-per-second', 'bytes', '7 GiB'],
  ['rocksdb-perf-level', 'text', 'enable-count'],
  ['rocksdb-high-priority-threads', 'count'],
  ['rocksdb-low-priority-threads', 'count'],
  ['rocksdb-bg-threads', 'count'],
  ...COMMON,
];

export const FOREIGN_STORAGE_OPTIONS: readonly ForeignOption[] = [
  ...foreignTable('', ROOT),
  ...TABLES.flatMap(([table, rows]) => foreignTable(table, [...COMMON, ...rows])),
];
