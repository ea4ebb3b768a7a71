import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AwaitedFuture } from '../../src/actors/domain/awaited-future.ts';
import type { Invocation } from '../../src/actors/domain/invocation.ts';
import type { NotificationId } from '../../src/actors/domain/journal.ts';
import { durationMs, unixMillis } from '../../src/actors/domain/time.ts';
import {
  decodeInvocation,
  encodeInvocation,
  INVOCATION_VERSION,
  peekOf,
  peekStatus,
} from '../../src/storage/tables/invocation-row.ts';
import { packRow, unpackRow, type PackedRow } from '../../src/storage/value-codec.ts';
import { arbitraryTree, flatten, unknown } from '../support/awaited-trees.ts';
import { plain } from '../support/plain.ts';
import { propertyParameters } from '../support/property.ts';
import { completed, invocation } from './rows.ts';

const STATUS_FIELD = 9;

function suspendedOn(awaiting: AwaitedFuture): Invocation {
  return invocation(3, { status: { kind: 'suspended', awaiting } });
}

function storedAndRead(stored: Invocation): Invocation {
  return decodeInvocation(stored.number, encodeInvocation(stored));
}

/** The row of an invocation, with its status as given. */
function rowWithStatus(status: readonly unknown[]): Uint8Array {
  const bytes = encodeInvocation(suspendedOn(flatten(unknown(17))));
  const row = unpackRow<PackedRow>(bytes, INVOCATION_VERSION);
  return packRow([row[0], ...row.slice(1).with(STATUS_FIELD - 1, status)]);
}

describe('the row of a suspended invocation', () => {
  test('that was stored as a list is read as one that any of the list resumes', () => {
    const ids: readonly NotificationId[] = [
      { kind: 'completion', completionId: 7 },
      { kind: 'signal', index: 17 },
      { kind: 'namedSignal', name: 'go' },
    ];
    const row = rowWithStatus([
      3,
      [
        [0, 7],
        [1, 17],
        [2, 'go'],
      ],
    ]);
    const read = decodeInvocation(3, row);
    assert.deepEqual(
      plain(read),
      plain(suspendedOn(flatten({ combinator: 'unknown', children: ids }))),
    );
    assert.deepEqual(plain(storedAndRead(read)), plain(read));
  });

  test('gives back any tree', () => {
    const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const id: fc.Arbitrary<NotificationId> = fc.oneof(
      uint32.map((completionId) => ({ kind: 'completion', completionId }) as const),
      uint32.map((index) => ({ kind: 'signal', index }) as const),
      fc.string({ unit: 'binary' }).map((name) => ({ kind: 'namedSignal', name }) as const),
    );
    fc.assert(
      fc.property(arbitraryTree(id), (tree) => {
        const stored = suspendedOn(flatten(tree));
        assert.deepEqual(storedAndRead(stored).status, stored.status);
      }),
      propertyParameters(),
    );
  });

  test('gives back a tree of any depth', () => {
    const steps = Array.from(
      { length: 100_000 },
      () => ({ kind: 'combine', combinator: 'allCompleted', count: 1 }) as const,
    );
    const stored = suspendedOn([{ kind: 'signal', index: 17 }, ...steps]);
    assert.deepEqual(storedAndRead(stored).status, stored.status);
  });
});

const STATUSES: ReadonlyArray<readonly [status: Invocation['status'], isAtRest: boolean]> = [
  [{ kind: 'scheduled', fireAtMs: unixMillis(2) }, true],
  [{ kind: 'inboxed', inboxSequence: 1 }, true],
  [{ kind: 'inboxed', inboxSequence: 1, isForSlot: true }, false],
  [{ kind: 'invoked' }, false],
  [{ kind: 'invoked', pauseRequested: true }, false],
  [{ kind: 'invoked', slot: { kind: 'givenBack' } }, false],
  [{ kind: 'suspended', awaiting: flatten(unknown(17)) }, true],
  [{ kind: 'paused' }, true],
  [completed(), true],
];

/** Rows whose elements before the status are of every length. */
function rowsWith(status: Invocation['status']): readonly Invocation[] {
  const target = { kind: 'virtualObject', service: 's', handler: 'h', mode: 'exclusive' } as const;
  return ['k', 'x'.repeat(40), 'x'.repeat(300), 'x'.repeat(70_000)].flatMap((key) => [
    invocation(1, { status, target: { ...target, key } }),
    invocation(2, { status, target: { ...target, key, scope: key }, idempotencyKey: key }),
    invocation(3, { status, createdAtMs: unixMillis(1.5), completionRetentionMs: durationMs(300) }),
  ]);
}

describe('the status of a row that is not unpacked', () => {
  for (const [status, isAtRest] of STATUSES) {
    test(`${JSON.stringify(status).slice(0, 60)} is ${isAtRest ? '' : 'not '}at rest`, () => {
      for (const row of rowsWith(status)) {
        const peek = peekStatus(Buffer.from(encodeInvocation(row)));
        assert.deepEqual(peek, { kind: status.kind, isAtRest });
        assert.deepEqual(peekOf(row), peek);
      }
    });
  }
});
