// A connection from its first packet to the first message of its session.
import type { QueryEngine } from '../../actors/ports.ts';
import type { Logger } from '../log.ts';
import {
  writeAuthenticationOk,
  writeBackendKey,
  writeNegotiation,
  writeParameterStatus,
  writeReadyForQuery,
  writeReport,
} from './backend-message.ts';
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

/** The answer to a request for encryption: no. */
const REFUSAL = 'N';

export interface StartupOptions {
  readonly engine: QueryEngine;
  readonly registry: SessionRegistry;
  readonly out: Output;
  readonly log: Logger;
}

export interface OpenedSession {
  readonly session: Session;
  readonly registration: Registration;
}

export class StartupPhase {
  readonly #options: StartupOptions;
  readonly #refused = new Set<'ssl' | 'gss'>();

  constructor(options: StartupOptions) {
    this.#options = options;
  }

  /** `goOn` when another packet may follow. */
  async handle(body: Buffer): Promise<'goOn' | 'end' | OpenedSession> {
    try {
      return await this.#answer(body);
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      const { out } = this.#options;
      const { sqlState, message } = error;
      writeReport(out.writer, { severity: 'FATAL', sqlState, message });
      await out.flush();
      return 'end';
    }
  }

  async #answer(body: Buffer): Promise<'goOn' | 'end' | OpenedSession> {
    const { registry, out } = this.#options;
    const request = readStartup(body);
    switch (request.kind) {
      case 'cancel':
        registry.cancel(request.processId, request.key);
        return 'end';
      case 'encryption':
        // Asking again would go on for ever.
        if (this.#refused.has(request.method)) {
          throw unsupportedVersion(encryptionCode(request.method));
        }
        this.#refused.add(request.method);
        out.writer.byte(REFUSAL.charCodeAt(0));
        await out.flush();
        return 'goOn';
      case 'session':
        return this.#openSession(request);
    }
  }

  #openSession(request: SessionRequest): OpenedSession {
    const { engine, registry, out, log } = this.#options;
    const user = request.parameters.get('user') ?? '';
    if (user === '') {
      throw fatal('invalidAuthorization', 'no PostgreSQL user name specified in startup packet');
    }
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
    writeWelcome(out, request, { settings, registration });
    return { session, registration };
  }
}

function writeWelcome(
  { writer }: Output,
  request: SessionRequest,
  { settings, registration }: { readonly settings: Settings; readonly registration: Registration },
): void {
  if (request.isNegotiated) writeNegotiation(writer, request);
  writeAuthenticationOk(writer);
  for (const [name, value] of settings.reported()) writeParameterStatus(writer, name, value);
  writeBackendKey(writer, registration.processId, registration.key);
  writeReadyForQuery(writer, 'idle');
}
