import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ATTEMPTS,
  BOOLEAN,
  byteCountType,
  choiceType,
  durationType,
  FACTOR,
  integerType,
  numberType,
  textType,
} from '../../../src/io/config/value-type.ts';
import { checkRows, text, toml } from './value-rows.ts';

const MEBIBYTE = 1024 ** 2;

describe('a text', () => {
  checkRows(textType('name'), [
    [text('a'), 'a'],
    [text('123'), '123'],
    [toml('a'), 'a'],
    [toml(123), /not empty, found 123/],
    [text(''), /not empty, found ""/],
  ]);
});

describe('a choice', () => {
  checkRows(choiceType('pause', 'kill'), [
    [text('pause'), 'pause'],
    [toml('kill'), 'kill'],
    [text('Pause'), /one of pause, kill/],
    [toml(true), /one of pause, kill, found true/],
  ]);
});

describe('a switch', () => {
  checkRows(BOOLEAN, [
    [text('true'), true],
    [text('false'), false],
    [toml(true), true],
    [toml(false), false],
    [toml('true'), /true or false, found "true"/],
    [text('TRUE'), /true or false/],
    [text('1'), /true or false/],
    [text(''), /true or false/],
    [text('toString'), /true or false/],
  ]);
});

describe('a whole number', () => {
  checkRows(integerType(1, 65_535), [
    [text('24'), 24],
    [toml(24), 24],
    [text('65535'), 65_535],
    [text('65536'), /from 1 to 65535/],
    [text('0'), /from 1 to 65535/],
    [text('-1'), /from 1 to 65535/],
    [text('1.5'), /whole number/],
    [text('0x10'), /whole number/],
    [text(''), /whole number/],
    [text('abc'), /found "abc"/],
    [toml('24'), /found "24"/],
    [toml(1.5), /whole number/],
  ]);
});

describe('a whole number without an upper bound', () => {
  checkRows(integerType(1, Number.MAX_SAFE_INTEGER), [
    [text('0'), /a whole number, at least 1, found "0"/],
    [text('1000000000'), 1_000_000_000],
  ]);
});

describe('a number', () => {
  checkRows(numberType(0, 1), [
    [text('0.2'), 0.2],
    [toml(1), 1],
    [toml(1.1), /from 0 to 1, found 1.1/],
    [text('-0.1'), /from 0 to 1/],
    [text('x'), /from 0 to 1/],
  ]);
});

describe('a yes or no', () => {
  checkRows(BOOLEAN, [
    [text('true'), true],
    [text('false'), false],
    [toml(true), true],
    [text('yes'), /expected true or false, found "yes"/],
    [text('1'), /true or false/],
    [text('True'), /true or false/],
    [toml('true'), /true or false/],
  ]);
});

describe('a factor', () => {
  checkRows(FACTOR, [
    [text('2'), 2],
    [text('1.5'), 1.5],
    [toml(2), 2],
    [toml(0), /above 0/],
    [text('-2'), /above 0/],
    [toml(Infinity), /above 0/],
    [toml('2'), /above 0/],
  ]);
});

describe('a number of attempts', () => {
  checkRows(ATTEMPTS, [
    [text('70'), 70],
    [toml(70), 70],
    [text('unlimited'), 'unlimited'],
    [toml('unlimited'), 'unlimited'],
    [toml(0), /unlimited/],
    [toml('70'), /unlimited/],
    [text('many'), /unlimited/],
  ]);
});

describe('a duration', () => {
  checkRows(durationType({ mayBeZero: true }), [
    [text('90s'), 90_000],
    [text('1h30m'), 5_400_000],
    [text('1 hour 30 min'), 5_400_000],
    [text('1:30:00'), 5_400_000],
    [toml('2d'), 172_800_000],
    [toml('PT5M'), 300_000],
    [text('0'), 0],
    [text('0s'), 0],
    [text('1500us'), 1],
    [text('90'), /expected a duration .*"friendly"/],
    [toml(90), /expected a duration .* found 90/],
    [text('1 month'), /days or smaller/],
    [text('-1s'), /negative/],
  ]);
  describe('that cannot be zero', () => {
    checkRows(durationType({ mayBeZero: false }), [
      [text('1ms'), 1],
      [text('0'), /^duration cannot be zero$/],
      [text('0s'), /^duration cannot be zero$/],
      [text('1us'), /^duration cannot be zero$/],
    ]);
  });
  describe('with a cap', () => {
    checkRows(durationType({ mayBeZero: false, cappedAtMs: 5000 }), [
      [text('5s'), 5000],
      [text('5001ms'), 5000],
      [toml('2d'), 5000],
      [text('0'), /^duration cannot be zero$/],
    ]);
  });
});

describe('a byte count', () => {
  checkRows(byteCountType(1), [
    [text('1GiB'), 1024 ** 3],
    [text('3Gi'), 3 * 1024 ** 3],
    [text('1.5 GiB'), 1.5 * 1024 ** 3],
    [text('32 MiB'), 32 * MEBIBYTE],
    [text('512MB'), 512_000_000],
    [text('100k'), 100_000],
    [text('100KB'), 100_000],
    [text('1b'), 1],
    [text('4096'), 4096],
    [toml(4096), 4096],
    [toml('4 KiB'), 4096],
    [toml('4096'), 4096],
    [text('0'), /at least 1 bytes/],
    [text('-1'), /byte count/],
    [text('abc'), /human-readable byte count/],
    [text('1 XB'), /human-readable byte count/],
    [text(''), /human-readable byte count/],
    [toml(1.5), /human-readable byte count/],
    [text('99999999 PiB'), /human-readable byte count/],
  ]);

  const shown: ReadonlyArray<readonly [bytes: number, text: string]> = [
    [0, '0 B'],
    [1023, '1023 B'],
    [32 * MEBIBYTE, '32 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [1_234_567, '1234567 B'],
    [65_535, '65535 B'],
  ];
  for (const [bytes, expected] of shown) {
    test(`${bytes} is shown as ${expected}`, () => {
      assert.equal(byteCountType(0).show(bytes), expected);
    });
  }
});
