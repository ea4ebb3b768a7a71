// What the growth bench puts into the store is what a server would have put there.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Contestant } from '../../bench/compare/contestant.ts';
import type { ServerSetup } from '../../bench/compare/server-setups.ts';
import { fill } from '../../bench/growth/fill.ts';
import { sampleId } from '../../bench/growth/sample-invocation.ts';
import { HttpClient } from '../support/http.ts';
import { skippedOnReference } from '../support/servers.ts';

const SETUP: ServerSetup = { name: 'reprise', kind: 'reprise', partitions: 5 };
const LEVEL = { name: 'a few', retained: 50, objects: 50 };
const skip = skippedOnReference('it fills the files of Reprise');

test('a server finds the objects and outcomes that were filled in', { skip }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-fill-'));
  try {
    const before = await Contestant.start(SETUP, directory);
    await before.server.stop();
    const nowMs = Date.now();
    await fill(directory, SETUP.partitions, LEVEL, nowMs);
    const after = await Contestant.start(SETUP, directory);
    const ingress = new HttpClient(after.server.ingressUrl);
    try {
      await after.deploy('standin');
      for (let n = 0; n < LEVEL.objects; n++) {
        assert.equal((await ingress.post(`/Counter/key-${n}/add`)).text(), '2');
      }
      for (let n = 0; n < LEVEL.retained; n++) {
        const path = `/restate/invocation/${sampleId(n, nowMs)}/output`;
        assert.equal((await ingress.get(path)).status, 200, path);
      }
    } finally {
      ingress.close();
      await after.dispose();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
