import { environmentName } from './option.ts';
import { OPTION_LIST } from './options.ts';
import { PRODUCT_VERSION } from './product-version.ts';

interface Entry {
  readonly head: string;
  readonly lines: readonly string[];
}

/** What `--version` prints. */
export function versionText(): string {
  return `reprise ${PRODUCT_VERSION}`;
}

/** What `--help` prints: every flag and every option, from the option table. */
export function helpText(): string {
  return [
    `Reprise ${PRODUCT_VERSION}, a durable execution server`,
    '',
    'Usage: reprise [flags]',
    '       reprise snapshot <directory> [flags]   copies the data directory; see its --help',
    '',
    'Flags:',
    ...flagEntries().flatMap(renderEntry),
    '',
    'Options, as keys of the config file and as environment variables. A flag wins over the',
    'environment, the environment over the file. "a.b" is the key b in the table [a].',
    ...optionEntries().flatMap(renderEntry),
    '',
    "Options of Restate's server that have no meaning here are accepted, as keys, variables and flags:",
    'see docs/options.md.',
  ].join('\n');
}

function flagEntries(): readonly Entry[] {
  const flags = OPTION_LIST.filter(([, option]) => option.hasFlag).map(([, option]) => ({
    head: `    --${option.key}${option.isSwitch ? '' : ` <${option.type.placeholder}>`}`,
    lines: [option.doc],
  }));
  return [
    {
      head: '-c, --config-file <path>',
      lines: ['TOML file with options; the environment variable RESTATE_CONFIG names one too.'],
    },
    ...flags,
    { head: '    --dump-config', lines: ['Prints the effective options as a config file.'] },
    { head: '    --production', lines: ['Accepted; a node provisions itself all the same.'] },
    { head: '    --no-logo', lines: ['Prints no title on a terminal.'] },
    { head: '-h, --help', lines: ['Prints this text.'] },
    { head: '-V, --version', lines: ['Prints the version.'] },
  ];
}

function optionEntries(): readonly Entry[] {
  return OPTION_LIST.map(([, { key, type, defaultText, doc }]) => ({
    head: `${key} <${type.placeholder}>`,
    lines: [doc, `Default: ${defaultText}. Environment: ${environmentName(key)}`],
  }));
}

function renderEntry({ head, lines }: Entry): readonly string[] {
  return [`  ${head}`, ...lines.map((line) => `          ${line}`)];
}
