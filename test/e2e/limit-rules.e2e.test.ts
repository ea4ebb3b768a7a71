// The rule book: PUT /limits/rules and POST /limits/rules/bulk-delete, with their exact answers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpReply } from '../support/http.ts';
import { field } from '../support/json.ts';
import { Rig } from '../support/rig.ts';
import { putRules } from '../support/scopes.ts';

// The book needs no switch; what it limits does.
let rig: Rig;
before(async () => {
  rig = await Rig.start({});
});
after(() => rig.dispose());

function bulkDelete(body: unknown): Promise<HttpReply> {
  return rig.admin.post('/limits/rules/bulk-delete', body);
}

type Shown = Readonly<Record<string, unknown>>;

/** The rules of an answer without their times, which are checked for being times. */
function rulesOf(reply: HttpReply): readonly Shown[] {
  assert.equal(reply.status, 200, reply.text());
  const rules: unknown = reply.json();
  assert.ok(Array.isArray(rules));
  return rules.map((rule: Shown) => {
    const { last_modified_millis_since_epoch: modifiedAtMs, ...rest } = rule;
    assert.ok(
      Number.isInteger(modifiedAtMs) && Math.abs(Date.now() - Number(modifiedAtMs)) < 60_000,
    );
    return rest;
  });
}

function rule(pattern: string, version: number, more: Shown = {}): Shown {
  return { pattern, limits: {}, disabled: false, version, ...more };
}

describe('PUT /limits/rules', () => {
  /** Each row builds on those before: the book counts its changes. */
  const rows: ReadonlyArray<readonly [what: string, body: unknown, rules: readonly Shown[]]> = [
    ['of nothing changes nothing', [], []],
    [
      'makes a rule',
      [{ pattern: 'a', limits: { concurrency: 1 } }],
      [rule('a', 1, { limits: { concurrency: 1 } })],
    ],
    [
      'of the same rule changes nothing',
      [{ pattern: 'a', limits: { concurrency: 1 } }],
      [rule('a', 1, { limits: { concurrency: 1 } })],
    ],
    [
      'of a description leaves the version of the rule',
      [{ pattern: 'a', limits: { concurrency: 1 }, description: 'one' }],
      [rule('a', 1, { limits: { concurrency: 1 }, description: 'one' })],
    ],
    ['resets what is left out', [{ pattern: 'a' }], [rule('a', 2)]],
    [
      'disables',
      [{ pattern: 'a', disabled: true, limits: { concurrency: null } }],
      [rule('a', 3, { disabled: true })],
    ],
    [
      'makes several rules of one version, which is that of the book',
      [{ pattern: 'b' }, { pattern: 'c/*', description: '' }],
      [rule('b', 5), rule('c/*', 5, { description: '' })],
    ],
    [
      'shows every rule as it is in the end',
      [{ pattern: 'd' }, { pattern: 'd', limits: { concurrency: 2 }, unknown: 1 }],
      [rule('d', 7, { limits: { concurrency: 2 } }), rule('d', 7, { limits: { concurrency: 2 } })],
    ],
    [
      'ignores a slash at the end of a pattern',
      [{ pattern: '*/b/c/', precondition: { type: 'none' } }],
      [rule('*/b/c', 7)],
    ],
    [
      'takes a rule that is not there yet',
      [{ pattern: 'e', precondition: { type: 'does_not_exist' } }],
      [rule('e', 8)],
    ],
    [
      'takes the expected version of a rule',
      [
        {
          pattern: 'e',
          limits: { concurrency: 4294967295 },
          precondition: { type: 'matches', version: 8 },
        },
      ],
      [rule('e', 9, { limits: { concurrency: 4294967295 } })],
    ],
  ];
  for (const [what, body, rules] of rows) {
    test(what, async () => {
      assert.deepEqual(rulesOf(await putRules(rig, body)), rules);
    });
  }

  const conflicts: ReadonlyArray<readonly [body: unknown, message: string]> = [
    [
      [{ pattern: 'new' }, { pattern: 'e', precondition: { type: 'matches', version: 99 } }],
      'rule precondition Matches(v99) for pattern e failed (actual version: Some(v9))',
    ],
    [
      [{ pattern: 'new', precondition: { type: 'matches', version: 0 } }],
      'rule precondition Matches(v0) for pattern new failed (actual version: None)',
    ],
    [
      [{ pattern: 'e', precondition: { type: 'does_not_exist' } }],
      'rule precondition DoesNotExist for pattern e failed (actual version: Some(v9))',
    ],
    [
      [{ pattern: 'new' }, { pattern: 'new', precondition: { type: 'does_not_exist' } }],
      'rule precondition DoesNotExist for pattern new failed (actual version: Some(v10))',
    ],
  ];
  for (const [body, message] of conflicts) {
    test(`changes nothing when ${message}`, async () => {
      const reply = await putRules(rig, body);
      assert.equal(reply.status, 409);
      assert.deepEqual(reply.json(), { message, restate_code: null });
      assert.deepEqual((await bulkDelete([{ pattern: 'new' }])).json(), []);
    });
  }

  const PREFIX = 'Failed to deserialize the JSON body into the target type: ';
  const refused: ReadonlyArray<readonly [body: unknown, start: string]> = [
    [[{ pattern: '' }], '[0].pattern: pattern cannot be empty'],
    [[{ pattern: 'a/b/c/d' }], '[0].pattern: too many path components (max 3)'],
    [[{ pattern: 'a//c' }], '[0].pattern: invalid component: value cannot be empty'],
    [
      [{ pattern: 'a' }, { pattern: 'ab*' }],
      '[1].pattern: invalid component: value contains characters outside the allowed set [a-zA-Z0-9_.-]',
    ],
    [
      [{ pattern: 'a'.repeat(37) }],
      '[0].pattern: invalid component: value too long: 37 bytes (max 36)',
    ],
    [[{}], '[0]'],
    [[{ pattern: 5 }], '[0].pattern'],
    [[{ pattern: 'a', limits: null }], '[0].limits'],
    [[{ pattern: 'a', limits: { concurrency: 0 } }], '[0].limits.concurrency'],
    [[{ pattern: 'a', limits: { concurrency: 1.5 } }], '[0].limits.concurrency'],
    [[{ pattern: 'a', limits: { concurrency: 4294967296 } }], '[0].limits.concurrency'],
    [[{ pattern: 'a', disabled: null }], '[0].disabled'],
    [[{ pattern: 'a', description: 5 }], '[0].description'],
    [[{ pattern: 'a', precondition: null }], '[0].precondition'],
    [[{ pattern: 'a', precondition: { type: 'other' } }], '[0].precondition.type'],
    [[{ pattern: 'a', precondition: { type: 'matches' } }], '[0].precondition'],
    [{ pattern: 'a' }, ''],
  ];
  for (const [body, start] of refused) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      const reply = await putRules(rig, body);
      assert.equal(reply.status, 422);
      assert.equal(reply.text().slice(0, PREFIX.length + start.length), PREFIX + start);
    });
  }

  test('refuses what is no JSON', async () => {
    assert.equal((await putRules(rig, '[')).status, 400);
    const reply = await rig.admin.request({ method: 'PUT', path: '/limits/rules', body: '[]' });
    assert.equal(reply.status, 415);
  });

  test('is the only method', async () => {
    for (const [method, path] of [
      ['GET', '/limits/rules'],
      ['POST', '/limits/rules'],
      ['GET', '/limits/rules/bulk-delete'],
    ] as const) {
      assert.equal((await rig.admin.request({ method, path })).status, 405, path);
    }
  });
});

describe('POST /limits/rules/bulk-delete', () => {
  test('answers with the rules that it removed', async () => {
    await putRules(rig, [{ pattern: 'x' }, { pattern: 'y' }]);
    const reply = await bulkDelete([{ pattern: 'x' }, { pattern: 'nope' }, { pattern: 'y/' }]);
    assert.deepEqual([reply.status, reply.json()], [200, ['x', 'y']]);
    assert.deepEqual((await bulkDelete([{ pattern: 'x', expected_version: null }])).json(), []);
    assert.deepEqual((await bulkDelete([])).json(), []);
  });

  test('removes all or none', async () => {
    const [made] = rulesOf(await putRules(rig, [{ pattern: 'x' }]));
    await putRules(rig, [{ pattern: 'y' }]);
    for (const [pattern, actual] of [
      ['x', `Some(v${String(field(made, 'version'))})`],
      // Removed by the same request.
      ['y', 'None'],
      ['nope', 'None'],
    ]) {
      const reply = await bulkDelete([{ pattern: 'y' }, { pattern, expected_version: 99 }]);
      const message = `rule precondition Matches(v99) for pattern ${pattern} failed (actual version: ${actual})`;
      assert.equal(reply.status, 409);
      assert.deepEqual(reply.json(), { message, restate_code: null });
    }
    const version = field(made, 'version');
    const reply = await bulkDelete([
      { pattern: 'x', expected_version: version },
      { pattern: 'y' },
      { pattern: 'y' },
    ]);
    assert.deepEqual(reply.json(), ['x', 'y', 'y']);
  });

  test('lets a rule begin anew', async () => {
    const [before_] = rulesOf(await putRules(rig, [{ pattern: 'x' }]));
    await bulkDelete([{ pattern: 'x' }]);
    const [after_] = rulesOf(await putRules(rig, [{ pattern: 'x' }]));
    assert.equal(field(after_, 'version'), Number(field(before_, 'version')) + 2);
  });

  for (const body of [
    ['x'],
    [{}],
    [{ pattern: 'a b' }],
    [{ pattern: 'a', expected_version: 'x' }],
  ]) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      assert.equal((await bulkDelete(body)).status, 422);
    });
  }
});

describe('POST /vqueues/{id}/pause and resume', () => {
  const unknown = 'vq_18acK3cKZ5CK5zTkXzgrWfLw5MzrFnU3UV';
  const rows: ReadonlyArray<readonly [id: string, reason: string | undefined]> = [
    [unknown, undefined],
    [`${unknown}x`, 'bad length'],
    ['vq_1', 'bad length'],
    ['foo', 'bad format'],
    [unknown.replace('vq', 'inv'), "id doesn't match the expected type"],
    [unknown.replace('vq_1', 'vq_2'), 'unrecognized codec version'],
    [`vq_1${'Z'.repeat(33)}`, 'base62 decode error'],
  ];
  for (const [id, reason] of rows) {
    test(`${id}: ${reason ?? 'accepted, though unknown'}`, async () => {
      for (const verb of ['pause', 'resume']) {
        const reply = await rig.admin.request({ method: 'POST', path: `/vqueues/${id}/${verb}` });
        if (reason === undefined) {
          assert.deepEqual([reply.status, reply.text()], [202, '']);
        } else {
          const message = `The request field 'vqueue_id' is invalid. Reason: ${reason}`;
          assert.equal(reply.status, 400);
          assert.deepEqual(reply.json(), { message, restate_code: null });
        }
      }
    });
  }
});

test('the book survives kill -9', async () => {
  const [made] = rulesOf(await putRules(rig, [{ pattern: 'kept', limits: { concurrency: 3 } }]));
  await rig.crash();
  const [same] = rulesOf(await putRules(rig, [{ pattern: 'kept', limits: { concurrency: 3 } }]));
  assert.deepEqual(same, made);
  const [next] = rulesOf(await putRules(rig, [{ pattern: 'next' }]));
  assert.equal(field(next, 'version'), Number(field(made, 'version')) + 1);
});
