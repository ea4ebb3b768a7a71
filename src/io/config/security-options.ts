// Who may use the servers, and how slow and how long-winded clients may be. The keys of `tls` are those of
// the reference server, which has TLS on its node port only; everything else is of Reprise only.
import { LISTENER_LIMITS } from '../../actors/domain/limits.ts';
import { durationMs } from '../../actors/domain/time.ts';
import { concealCredential } from '../http/access.ts';
import { listType } from './collection-type.ts';
import { ANY_TIMER_DURATION, MINUTE_MS, TIMER_DURATION } from './common-types.ts';
import { option, optional, type OptionText } from './option.ts';
import { BOOLEAN, byteCountType, choiceType, textType, type ValueType } from './value-type.ts';

const PATH = textType('path');
const PATHS = listType('paths');
const PATTERNS = listType('patterns for names');

/** Texts that nobody may read again: taken in any form, kept, shown and dumped as digests. */
const CREDENTIALS: ValueType<readonly string[]> = {
  ...listType('tokens'),
  placeholder: 'list',
  parse(raw) {
    const parsed = listType('tokens', (text) => text !== '').parse(raw);
    // The reason must not repeat what was found.
    if (!parsed.ok) return { ok: false, reason: 'expected a list of tokens, such as ["a", "b"]' };
    return { ok: true, value: parsed.value.map(concealCredential) };
  },
};

/** Of the server `what`, whose options are in `table`. */
function tlsOptions(table: '' | 'ingress.' | 'admin.', what: string) {
  const isRoot = table === '';
  const text = (doc: string, unset = 'unset'): OptionText & { readonly unset: string } => ({
    doc,
    unset: isRoot ? unset : 'as in the root',
  });
  return {
    mode: option(`${table}tls.mode`, choiceType('off', 'allow', 'prefer', 'require'), 'off', {
      doc: `TLS on ${what}: allow and prefer take clear text as well, allow advertises that and prefer TLS. Unix sockets never have it.`,
    }),
    certFile: optional(
      `${table}tls.cert-file`,
      PATH,
      text(`PEM file with the certificate of ${what}, and those between it and the root.`),
    ),
    keyFile: optional(
      `${table}tls.key-file`,
      PATH,
      text(`PEM file with the private key of the certificate of ${what}.`),
    ),
    caFiles: optional(
      `${table}tls.ca-files`,
      PATHS,
      text(`PEM files with the authorities that sign the certificates of clients of ${what}.`),
    ),
    requireClientAuth: optional(
      `${table}tls.require-client-auth`,
      BOOLEAN,
      text(`Clients of ${what} must show a certificate.`, 'false'),
    ),
    allowedSubjectNames: optional(
      `${table}tls.allowed-subject-names`,
      PATTERNS,
      text(
        `Which clients of ${what} may connect: patterns with * for the common name, the DNS names and the URIs of their certificates.`,
      ),
    ),
  };
}

function accessOptions(table: '' | 'ingress.' | 'admin.', what: string, unset: string) {
  return {
    tokens: optional(`${table}auth.tokens`, CREDENTIALS, {
      doc: `Tokens that clients of ${what} need: "secret", "name:secret", or "sha256:" with the hexadecimal digest of either.`,
      unset,
    }),
    tokenFile: optional(`${table}auth.token-file`, PATH, {
      doc: `File with more tokens for ${what}, one in each line.`,
      unset,
    }),
  };
}

const OPEN = 'unset: everybody may';
const nodeTls = tlsOptions('', 'the node port');
const ingressTls = tlsOptions('ingress.', 'the ingress');
const adminTls = tlsOptions('admin.', 'the admin API and the PostgreSQL port');
const nodeAccess = accessOptions('', 'the node port', OPEN);
const ingressAccess = accessOptions('ingress.', 'the ingress', OPEN);
const adminAccess = accessOptions(
  'admin.',
  'the admin API and the PostgreSQL port',
  'as in the root',
);

export const SECURITY_OPTIONS = {
  tlsMode: nodeTls.mode,
  tlsCertFile: nodeTls.certFile,
  tlsKeyFile: nodeTls.keyFile,
  tlsCaFiles: nodeTls.caFiles,
  tlsRequireClientAuth: nodeTls.requireClientAuth,
  tlsAllowedSubjectNames: nodeTls.allowedSubjectNames,
  tlsRefreshIntervalMs: option('tls.refresh-interval', TIMER_DURATION, durationMs(60 * MINUTE_MS), {
    doc: 'How often the files with certificates and tokens are read again; SIGHUP does so at once.',
  }),
  authTokens: nodeAccess.tokens,
  authTokenFile: nodeAccess.tokenFile,
  ingressTlsMode: ingressTls.mode,
  ingressTlsCertFile: ingressTls.certFile,
  ingressTlsKeyFile: ingressTls.keyFile,
  ingressTlsCaFiles: ingressTls.caFiles,
  ingressTlsRequireClientAuth: ingressTls.requireClientAuth,
  ingressTlsAllowedSubjectNames: ingressTls.allowedSubjectNames,
  ingressAuthTokens: ingressAccess.tokens,
  ingressAuthTokenFile: ingressAccess.tokenFile,
  adminTlsMode: adminTls.mode,
  adminTlsCertFile: adminTls.certFile,
  adminTlsKeyFile: adminTls.keyFile,
  adminTlsCaFiles: adminTls.caFiles,
  adminTlsRequireClientAuth: adminTls.requireClientAuth,
  adminTlsAllowedSubjectNames: adminTls.allowedSubjectNames,
  adminAuthTokens: adminAccess.tokens,
  adminAuthTokenFile: adminAccess.tokenFile,
  httpHeaderTimeoutMs: option(
    'http-server.header-timeout',
    ANY_TIMER_DURATION,
    LISTENER_LIMITS.headerTimeoutMs,
    { doc: withUws('How long a client may take to send the headers of a request; 0s: no limit.') },
  ),
  httpRequestTimeoutMs: option(
    'http-server.request-timeout',
    ANY_TIMER_DURATION,
    LISTENER_LIMITS.requestTimeoutMs,
    { doc: withUws('How long a client may take to send a whole request; 0s: no limit.') },
  ),
  httpIdleTimeoutMs: option(
    'http-server.idle-timeout',
    ANY_TIMER_DURATION,
    LISTENER_LIMITS.idleTimeoutMs,
    { doc: withUws('How long a connection without requests stays open; 0s: no limit.') },
  ),
  httpSendTimeoutMs: option(
    'http-server.send-timeout',
    ANY_TIMER_DURATION,
    LISTENER_LIMITS.sendTimeoutMs,
    { doc: withUws('How long a client may read nothing of its response; 0s: no limit.') },
  ),
  httpHeaderSizeLimit: option(
    'http-server.header-size-limit',
    byteCountType(1024, 2 ** 31 - 1),
    LISTENER_LIMITS.headBytesMax,
    { doc: 'Largest head of a request that node:http takes.' },
  ),
} as const;

function withUws(doc: string): string {
  return `${doc} With uWebSockets.js it is about 10s, always.`;
}
