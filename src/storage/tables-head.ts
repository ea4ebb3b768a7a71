// The first two pages of LMDB's file, which say where the tables are. LMDB writes them in turns, and
// takes the one with the higher transaction number. lmdb-js 3.5 dies of a file whose first page is
// damaged, and goes back to an older state when the second one is, so they are looked at before it.
//
//   0        8          16    18      20      24      28        32        40
//   | number | transact | pad | flags | bounds | magic | version | address | map bytes | …
//   48           …   144         152           integers are little-endian
//   | page bytes | … | last page | transaction |
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DataDirectoryError } from './data-directory-error.ts';

const MAGIC = 0xbeefc0de;
const META_FLAG = 0x08;
const DATA_VERSION = 2;
const HEAD_PAGES = 2;
const META_BYTES = 160;

export interface TablesHead {
  /** Both pages. */
  readonly bytes: Buffer;
  /** Where the last page ends. The file may be shorter: pages at its end may be free. */
  readonly end: number;
  readonly fileBytes: number;
}

interface MetaPage {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
}

/** Throws a `DataDirectoryError` if the file does not begin as it should. */
export function readTablesHead(path: string): TablesHead {
  const file = openSync(path, 'r');
  try {
    const first = readMeta(path, readAt(file, 0, META_BYTES));
    const bytes = readAt(file, 0, HEAD_PAGES * first.pageBytes);
    const second = readMeta(path, bytes.subarray(first.pageBytes));
    const { lastPage } = second.transaction > first.transaction ? second : first;
    return { bytes, end: (lastPage + 1) * first.pageBytes, fileBytes: fstatSync(file).size };
  } finally {
    closeSync(file);
  }
}

export function damagedTables(path: string, why: string): DataDirectoryError {
  return new DataDirectoryError(
    'damagedTables',
    `${path} is damaged: ${why}. Restore the data directory from a backup`,
  );
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function readMeta(path: string, page: Buffer): MetaPage {
  if (page.length < META_BYTES) throw damagedTables(path, 'it ends within its first pages');
  if ((page.readUInt16LE(18) & META_FLAG) === 0 || page.readUInt32LE(24) !== MAGIC) {
    throw damagedTables(path, 'its first pages are not those of LMDB');
  }
  const version = page.readUInt32LE(28) & 0xffff;
  if (version !== DATA_VERSION)
    throw damagedTables(path, `it has version ${version} of LMDB's form`);
  return {
    pageBytes: page.readUInt32LE(48),
    lastPage: Number(page.readBigUInt64LE(144)),
    transaction: Number(page.readBigUInt64LE(152)),
  };
}
