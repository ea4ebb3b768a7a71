import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  formatDeploymentUri,
  parseDeploymentUri,
  sameAddress,
} from '../../../src/actors/domain/deployment-uri.ts';
import { uri } from '../../support/schema-fixtures.ts';

describe('parseDeploymentUri', () => {
  const kept: ReadonlyArray<readonly [text: string, shown: string]> = [
    ['http://127.0.0.1:9080', 'http://127.0.0.1:9080/'],
    ['http://127.0.0.1:9080/', 'http://127.0.0.1:9080/'],
    ['HTTP://LocalHost:9080/', 'http://LocalHost:9080/'],
    ['http://host/a/?b=c#f', 'http://host/a/?b=c'],
    ['http://host?b=c', 'http://host/?b=c'],
    ['http://host:80/a/../b', 'http://host:80/a/../b'],
    ['https://[::1]:9080/x', 'https://[::1]:9080/x'],
    ['http://user:pw@127.0.0.1:1/b', 'http://user:pw@127.0.0.1:1/b'],
    ['ftp://host/x', 'ftp://host/x'],
  ];
  for (const [text, shown] of kept) {
    test(`keeps ${text} as ${shown}`, () => {
      assert.equal(formatDeploymentUri(uri(text)), shown);
    });
  }

  const refused: ReadonlyArray<readonly [text: string, kind: 'notAbsolute' | 'invalid']> = [
    ['/foo', 'notAbsolute'],
    ['127.0.0.1:21210', 'notAbsolute'],
    ['localhost', 'notAbsolute'],
    ['', 'invalid'],
    ['not a uri', 'invalid'],
    ['foo/bar', 'invalid'],
    ['http://', 'invalid'],
    ['http:///x', 'invalid'],
    ['http://host:99999/', 'invalid'],
    ['http://host:x/', 'invalid'],
    ['http://ho st/', 'invalid'],
    ['http://host/\n', 'invalid'],
    ['http://höst/', 'invalid'],
  ];
  for (const [text, kind] of refused) {
    test(`says that ${JSON.stringify(text)} is ${kind}`, () => {
      assert.equal(parseDeploymentUri(text).kind, kind);
    });
  }
});

describe('sameAddress', () => {
  const rows: ReadonlyArray<readonly [a: string, b: string, same: boolean]> = [
    ['http://h:1/a', 'https://h:1/a?x=1', true],
    ['http://H:1/a', 'http://h:1/a', true],
    ['http://h:1', 'http://h:1/', true],
    ['http://h:1/a', 'http://h:1/a/', false],
    ['http://h:1/a', 'http://h:2/a', false],
    ['http://h/a', 'http://h:80/a', false],
    ['http://h/a', 'http://h/A', false],
  ];
  for (const [a, b, same] of rows) {
    test(`of ${a} and ${b} is ${same}`, () => {
      assert.equal(sameAddress(uri(a), uri(b)), same);
    });
  }
});
