// Options of the query engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rig } from '../support/rig.ts';
import { skippedOnReference } from '../support/servers.ts';
import { askSql } from '../support/sql-rig.ts';

const ENDLESS = 'SELECT count(*) FROM range(1000000000000)';
const LARGE = "SELECT count(DISTINCT repeat('x', 1000) || range) FROM range(1000000)";

const options = { skip: skippedOnReference('it has no table function range, and no time limit') };

test('a query ends when it takes too long or needs too much memory', options, async (context) => {
  const rig = await Rig.start({
    server: {
      environment: {
        RESTATE_ADMIN__QUERY_ENGINE__MEMORY_SIZE: '32MiB',
        RESTATE_ADMIN__QUERY_ENGINE__TIMEOUT: '2s',
      },
    },
  });
  context.after(() => rig.dispose());
  const late = await askSql(rig, ENDLESS);
  assert.equal(late.status, 500);
  assert.match(late.message ?? '', /2000 ms/);
  const large = await askSql(rig, LARGE);
  assert.equal(large.status, 429, large.message);
  assert.match(large.message ?? '', /admin\.query-engine\.memory-size/);
  assert.deepEqual((await askSql(rig, 'SELECT 1 AS one')).rows, [{ one: 1 }]);
});
