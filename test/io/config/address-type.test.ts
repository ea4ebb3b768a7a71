import { describe } from 'node:test';
import {
  ADVERTISED_ADDRESS,
  bindAddressType,
  IP_ADDRESS,
  PROXY_URI,
} from '../../../src/io/config/address-type.ts';
import { checkRows, text, toml } from './value-rows.ts';

describe('a bind address', () => {
  checkRows(bindAddressType(8080), [
    [text('127.0.0.1:80'), '127.0.0.1:80'],
    [text('127.0.0.1'), '127.0.0.1:8080'],
    [text('0.0.0.0:0'), '0.0.0.0:0'],
    [text('[::]:80'), '[::]:80'],
    [text('[::1]'), '[::1]:8080'],
    [text('::1'), '[::1]:8080'],
    [toml('127.0.0.1:80'), '127.0.0.1:80'],
    [text('127.0.0.1:65536'), /IP address/],
    [text('127.0.0.1:'), /IP address/],
    [text('[127.0.0.1]:80'), /IP address/],
    [text('nowhere:80'), /IP address/],
    [text('256.0.0.1:80'), /IP address/],
    [text(':80'), /IP address/],
    [text(''), /IP address/],
    [toml(8080), /IP address/],
  ]);
});

describe('an IP address', () => {
  checkRows(IP_ADDRESS, [
    [text('127.0.0.1'), '127.0.0.1'],
    [toml('::'), '::'],
    [text('localhost'), /expected an IP address .*, found "localhost"/],
    [text('127.0.0.1:80'), /IP address/],
    [toml(1), /IP address/],
  ]);
});

describe('an advertised address', () => {
  checkRows(ADVERTISED_ADDRESS, [
    [text('http://host:1'), 'http://host:1/'],
    [text('https://host/x'), 'https://host/x'],
    [text('unix:/tmp/a.sock'), 'unix:/tmp/a.sock'],
    [text('behind the proxy'), 'behind the proxy'],
    [text(''), /a URL or unix:PATH/],
    [toml(1), /a URL or unix:PATH/],
  ]);
});

describe('the URI of a proxy', () => {
  checkRows(PROXY_URI, [
    [text('http://proxy:3128'), 'http://proxy:3128/'],
    [text('https://proxy'), 'https://proxy/'],
    [text('proxy:3128'), 'http://proxy:3128/'],
    [toml('proxy'), 'http://proxy/'],
    [text('socks5://proxy:1'), /the URI of a proxy/],
    [text('a b'), /the URI of a proxy/],
    [toml(1), /the URI of a proxy/],
  ]);
});
