// What the client prints about the same data, freed from what cannot be the same on two servers.
import { stripVTControlCharacters } from 'node:util';

const UNITS = '(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|ms)';
const DURATION = new RegExp(String.raw`(?:\d+|\ban?) ${UNITS}(?:(?:, | and )\d+ ${UNITS})*`, 'g');

const MASKS: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?\+\d\d:\d\d|Z)?/g, '<time>'],
  [/\w{3} \d+ \w{3} \d{4} \d\d:\d\d:\d\d \+\d\d:\d\d/g, '<time>'],
  [/Query took [\d.]+(?:s|ms|µs)/g, 'Query took <duration>'],
  [DURATION, '<duration>'],
  [/\bnow\b/g, '<duration>'],
  // Whoever holds a key for some seconds is told apart.
  [/suspended {2}\(<duration>[^)]*\)/g, 'suspended  (<duration>)'],
  [/http:\/\/127\.0\.0\.1:\d+/g, 'http://<host>'],
  [/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '<ulid>'],
  [/sign_1[\w-]+/g, '<awakeable>'],
];

/** Lines of stack traces: they name files of the machine. */
const STACK_LINE = /^\s*at .*\(.*\)\s*$/;

/**
 * Lines without padding. `names` are what stands for an id. Services, handlers and deployments come
 * in any order: `lines` puts lines in one, `cells` what stands between two or more spaces.
 */
export function normalizeOutput(
  output: string,
  names: ReadonlyMap<string, string>,
  unordered?: 'lines' | 'cells',
): readonly string[] {
  const lines = mask(output, names)
    .split('\n')
    .filter((line) => !STACK_LINE.test(line))
    .map((line) => line.trim().replaceAll(/ {2,}/g, '  '))
    .filter((line) => line !== '');
  if (unordered === 'lines') return lines.toSorted();
  if (unordered === 'cells') return lines.flatMap((line) => line.split('  ')).toSorted();
  return lines;
}

function mask(output: string, names: ReadonlyMap<string, string>): string {
  // The client emphasizes even without colours.
  const named = stripVTControlCharacters(output).replaceAll(/(inv|dp|sub)_1\w+/g, (id, kind) =>
    names.has(id) ? `<${names.get(id)}>` : `<${kind}>`,
  );
  return MASKS.reduce((text, [pattern, masked]) => text.replaceAll(pattern, masked), named);
}
