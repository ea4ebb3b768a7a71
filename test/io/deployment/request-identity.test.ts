import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  createRequestIdentity,
  encodeBase58,
  NO_REQUEST_IDENTITY,
  parseIdentityKey,
  type IdentityKey,
} from '../../../src/io/deployment/request-identity.ts';

/** A key that the reference's documentation publishes, with its key id. */
const PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIPe++4ZTPQDF81otpoU/mOGHC2vOAVp9WbiCblvn3nXO
-----END PRIVATE KEY-----
`;
const KEY_ID = 'publickeyv1_AfQwmwfgEZhrWpvv8N52SHpRtZqGGaFr4AZN6qtYWSiY';

function parse(pem: string): IdentityKey {
  const parsed = parseIdentityKey(pem);
  assert.ok(parsed.kind === 'key', JSON.stringify(parsed));
  return parsed.key;
}

function refusalOf(pem: string): string {
  const parsed = parseIdentityKey(pem);
  assert.ok(parsed.kind === 'invalid');
  return parsed.reason;
}

describe('base 58', () => {
  const rows: ReadonlyArray<readonly [hex: string, text: string]> = [
    ['', ''],
    ['00', '1'],
    ['0000', '11'],
    ['61', '2g'],
    ['626262', 'a3gV'],
    ['516b6fcd0f', 'ABnLTmg'],
    ['00eb15231dfceb60925886b67d065299925915aeb172c06647', '1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L'],
  ];
  for (const [hex, text] of rows) {
    test(`writes ${hex === '' ? 'nothing' : hex} as '${text}'`, () => {
      assert.equal(encodeBase58(Buffer.from(hex, 'hex')), text);
    });
  }
});

describe('the key of a request identity', () => {
  test('has the published key id', () => {
    assert.equal(parse(PEM).keyId, KEY_ID);
  });

  test('may be surrounded by other text and Windows line ends', () => {
    assert.equal(parse(`a comment\r\n${PEM.replaceAll('\n', '\r\n')}`).keyId, KEY_ID);
  });

  test('is refused when there is none, or more than one', () => {
    assert.match(refusalOf('junk'), /found 0/);
    assert.match(refusalOf(PEM + PEM), /found 2/);
  });

  test('is refused when it is of another kind', () => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    assert.match(
      refusalOf(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
      /expected an ed25519 key, found x25519/,
    );
    assert.notEqual(refusalOf(publicKey.export({ format: 'pem', type: 'spki' }).toString()), '');
    assert.notEqual(refusalOf(PEM.replace('MC4C', 'AAAA')), '');
  });
});

describe('the headers of a request identity', () => {
  const NOW_MS = 1_700_000_000_900;

  function headersAt(nowMs: number, path: string, key?: string, expirationMs = 60_000) {
    const identity = createRequestIdentity({ key: parse(PEM), expirationMs, now: () => nowMs });
    return identity.headersFor(path, key);
  }

  function partsOf(headers: ReturnType<typeof headersAt>) {
    const token = headers.find(([name]) => name === 'x-restate-jwt-v1')?.[1] ?? '';
    const [header = '', claims = '', signature = ''] = token.split('.');
    const decode = (part: string): string => Buffer.from(part, 'base64url').toString();
    return {
      header: decode(header),
      claims: decode(claims),
      signed: `${header}.${claims}`,
      signature,
    };
  }

  test('are the scheme and a token, in this order', () => {
    const headers = headersAt(NOW_MS, '/discover');
    assert.deepEqual(
      headers.map(([name]) => name),
      ['x-restate-signature-scheme', 'x-restate-jwt-v1'],
    );
    assert.equal(headers[0]?.[1], 'v1');
    assert.equal(partsOf(headers).header, `{"typ":"JWT","alg":"EdDSA","kid":"${KEY_ID}"}`);
  });

  test('claim the path and the times', () => {
    assert.equal(
      partsOf(headersAt(NOW_MS, '/invoke/S/h')).claims,
      '{"aud":"/invoke/S/h","exp":1700000060,"iat":1700000000,"nbf":1699999940}',
    );
  });

  test('claim the key as it is', () => {
    const { sub } = JSON.parse(partsOf(headersAt(NOW_MS, '/invoke/O/h', 'a key/ü')).claims);
    assert.equal(sub, 'a key/ü');
    assert.equal(JSON.parse(partsOf(headersAt(NOW_MS, '/invoke/O/h', '')).claims).sub, '');
  });

  test('expire after the configured time, and after one second at the earliest', () => {
    const rows = [
      [300_000, 300],
      [1999, 1],
      [500, 1],
    ] as const;
    for (const [expirationMs, seconds] of rows) {
      const headers = headersAt(NOW_MS, '/discover', undefined, expirationMs);
      const { iat, exp, nbf } = JSON.parse(partsOf(headers).claims);
      assert.deepEqual([exp - iat, iat - nbf], [seconds, seconds]);
    }
  });

  test('are signed with the key', () => {
    const { signed, signature } = partsOf(headersAt(NOW_MS, '/invoke/O/h', 'k'));
    const publicKey = createPublicKey(parse(PEM).privateKey);
    const bytes = Buffer.from(signature, 'base64url');
    assert.ok(verify(null, Buffer.from(signed), publicKey, bytes));
    assert.ok(!verify(null, Buffer.from(`${signed}x`), publicKey, bytes));
  });

  test('are those of the request and of the second, however often they are asked for', () => {
    let nowMs = NOW_MS;
    const identity = createRequestIdentity({
      key: parse(PEM),
      expirationMs: 60_000,
      now: () => nowMs,
    });
    const requests = [
      ['/invoke/O/h', undefined],
      ['/invoke/O/h', 'a'],
      ['/invoke/O/h', 'b'],
      ['/invoke/O/i', 'a'],
      ['/invoke/O/h', ''],
    ] as const;
    for (const ms of [0, 50, 99, 100, 1100, 1101, 60_000, 0]) {
      nowMs = NOW_MS + ms;
      for (const [path, key] of requests) {
        assert.deepEqual(identity.headersFor(path, key), headersAt(nowMs, path, key));
      }
    }
  });

  test('are none without a key', () => {
    assert.deepEqual(NO_REQUEST_IDENTITY.headersFor('/discover', undefined), []);
  });
});
