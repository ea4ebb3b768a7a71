// docs/options.md, made from the option table. `npm run docs` writes it.
import { DEPRECATED_KEYS } from '../../src/io/config/known-keys.ts';
import { FOREIGN_OPTIONS } from '../../src/io/config/foreign-options.ts';
import { environmentName } from '../../src/io/config/option.ts';
import { OPTION_LIST } from '../../src/io/config/options.ts';

/** Not in the form that Prettier gives it. */
export function optionsDocument(): string {
  return [
    '# Options',
    '',
    'Made from the option table in `src/io/config` by `npm run docs`.',
    '',
    'An option is set by its key in the file (`a.b` is the key `b` in the table `[a]`), by an environment',
    `variable (\`a.b-c\` is \`${environmentName('a.b-c')}\`, in upper or lower case), and, where the table says`,
    'so, by a flag (`--a-b`). A flag wins over the environment, the environment over the file, the file over',
    'the default. Inside another program the options are those of `startServer`, by the names in the last',
    'column, with durations in milliseconds and sizes in bytes.',
    '',
    'Durations are texts: `90s`, `1h 30m`, `1:30:00`, `PT5M`. Sizes are texts or numbers: `32 MiB`, `100k`,',
    '`4096`. Lists are `["a", "b"]`, in the environment also `[a, b]`.',
    '',
    ...optionTable(),
    '',
    '## Other variables',
    '',
    '`RESTATE_CONFIG` names the file. `RUST_LOG` sets `log-filter`, `DO_NOT_TRACK` sets `disable-telemetry`,',
    '`HTTP_PROXY`, `NO_PROXY` and `AWS_EXTERNAL_ID` set the deprecated keys below, `MEMORY_LIMIT` sets',
    '`rocksdb-total-memory-size`, which has no effect. Each wins over the variable with the prefix.',
    '',
    '## Deprecated keys',
    '',
    'They still work, with a notice, and win over the new ones.',
    '',
    ...table(
      ['old', 'new'],
      [...DEPRECATED_KEYS].map(([old, current]) => [code(old), code(current)]),
    ),
    '',
    '## Options without effect',
    '',
    "Options of Restate's server that have no meaning in Reprise. They are read and checked, so that an",
    'existing configuration starts; one that is set to something else than its default gets a line in the',
    'log. Keys that are in none of these tables get one too.',
    '',
    ...table(
      ['option', 'type', 'default', 'flag'],
      [...FOREIGN_OPTIONS.values()].map(({ key, type, defaultText, hasFlag }) => [
        code(key),
        type.placeholder,
        defaultText === undefined ? '' : code(defaultText),
        hasFlag ? 'yes' : '',
      ]),
    ),
    '',
  ].join('\n');
}

function optionTable(): readonly string[] {
  const rows = OPTION_LIST.map(([name, { key, type, defaultText, doc, hasFlag, isUnused }]) => [
    code(key),
    type.placeholder,
    defaultText,
    hasFlag ? 'yes' : '',
    isUnused ? `Not used by this version. ${doc}` : doc,
    code(name),
  ]);
  return table(['option', 'type', 'default', 'flag', 'meaning', 'in a program'], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
}
