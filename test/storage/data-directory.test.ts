import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  DataDirectoryError,
  type DataDirectoryErrorKind,
} from '../../src/storage/data-directory-error.ts';
import {
  type DataDirectory,
  type DataDirectoryOptions,
  openDataDirectory,
} from '../../src/storage/data-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'reprise-data-'));
const holders: ChildProcess[] = [];
after(() => {
  for (const holder of holders) holder.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

const HOLDER_SCRIPT = fileURLToPath(new URL('./hold-directory.js', import.meta.url));
const NOW = new Date('2026-11-23T02:04:58.404Z');

function newBaseDir(): string {
  return mkdtempSync(join(root, 'base-'));
}

function open(baseDir: string, options: Partial<DataDirectoryOptions> = {}): DataDirectory {
  return openDataDirectory({
    baseDir,
    nodeName: 'n1',
    nodeNameIsDefault: false,
    clusterName: 'localcluster',
    partitionsCount: 24,
    environmentsCount: 4,
    now: NOW,
    ...options,
  });
}

function refusal(baseDir: string, options: Partial<DataDirectoryOptions> = {}): DataDirectoryError {
  try {
    open(baseDir, options).release();
  } catch (error) {
    assert(error instanceof DataDirectoryError, String(error));
    return error;
  }
  assert.fail('the directory was opened');
}

function makeNode(baseDir: string, nodeName: string): string {
  const directory = open(baseDir, { nodeName });
  directory.release();
  return directory.path;
}

describe('a new data directory', () => {
  test('is made with its parents and a marker', () => {
    const baseDir = join(newBaseDir(), 'a', 'b');
    const directory = open(baseDir);
    const marker = {
      formatVersion: 2,
      clusterName: 'localcluster',
      partitionsCount: 24,
      environmentsCount: 4,
      createdAt: NOW.toISOString(),
    };
    assert.equal(directory.path, join(baseDir, 'n1'));
    assert.equal(directory.isNew, true);
    assert.deepEqual(directory.marker, marker);
    assert.deepEqual(JSON.parse(readFileSync(join(baseDir, 'n1', 'reprise.json'), 'utf8')), marker);
    assert.deepEqual(readdirSync(join(baseDir, 'n1')).toSorted(), ['reprise.json', 'reprise.lock']);
    directory.release();
  });

  test('may lie in nested directories when the node name has a slash', () => {
    const baseDir = newBaseDir();
    assert.equal(makeNode(baseDir, 'zone/n1'), join(baseDir, 'zone', 'n1'));
  });

  test('may hold what a crash before the first marker left', () => {
    const baseDir = newBaseDir();
    mkdirSync(join(baseDir, 'n1'));
    for (const name of ['reprise.json.tmp', 'reprise.lock', '.DS_Store']) {
      writeFileSync(join(baseDir, 'n1', name), '{"half');
    }
    const directory = open(baseDir);
    assert.equal(directory.isNew, true);
    directory.release();
  });
});

describe('an old data directory', () => {
  test('keeps its numbers and its age, whatever the options say', () => {
    const baseDir = newBaseDir();
    const made = open(baseDir);
    made.release();
    const later = { partitionsCount: 7, environmentsCount: 9, now: new Date(0) };
    const opened = open(baseDir, later);
    assert.equal(opened.isNew, false);
    assert.deepEqual(opened.marker, made.marker);
    opened.release();
  });

  test('of another cluster is refused', () => {
    const baseDir = newBaseDir();
    makeNode(baseDir, 'n1');
    const error = refusal(baseDir, { clusterName: 'other' });
    assert.equal(error.kind, 'otherCluster');
    assert.match(error.message, /cluster 'localcluster' as cluster 'other'/);
  });

  test('stays usable after a refusal', () => {
    const baseDir = newBaseDir();
    makeNode(baseDir, 'n1');
    refusal(baseDir, { clusterName: 'other' });
    open(baseDir).release();
  });

  const good = {
    formatVersion: 2,
    clusterName: 'localcluster',
    partitionsCount: 24,
    environmentsCount: 1,
    createdAt: NOW.toISOString(),
  };
  const markers: ReadonlyArray<readonly [marker: string, kind: DataDirectoryErrorKind]> = [
    ['', 'badMarker'],
    ['{"formatVersion":1', 'badMarker'],
    ['[]', 'badMarker'],
    ['null', 'badMarker'],
    [JSON.stringify({ ...good, formatVersion: 0 }), 'badMarker'],
    [JSON.stringify({ ...good, partitionsCount: 0 }), 'badMarker'],
    [JSON.stringify({ ...good, partitionsCount: '24' }), 'badMarker'],
    [JSON.stringify({ ...good, environmentsCount: undefined }), 'badMarker'],
    [JSON.stringify({ ...good, formatVersion: 3 }), 'newerFormat'],
    ['{"formatVersion":99,"layout":"unknown here"}', 'newerFormat'],
  ];
  for (const [marker, kind] of markers) {
    test(`with the marker ${marker.slice(0, 60)} is refused: ${kind}`, () => {
      const baseDir = newBaseDir();
      const path = makeNode(baseDir, 'n1');
      writeFileSync(join(path, 'reprise.json'), marker);
      assert.equal(refusal(baseDir).kind, kind);
      assert.equal(readFileSync(join(path, 'reprise.json'), 'utf8'), marker);
    });
  }

  test('without a marker is refused', () => {
    const baseDir = newBaseDir();
    const path = makeNode(baseDir, 'n1');
    rmSync(join(path, 'reprise.json'));
    writeFileSync(join(path, 'data.mdb'), '');
    const error = refusal(baseDir);
    assert.equal(error.kind, 'badMarker');
    assert.match(error.message, /data\.mdb/);
  });

  test('of a Restate server is refused', () => {
    const baseDir = newBaseDir();
    mkdirSync(join(baseDir, 'n1', 'db'), { recursive: true });
    writeFileSync(join(baseDir, 'n1', '.cluster-marker'), '{}');
    assert.equal(refusal(baseDir).kind, 'foreignData');
  });
});

describe('an unusable path', () => {
  test('where the base directory is a file is refused', () => {
    const file = join(newBaseDir(), 'file');
    writeFileSync(file, '');
    for (const nodeNameIsDefault of [true, false]) {
      const error = refusal(file, { nodeNameIsDefault });
      assert.equal(error.kind, 'notUsable');
      assert.match(error.message, /not a directory/);
    }
  });

  test('where the node directory is a file is refused', () => {
    const baseDir = newBaseDir();
    writeFileSync(join(baseDir, 'n1'), '');
    assert.equal(refusal(baseDir).kind, 'notUsable');
  });
});

describe('a node name that nobody chose', () => {
  const rows: ReadonlyArray<readonly [nodes: readonly string[], refusal: RegExp | undefined]> = [
    [[], undefined],
    [['n1'], undefined],
    [['other'], /data from node 'other' but the default node name is 'n1'/],
    [['n1', 'other'], /data from multiple nodes \(n1, other\)/],
    [['a', 'b'], /data from multiple nodes \(a, b\)/],
  ];
  for (const [nodes, expected] of rows) {
    test(`beside data of [${nodes.join(', ')}] is ${expected ? 'refused' : 'taken'}`, () => {
      const baseDir = newBaseDir();
      mkdirSync(join(baseDir, 'lost+found'));
      for (const node of nodes) makeNode(baseDir, node);
      if (expected === undefined) {
        open(baseDir, { nodeNameIsDefault: true }).release();
        return;
      }
      const error = refusal(baseDir, { nodeNameIsDefault: true });
      assert.equal(error.kind, 'nodeNameRequired');
      assert.match(error.message, expected);
    });
  }

  test('beside data of a Restate server is refused', () => {
    const baseDir = newBaseDir();
    mkdirSync(join(baseDir, 'other'));
    writeFileSync(join(baseDir, 'other', '.cluster-marker'), '{}');
    assert.equal(refusal(baseDir, { nodeNameIsDefault: true }).kind, 'nodeNameRequired');
  });

  test('does not matter once a name is chosen', () => {
    const baseDir = newBaseDir();
    makeNode(baseDir, 'other');
    open(baseDir).release();
  });
});

describe('the lock', () => {
  test('refuses the directory to a second user of the same process until it is released', () => {
    const baseDir = newBaseDir();
    const first = open(baseDir);
    assert.equal(refusal(baseDir).kind, 'locked');
    first.release();
    first.release();
    open(baseDir).release();
  });

  test('leaves directories of other nodes alone', () => {
    const baseDir = newBaseDir();
    const first = open(baseDir);
    open(baseDir, { nodeName: 'n2' }).release();
    first.release();
  });

  test('refuses the directory to a second process, naming the first', async () => {
    const baseDir = newBaseDir();
    const first = open(baseDir);
    const second = startHolder(baseDir);
    assert.equal(await firstLine(second), 'locked');
    await exitOf(second);
    const error = refusal(baseDir);
    assert.match(error.message, new RegExp(`in use by another process \\(id ${process.pid}\\)`));
    first.release();
  });

  test('ends with a killed process', async () => {
    const baseDir = newBaseDir();
    const holder = startHolder(baseDir);
    assert.equal(await firstLine(holder), 'held');
    assert.equal(refusal(baseDir).kind, 'locked');
    holder.kill('SIGKILL');
    await exitOf(holder);
    const directory = open(baseDir);
    assert.equal(directory.isNew, false);
    directory.release();
  });
});

function startHolder(baseDir: string): ChildProcess {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const holder = spawn(process.execPath, [HOLDER_SCRIPT, baseDir], { stdio: [...stdio] });
  holders.push(holder);
  return holder;
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert(child.stdout !== null, 'the output is piped');
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.trim();
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
