// The certificate that a server shows, and whom it lets connect. Names of the settings and their meaning
// are those of the table `tls` of the reference 1.7.12.
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';

export interface TlsSettings {
  /** `allow` and `prefer` take clear text on the same port; `prefer` advertises TLS. */
  readonly mode: 'allow' | 'prefer' | 'require';
  /** PEM, the certificate first, then those between it and the root. Paths are absolute. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients have to show a certificate. Absent: they need none. */
  readonly clientAuthority?: ClientAuthority | undefined;
}

export interface ClientAuthority {
  /** PEM certificates, one of which has signed that of the client. Not empty. */
  readonly caFiles: readonly string[];
  /** Patterns with `*`, one of which matches a name of the client's certificate. Not empty. */
  readonly subjectNames: readonly string[];
}

export class TlsIdentity {
  readonly #settings: TlsSettings;
  readonly #names: readonly RegExp[] | undefined;
  readonly #listeners = new Set<() => void>();
  #options: SecureContextOptions;

  /** Throws when a file cannot be read or used. */
  constructor(settings: TlsSettings) {
    this.#settings = settings;
    this.#names = settings.clientAuthority?.subjectNames.map(patternOf);
    this.#options = readFiles(settings);
  }

  get mode(): TlsSettings['mode'] {
    return this.#settings.mode;
  }

  get needsClientCertificate(): boolean {
    return this.#names !== undefined;
  }

  get contextOptions(): SecureContextOptions {
    return this.#options;
  }

  /** Whether a client with a valid certificate may connect. */
  admits(socket: TLSSocket): boolean {
    if (this.#names === undefined) return true;
    const names = namesOf(socket);
    return this.#names.some((pattern) => names.some((name) => pattern.test(name)));
  }

  /** `onChange` is called when the files were read again and are others. Returns the way to stop that. */
  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  /** Reads the files again and says whether they have changed. Throws as the constructor does. */
  reload(): boolean {
    const options = readFiles(this.#settings);
    if (JSON.stringify(options) === JSON.stringify(this.#options)) return false;
    this.#options = options;
    for (const onChange of this.#listeners) onChange();
    return true;
  }
}

function readFiles({ certFile, keyFile, clientAuthority }: TlsSettings): SecureContextOptions {
  const options: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    cert: readPem('cert', certFile),
    key: readPem('key', keyFile),
    ...(clientAuthority !== undefined && {
      ca: clientAuthority.caFiles.map((path) => readPem('CA', path)),
    }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const files = `${certFile} and ${keyFile}`;
    throw new Error(`Invalid configuration: cannot use ${files} for TLS: ${reason}`, { cause });
  }
  return options;
}

function readPem(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Invalid configuration: Failed to open ${what} file ${path}: ${reason}`, {
      cause,
    });
  }
}

/** `*` stands for any characters. */
function patternOf(glob: string): RegExp {
  const literals = glob.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 'is');
}

/** One alternative name. In quotes are those with characters that would forge another one. */
const ALTERNATIVE_NAME = /([\w ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

/** The common names, and the alternative ones that are DNS names or URIs. */
function namesOf(socket: TLSSocket): readonly string[] {
  const { subject, subjectaltname = '' } = socket.getPeerCertificate();
  const common: unknown = subject?.CN;
  const alternative = [...subjectaltname.matchAll(ALTERNATIVE_NAME)]
    .filter(([, kind, name = '']) => (kind === 'DNS' || kind === 'URI') && !name.startsWith('"'))
    .map(([, , name]) => name);
  return [common, alternative]
    .flat(2)
    .filter((name): name is string => typeof name === 'string' && name !== '');
}
