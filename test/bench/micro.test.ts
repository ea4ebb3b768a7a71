import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MICRO_BENCHES } from '../../bench/micro/benches.ts';

describe('the micro benches in their small size', () => {
  for (const { name, run } of MICRO_BENCHES) {
    test(`${name} measures every case and does its work`, async () => {
      const rows = await run('small');
      assert.ok(rows.length > 0);
      assert.equal(new Set(rows.map((row) => row.case)).size, rows.length);
      for (const row of rows) {
        for (const [figure, value] of Object.entries(row.figures)) {
          assert.ok(value > 0 && Number.isFinite(value), `${row.case}: ${figure} is ${value}`);
        }
        assert.ok(Number.isInteger(row.checksum), `${row.case} has a checksum`);
      }
    });
  }
});
