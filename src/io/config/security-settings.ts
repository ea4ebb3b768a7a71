// Certificate and credentials of one of the servers, from the options in all the places that may say it.
import type { SecuritySettings } from '../http/server-security.ts';
import type { TlsSettings } from '../http/tls-identity.ts';
import type { ServerConfig } from './complete-config.ts';
import type { ServerName } from './listener-settings.ts';

/** Throws when options that belong together are not all there. */
export function securitySettings(config: ServerConfig, server: ServerName): SecuritySettings {
  return {
    server: { node: 'the node port', ingress: 'the ingress', admin: 'the admin API' }[server],
    tls: tlsSettings(config, server),
    access: accessSettings(config, server),
  };
}

/** How the HTTP servers treat slow and long-winded clients. */
export function listenerLimitsOf(config: ServerConfig) {
  return {
    headerTimeoutMs: config.httpHeaderTimeoutMs,
    requestTimeoutMs: config.httpRequestTimeoutMs,
    idleTimeoutMs: config.httpIdleTimeoutMs,
    sendTimeoutMs: config.httpSendTimeoutMs,
    headBytesMax: config.httpHeaderSizeLimit,
  };
}

function accessSettings(config: ServerConfig, server: ServerName): SecuritySettings['access'] {
  const { authTokens, authTokenFile, adminAuthTokens, adminAuthTokenFile } = config;
  const { ingressAuthTokens, ingressAuthTokenFile } = config;
  const root = accessOf(authTokens, authTokenFile);
  switch (server) {
    case 'node':
      return root;
    // Clients of services are not operators, so what operators need says nothing about them.
    case 'ingress':
      return accessOf(ingressAuthTokens, ingressAuthTokenFile);
    case 'admin':
      return accessOf(adminAuthTokens, adminAuthTokenFile) ?? root;
  }
}

function accessOf(
  tokens: readonly string[] | undefined,
  tokenFile: string | undefined,
): SecuritySettings['access'] {
  if (tokens === undefined && tokenFile === undefined) return undefined;
  return { tokens: tokens ?? [], tokenFile };
}

function tlsSettings(config: ServerConfig, server: ServerName): TlsSettings | undefined {
  const { mode, ...own } = tlsOptions(config, server);
  if (mode === 'off') return undefined;
  const table = server === 'node' ? 'tls' : `${server}.tls`;
  const needed = <T>(key: string, value: T | undefined): T => {
    if (value !== undefined) return value;
    throw new Error(
      `Invalid configuration: ${table}.mode is ${mode} and ${table}.${key} is missing`,
    );
  };
  return {
    mode,
    certFile: needed('cert-file', own.certFile ?? config.tlsCertFile),
    keyFile: needed('key-file', own.keyFile ?? config.tlsKeyFile),
    clientAuthority:
      (own.requireClientAuth ?? config.tlsRequireClientAuth ?? false)
        ? {
            caFiles: needed('ca-files', filled(own.caFiles ?? config.tlsCaFiles)),
            // Otherwise anybody with any certificate of the authority would be let in unasked.
            subjectNames: needed(
              'allowed-subject-names',
              filled(own.allowedSubjectNames ?? config.tlsAllowedSubjectNames),
            ),
          }
        : undefined,
  };
}

function filled(list: readonly string[] | undefined): readonly string[] | undefined {
  return list?.length === 0 ? undefined : list;
}

function tlsOptions(config: ServerConfig, server: ServerName) {
  switch (server) {
    case 'node':
      return {
        mode: config.tlsMode,
        certFile: config.tlsCertFile,
        keyFile: config.tlsKeyFile,
        caFiles: config.tlsCaFiles,
        requireClientAuth: config.tlsRequireClientAuth,
        allowedSubjectNames: config.tlsAllowedSubjectNames,
      };
    case 'ingress':
      return {
        mode: config.ingressTlsMode,
        certFile: config.ingressTlsCertFile,
        keyFile: config.ingressTlsKeyFile,
        caFiles: config.ingressTlsCaFiles,
        requireClientAuth: config.ingressTlsRequireClientAuth,
        allowedSubjectNames: config.ingressTlsAllowedSubjectNames,
      };
    case 'admin':
      return {
        mode: config.adminTlsMode,
        certFile: config.adminTlsCertFile,
        keyFile: config.adminTlsKeyFile,
        caFiles: config.adminTlsCaFiles,
        requireClientAuth: config.adminTlsRequireClientAuth,
        allowedSubjectNames: config.adminTlsAllowedSubjectNames,
      };
  }
}
