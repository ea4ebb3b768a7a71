import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InvocationId } from '../../../src/actors/domain/ids.ts';
import { durationMs } from '../../../src/actors/domain/time.ts';
import { readRemoteSpan, traceOf } from '../../../src/io/ingress/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function read(traceparent: string | undefined, tracestate?: string) {
  const headers = new Map([
    ['traceparent', traceparent],
    ['tracestate', tracestate],
  ]);
  return readRemoteSpan({ header: (name) => headers.get(name) });
}

describe('the trace context of a request', () => {
  const flags: ReadonlyArray<readonly [flags: string, isSampled: boolean]> = [
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
    ['ff', true],
  ];
  for (const [digits, isSampled] of flags) {
    test(`with the flags ${digits} is ${isSampled ? '' : 'not '}sampled`, () => {
      const span = read(`00-${TRACE}-${SPAN}-${digits}`);
      assert.deepEqual(span, { traceId: TRACE, spanId: SPAN, isSampled, traceState: undefined });
    });
  }

  const malformed = [
    '',
    TRACE,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-0g`,
    `00-${TRACE}-${SPAN}-01-`,
    `0-${TRACE}-${SPAN}-01`,
    `00-${TRACE}0-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01more`,
    ` 00-${TRACE}-${SPAN}-01`,
  ];
  for (const header of malformed) {
    test(`'${header}' is none`, () => assert.equal(read(header), undefined));
  }

  const states: ReadonlyArray<readonly [what: string, state: string, isKept: boolean]> = [
    ['one member', 'vendor=value', true],
    ['two members with spaces between them', 'a=1 , b=2', true],
    ['a tenant', '1a@vendor=x:y', true],
    ['32 members', Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(','), true],
    ['33 members', Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(','), false],
    ['512 characters', `a=${'v'.repeat(510)}`, true],
    ['513 characters', `a=${'v'.repeat(511)}`, false],
    ['no value', 'vendor', false],
    ['an upper-case key', 'Vendor=1', false],
    ['an equals sign in a value', 'a=b=c', false],
    ['a character outside of ASCII', 'a=ä', false],
    ['nothing in it', '', false],
  ];
  for (const [what, state, isKept] of states) {
    test(`${isKept ? 'keeps' : 'leaves out'} a state with ${what}`, () => {
      const span = read(`00-${TRACE}-${SPAN}-01`, state);
      assert.equal(span?.traceState, isKept ? state : undefined);
    });
  }

  test('takes long hostile states in its stride', () => {
    const startMs = performance.now();
    read(`00-${TRACE}-${SPAN}-01`, `${'a=,'.repeat(170)}!`);
    read(`00-${TRACE}-${SPAN}-01`, `a=${' '.repeat(500)}=`);
    assert.ok(performance.now() - startMs < 100);
  });
});

describe('without a tracer', () => {
  function keptOf(traceparent: string) {
    const request = {
      method: 'POST',
      path: '/',
      query: undefined,
      headers: [],
      header: (name: string) => (name === 'traceparent' ? traceparent : undefined),
      client: () => assert.fail('it makes no span'),
      readBody: () => assert.fail('the body has been read'),
    };
    const submission = {
      invocationId: 'inv_1' as InvocationId,
      target: { kind: 'service', service: 'Greeter', handler: 'greet' },
      input: new Uint8Array(0),
      completionRetentionMs: durationMs(0),
      journalRetentionMs: durationMs(0),
    } as const;
    return traceOf(request, submission, undefined);
  }

  test('a sampled trace of the client is kept with the invocation', () => {
    assert.deepEqual(keptOf(`00-${TRACE}-${SPAN}-01`), {
      relation: 'parent',
      traceId: TRACE,
      spanId: SPAN,
      traceState: undefined,
    });
  });

  test('nothing is kept of one that is not sampled, or malformed', () => {
    assert.equal(keptOf(`00-${TRACE}-${SPAN}-00`), undefined);
    assert.equal(keptOf('00'), undefined);
  });
});
