// What keeps a server to those who may use it: certificate and credentials, as its options and the files
// they name say. One of these serves every listener of a server, whatever its protocol.
import { readFileSync } from 'node:fs';
import type { Logger } from '../log.ts';
import { Access, readCredentials } from './access.ts';
import { TlsIdentity, type TlsSettings } from './tls-identity.ts';

export interface AccessSettings {
  /** In any form that `concealCredential` takes. */
  readonly tokens: readonly string[];
  /** Absolute path of a file with more of them. */
  readonly tokenFile: string | undefined;
}

export interface SecuritySettings {
  /** For messages: `ingress`, `admin`. */
  readonly server: string;
  /** Absent: connections are in clear text. */
  readonly tls: TlsSettings | undefined;
  /** Absent: everybody may do everything. */
  readonly access: AccessSettings | undefined;
}

export interface ServerSecurity {
  readonly tls: TlsIdentity | undefined;
  readonly access: Access | undefined;
  /** Clients have to prove who they are, in one way or the other. */
  readonly authenticates: boolean;
  /** Reads the files again. What cannot be read or used stays as it was, and is reported. */
  reload(log: Pick<Logger, 'info' | 'warn'>): void;
}

/** Throws when a file cannot be read or used. */
export function loadServerSecurity({ server, tls, access }: SecuritySettings): ServerSecurity {
  const identity = tls && new TlsIdentity(tls);
  const checked = access && new Access(credentialsOf(access));
  return {
    tls: identity,
    access: checked,
    authenticates:
      checked !== undefined || (tls?.mode === 'require' && tls.clientAuthority !== undefined),
    reload(log) {
      try {
        if (identity?.reload() === true) log.info(`the certificate of ${server} was read again`);
        if (access !== undefined) checked?.replace(credentialsOf(access));
      } catch (error) {
        log.warn(`what protects ${server} was not read again, the earlier stays`, { error });
      }
    },
  };
}

export interface RefreshOptions {
  readonly servers: readonly ServerSecurity[];
  /** Unit: milliseconds. */
  readonly intervalMs: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Has the files of the servers read again, now and then and when asked to. */
export function keepCredentialsFresh({ servers, intervalMs, log }: RefreshOptions) {
  const reload = (): void => {
    for (const server of servers) server.reload(log);
  };
  const timer = setInterval(reload, intervalMs).unref();
  return { reload, stop: () => clearInterval(timer) };
}

function credentialsOf({ tokens, tokenFile }: AccessSettings): readonly string[] {
  if (tokenFile === undefined) return tokens;
  const ofFile = readCredentials(readText(tokenFile));
  if (ofFile.length === 0) throw new Error(`Invalid configuration: ${tokenFile} has no token`);
  return [...tokens, ...ofFile];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`Invalid configuration: cannot read the tokens in ${path}`, { cause });
  }
}
