// A connection from its first packet to the first message of its session.
import type { QueryEngine } from '../../actors/ports.ts';
import type { Access } from '../http/access.ts';
import type { Logger } from '../log.ts';
import {
  writeAuthenticationOk,
  writeBackendKey,
  writeNegotiation,
  writeParameterStatus,
  writePasswordRequest,
  writeReadyForQuery,
  writeReport,
} from './backend-message.ts';
import { readPassword } from './frontend-message.ts';
import type { Output } from './output.ts';
import { fatal, PostgresError } from './postgres-error.ts';
import type { Registration, SessionRegistry } from './session-registry.ts';
import { Session } from './session.ts';
import { SessionState } from './session-state.ts';
import { Settings } from './settings.ts';
import { applyStartupSettings } from './startup-settings.ts';
import {
  encryptionCode,
  PROTOCOL_3_2,
  readStartup,
  unsupportedVersion,
  type SessionRequest,
} from './startup.ts';

/** Of version 3.0, which has room for no more. */
const SHORT_KEY_BYTES = 4;
/** From version 3.2 on. Source: PostgreSQL 18. */
const LONG_KEY_BYTES = 32;

/** Of a connection: there, needed, to be had, or not to be had. */
export type Encryption = 'present' | 'required' | 'offered' | 'none';

/** The answer to a request for encryption: no. */
const REFUSAL = 'N';

export interface StartupOptions {
  readonly engine: QueryEngine;
  readonly registry: SessionRegistry;
  readonly out: Output;
  readonly log: Logger;
  readonly encryption: Encryption;
  /** Absent: everybody may begin a session. */
  readonly access: Access | undefined;
}

export interface OpenedSession {
  readonly session: Session;
  readonly registration: Registration;
}

/** What follows a packet: another one, nothing, the handshake of TLS, or messages to the session. */
export type AfterStartup = 'goOn' | 'end' | 'encrypt' | OpenedSession;

interface Identified {
  readonly request: SessionRequest;
  readonly user: string;
}

export class StartupPhase {
  readonly #options: StartupOptions;
  readonly #answered: Set<'ssl' | 'gss'>;
  #asked: Identified | undefined;

  constructor(options: StartupOptions) {
    this.#options = options;
    this.#answered = new Set(options.encryption === 'present' ? ['ssl', 'gss'] : []);
  }

  /** A message is to come, which has a type, and no startup packet. */
  get expectsMessage(): boolean {
    return this.#asked !== undefined;
  }

  async handle(type: number, body: Buffer): Promise<AfterStartup> {
    try {
      if (this.#asked === undefined) return await this.#answer(body);
      return this.#admit(this.#asked, readPassword(type, body));
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      const { out } = this.#options;
      const { sqlState, message } = error;
      writeReport(out.writer, { severity: 'FATAL', sqlState, message });
      await out.flush();
      return 'end';
    }
  }

  async #answer(body: Buffer): Promise<AfterStartup> {
    const { registry, out, encryption } = this.#options;
    const request = readStartup(body);
    switch (request.kind) {
      case 'cancel':
        registry.cancel(request.processId, request.key);
        return 'end';
      case 'encryption':
        // Asking again would go on for ever.
        if (this.#answered.has(request.method)) {
          throw unsupportedVersion(encryptionCode(request.method));
        }
        this.#answered.add(request.method);
        if (request.method === 'ssl' && encryption !== 'none') return 'encrypt';
        out.writer.byte(REFUSAL.charCodeAt(0));
        await out.flush();
        return 'goOn';
      case 'session':
        return this.#identify(request);
    }
  }

  async #identify(request: SessionRequest): Promise<AfterStartup> {
    const { encryption, access, out } = this.#options;
    if (encryption === 'required') {
      throw fatal('invalidAuthorization', 'this server takes no connection without encryption');
    }
    const user = request.parameters.get('user') ?? '';
    if (user === '') {
      throw fatal('invalidAuthorization', 'no PostgreSQL user name specified in startup packet');
    }
    if (request.isNegotiated) writeNegotiation(out.writer, request);
    if (access === undefined) return this.#openSession({ request, user });
    this.#asked = { request, user };
    writePasswordRequest(out.writer);
    await out.flush();
    return 'goOn';
  }

  #admit(identified: Identified, password: string): OpenedSession {
    const { user } = identified;
    if (this.#options.access?.allowsPassword(user, password) !== true) {
      throw fatal('invalidPassword', `password authentication failed for user "${user}"`);
    }
    return this.#openSession(identified);
  }

  #openSession({ request, user }: Identified): OpenedSession {
    const { engine, registry, out, log } = this.#options;
    let isAnnounced = false;
    const settings = new Settings(user, (name, value) => {
      if (isAnnounced) writeParameterStatus(out.writer, name, value);
    });
    applyStartupSettings(settings, request.parameters);
    const session = new Session(new SessionState({ engine, out, settings }), log);
    const keyBytes = request.version >= PROTOCOL_3_2 ? LONG_KEY_BYTES : SHORT_KEY_BYTES;
    const registration = registry.register(keyBytes, () => session.cancel());
    if (registration === undefined) {
      throw fatal('tooManyConnections', 'sorry, too many clients already');
    }
    isAnnounced = true;
    writeWelcome(out, settings, registration);
    return { session, registration };
  }
}

function writeWelcome({ writer }: Output, settings: Settings, registration: Registration): void {
  writeAuthenticationOk(writer);
  for (const [name, value] of settings.reported()) writeParameterStatus(writer, name, value);
  writeBackendKey(writer, registration.processId, registration.key);
  writeReadyForQuery(writer, 'idle');
}
