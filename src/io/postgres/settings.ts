// The settings of one session. Clients set and read them; only `statement_timeout` changes anything.
import { durationMs, type DurationMs } from '../../actors/domain/time.ts';
import { POSTGRES_VERSION } from '../postgres-types.ts';
import { PostgresError } from './postgres-error.ts';

type Handling =
  /** Says how the server is; setting it is accepted and changes nothing. */
  'fixed' | 'free' | 'encoding';

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly handling: Handling;
  /** Clients are told its value at the start and with every change. */
  readonly isReported: boolean;
}

function fixed(name: string, value: string): Setting {
  return { name, value, handling: 'fixed', isReported: false };
}

function free(name: string, value: string): Setting {
  return { name, value, handling: 'free', isReported: false };
}

function reported(setting: Setting): Setting {
  return { ...setting, isReported: true };
}

/** Values as PostgreSQL has them, where it and this server do not differ. */
const KNOWN_SETTINGS: readonly Setting[] = [
  reported(free('application_name', '')),
  reported({ ...free('client_encoding', 'UTF8'), handling: 'encoding' }),
  reported(fixed('DateStyle', 'ISO, MDY')),
  reported(fixed('default_transaction_read_only', 'on')),
  reported(fixed('in_hot_standby', 'off')),
  reported(fixed('integer_datetimes', 'on')),
  reported(fixed('IntervalStyle', 'postgres')),
  reported(fixed('is_superuser', 'off')),
  reported(fixed('server_encoding', 'UTF8')),
  reported(fixed('server_version', POSTGRES_VERSION)),
  reported(fixed('session_authorization', '')),
  reported(fixed('standard_conforming_strings', 'on')),
  reported(fixed('TimeZone', 'UTC')),
  fixed('bytea_output', 'hex'),
  fixed('default_transaction_isolation', 'read committed'),
  fixed('lc_collate', 'C'),
  fixed('lc_ctype', 'C'),
  fixed('max_identifier_length', '63'),
  fixed('max_index_keys', '32'),
  fixed('server_version_num', '150000'),
  fixed('transaction_isolation', 'read committed'),
  fixed('transaction_deferrable', 'off'),
  fixed('transaction_read_only', 'on'),
  free('client_min_messages', 'notice'),
  free('extra_float_digits', '1'),
  free('idle_in_transaction_session_timeout', '0'),
  free('jit', 'off'),
  free('lock_timeout', '0'),
  free('search_path', '"$user", public'),
  free('statement_timeout', '0'),
];

const SETTINGS_BY_KEY: ReadonlyMap<string, Setting> = new Map(
  KNOWN_SETTINGS.map((setting) => [setting.name.toLowerCase(), setting]),
);

/** Encodings that need no conversion, with the name they are reported by. */
const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['utf8', 'UTF8'],
  ['unicode', 'UTF8'],
  ['sqlascii', 'SQL_ASCII'],
]);

/** Settings with other names than PostgreSQL's that one session may have. */
const CUSTOM_SETTINGS_MAX = 1000;

/** Of a name and its value together. Unit: characters. */
const SETTING_LENGTH_MAX = 10_000;

export type SettingListener = (name: string, value: string) => void;

export class Settings {
  /** What the session began with. */
  readonly #defaults = new Map<string, string>();
  readonly #values = new Map<string, string>();
  /** Until the transaction ends. */
  readonly #localValues = new Map<string, string>();
  /** Hears of changes to settings that are reported. */
  readonly #onReport: SettingListener;

  constructor(user: string, onReport: SettingListener) {
    this.#defaults.set('session_authorization', user);
    this.#onReport = onReport;
  }

  /** Throws `PostgresError` for a setting that does not exist. */
  get(name: string): string {
    const value = this.#valueOf(name.toLowerCase());
    if (value !== undefined) return value;
    throw new PostgresError('unknownSetting', `unrecognized configuration parameter "${name}"`);
  }

  /** The name as it is written in answers. */
  nameOf(name: string): string {
    return SETTINGS_BY_KEY.get(name.toLowerCase())?.name ?? name;
  }

  /** Gives a value that `reset` goes back to. */
  setDefault(name: string, value: string): void {
    this.#put(this.#defaults, name, value);
  }

  set(name: string, value: string, { isLocal = false } = {}): void {
    this.#put(isLocal ? this.#localValues : this.#values, name, value);
  }

  /** All settings when there is no name. */
  reset(name?: string): void {
    const keys = name === undefined ? [...this.#values.keys()] : [name.toLowerCase()];
    for (const key of keys) this.#change(key, () => this.#values.delete(key));
  }

  /** Forgets what was set for the transaction only. */
  endTransaction(): void {
    for (const key of [...this.#localValues.keys()]) {
      this.#change(key, () => this.#localValues.delete(key));
    }
  }

  #put(values: Map<string, string>, name: string, value: string): void {
    const key = name.toLowerCase();
    const known = SETTINGS_BY_KEY.get(key);
    if (known?.handling === 'fixed') return;
    if (name.length + value.length > SETTING_LENGTH_MAX) {
      throw new PostgresError('limit', 'the value of a setting is too long');
    }
    if (known === undefined && values.size >= CUSTOM_SETTINGS_MAX && !values.has(key)) {
      throw new PostgresError('limit', 'too many settings');
    }
    const kept = known?.handling === 'encoding' ? encodingOf(value) : value;
    this.#change(key, () => values.set(key, kept));
  }

  #change(key: string, change: () => void): void {
    const known = SETTINGS_BY_KEY.get(key);
    const before = this.#valueOf(key);
    change();
    const after = this.#valueOf(key);
    if (known?.isReported === true && after !== undefined && after !== before) {
      this.#onReport(known.name, after);
    }
  }

  #valueOf(key: string): string | undefined {
    return (
      this.#localValues.get(key) ??
      this.#values.get(key) ??
      this.#defaults.get(key) ??
      SETTINGS_BY_KEY.get(key)?.value
    );
  }

  reported(): ReadonlyArray<readonly [name: string, value: string]> {
    return KNOWN_SETTINGS.filter(({ isReported }) => isReported).map(({ name }) => [
      name,
      this.get(name),
    ]);
  }

  /** `undefined` when there is no limit of the session's own. */
  statementTimeoutMs(): DurationMs | undefined {
    const ms = parseTimeoutMs(this.get('statement_timeout'));
    return ms === undefined || ms <= 0 ? undefined : durationMs(ms);
  }
}

function encodingOf(value: string): string {
  const encoding = ENCODINGS.get(value.toLowerCase().replaceAll(/[^a-z\d]/g, ''));
  if (encoding !== undefined) return encoding;
  throw new PostgresError(
    'invalidParameterValue',
    `invalid value for parameter "client_encoding": "${value}"`,
  );
}

const TIMEOUT_UNITS_MS: Readonly<Partial<Record<string, number>>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `5000`, `5s`, `1min`; `undefined` for anything else. */
function parseTimeoutMs(text: string): number | undefined {
  const [, digits, unit = 'ms'] = /^(\d{1,12})\s*(us|ms|s|min|h|d)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Math.ceil(Number(digits) * (TIMEOUT_UNITS_MS[unit] ?? 1));
}
