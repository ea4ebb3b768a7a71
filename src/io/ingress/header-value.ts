import { refusals } from './errors.ts';

/** Visible ASCII, space and tab: what a header value may hold to be passed on. */
export function isVisibleAscii(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code > 0x7e || (code < 0x20 && code !== 0x09)) return false;
  }
  return true;
}

/** The value itself; throws the refusal of `name` if it is not visible ASCII. */
export function checkHeaderValue(name: string, value: string): string {
  if (!isVisibleAscii(value)) throw refusals.badHeader(name);
  return value;
}
