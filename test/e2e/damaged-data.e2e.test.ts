// A data directory that is damaged, or of another version, is refused at start: nothing is served from it,
// and the message names the file.
import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Rig } from '../support/rig.ts';
import { runServerCommand, serverUnderTest } from '../support/servers.ts';

const PAGE_BYTES = 4096;
const NODE = ['--node-name', 'node-1', '--use-random-ports', 'true', '--bind-ip', '127.0.0.1'];

interface Damage {
  readonly what: string;
  /** Relative to the data directory. */
  readonly file: string;
  readonly message: RegExp;
  readonly make: (path: string) => void;
}

function overwrite(path: string, position: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, position);
  closeSync(file);
}

function changeMarker(path: string, changes: object): void {
  const marker: unknown = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(Object.assign({}, marker, changes)));
}

const TABLES = 'partitions-0/data.mdb';
const SCHEMA = 'schema/data.mdb';
const MARKER = 'reprise.json';

const DAMAGES: readonly Damage[] = [
  {
    what: 'of a newer version',
    file: '',
    message: /has format 99, .* use a newer version/,
    make: (path) => changeMarker(join(path, MARKER), { formatVersion: 99 }),
  },
  {
    what: 'with a marker that is no JSON',
    file: MARKER,
    message: /failed to read the directory marker/,
    make: (path) => writeFileSync(path, '{"formatVersion":'),
  },
  {
    what: 'with a marker of other fields',
    file: MARKER,
    message: /failed to read the directory marker/,
    make: (path) => changeMarker(path, { partitionsCount: 'many' }),
  },
  {
    what: 'without its marker',
    file: MARKER,
    message: /has no marker/,
    make: (path) => rmSync(path),
  },
  {
    what: 'with a log that is damaged in the middle',
    file: 'partitions-0/log-0.0',
    message: /is damaged: record \d+ at byte \d+ is unreadable/,
    make: (path) => overwrite(path, 100, 50),
  },
  ...[TABLES, SCHEMA].flatMap((file): readonly Damage[] => [
    {
      what: `with a damaged first page in ${file}`,
      file,
      message: /is damaged: its first pages are not those of LMDB/,
      make: (path) => overwrite(path, 0, 64),
    },
    {
      what: `with a damaged second page in ${file}`,
      file,
      message: /is damaged: its first pages are not those of LMDB/,
      make: (path) => overwrite(path, PAGE_BYTES, 64),
    },
    {
      what: `with ${file} cut off after its first page`,
      file,
      message: /is damaged: it ends within its first pages/,
      make: (path) => truncateSync(path, PAGE_BYTES),
    },
    {
      what: `with the end of ${file} missing`,
      file,
      message: /is damaged: its end is missing/,
      make: (path) => truncateSync(path, statSync(path).size - 2 * PAGE_BYTES),
    },
    {
      what: `with ${file} empty`,
      file,
      message: /is damaged: it is gone or empty/,
      make: (path) => truncateSync(path, 0),
    },
    {
      what: `without ${file}`,
      file,
      message: /is damaged: it is gone or empty/,
      make: (path) => rmSync(path),
    },
  ]),
];

describe('a data directory', { skip: serverUnderTest === 'reference' && 'is another one' }, () => {
  let rig: Rig;
  let copies: string;
  before(async () => {
    const environment = { RESTATE_WORKER__PARTITION_THREADS: '1' };
    rig = await Rig.start({ modules: ['durable'], server: { environment } });
    copies = mkdtempSync(join(tmpdir(), 'reprise-damaged-'));
    for (let n = 0; n < 50; n++) {
      await rig.ingress.post('/Steps/run', { id: `${n}`, count: 2, padding: 'x'.repeat(10_000) });
    }
    // The tables have the first half then, and the log the second.
    await rig.server.stop();
    await rig.server.restart();
    for (let n = 0; n < 5; n++) await rig.ingress.post('/Steps/run', { id: `l-${n}`, count: 2 });
    await rig.server.kill('SIGKILL');
  });
  after(async () => {
    rmSync(copies, { recursive: true, force: true });
    await rig.dispose();
  });

  for (const { what, file, message, make } of DAMAGES) {
    test(`${what} is refused`, async () => {
      const base = mkdtempSync(join(copies, 'base-'));
      const directory = join(base, 'node-1');
      cpSync(join(rig.server.dataDirectory, 'node-1'), directory, {
        recursive: true,
        filter: isFile,
      });
      make(join(directory, file));
      const { code, stderr } = await runServerCommand(['--base-dir', base, ...NODE]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.ok(stderr.includes(file === '' ? directory : file), stderr);
    });
  }

  test('that is whole is accepted after all that', async () => {
    await rig.server.restart();
    assert.ok(readdirSync(rig.server.dataDirectory).includes('node-1'));
    assert.equal((await rig.ingress.post('/Steps/run', { id: 'whole', count: 1 })).json(), 1);
  });
});

function isFile(path: string): boolean {
  const stats = statSync(path);
  return stats.isFile() || stats.isDirectory();
}
