import type { DiscoveryFailure } from '../../actors/ports.ts';
import type { SchemaRefusal } from '../../actors/schema/refusal.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { jsonResponse, textResponse } from './respond.ts';

interface ErrorForm {
  readonly status: number;
  /** Code that the reference documents and clients branch on. */
  readonly code?: string | undefined;
  /** How often the message begins with the code: discovery failures pass two layers that add it. */
  readonly codeRepeats?: number | undefined;
  /** `text` for what the reference's HTTP framework answers on its own. Default `json`. */
  readonly as?: 'text' | undefined;
}

/** Every refusal of the admin API. Source: seen on the reference 1.7.12. */
const ERROR_FORMS = {
  unsupportedVersion: { status: 400, as: 'text' },
  invalidPath: { status: 400, as: 'text' },
  invalidQuery: { status: 400, as: 'text' },
  invalidBody: { status: 400, as: 'text' },
  invalidJson: { status: 400, as: 'text' },
  bodyTooLarge: { status: 413, as: 'text' },
  unsupportedMediaType: { status: 415, as: 'text' },
  unexpectedJson: { status: 422, as: 'text' },

  unauthorized: { status: 401 },
  invalidField: { status: 400 },
  notFound: { status: 404 },
  methodDeprecated: { status: 405 },
  conflict: { status: 409 },
  gone: { status: 410 },
  unsupported: { status: 422 },
  tooEarly: { status: 425 },
  internal: { status: 500 },
  unavailable: { status: 503 },

  invalidManifest: { status: 400 },
  reservedName: { status: 400, code: 'META0005', codeRepeats: 1 },
  serviceTypeChanged: { status: 409, code: 'META0006', codeRepeats: 1 },
  deploymentTypeChanged: { status: 400 },
  protocolRangeChanged: { status: 400, code: 'META0016', codeRepeats: 1 },
  notRegistered: { status: 404 },
  alreadyExists: { status: 409 },
  retentionUnsupported: { status: 400 },
  invalidCluster: { status: 400 },
  clusterInUse: { status: 409 },
  unknownCluster: { status: 400 },
  invalidSubscription: { status: 400, code: 'META0009', codeRepeats: 1 },

  unreachable: { status: 500, code: 'META0003', codeRepeats: 2 },
  denied: { status: 403 },
  unsupportedProtocol: { status: 500, code: 'META0012', codeRepeats: 2 },
  badResponse: { status: 500, code: 'META0013', codeRepeats: 2 },
  http11Only: { status: 500, code: 'META0014', codeRepeats: 2 },
  unsupportedMode: { status: 500, code: 'META0015', codeRepeats: 2 },
  undecodable: { status: 500 },
} as const satisfies Readonly<
  Record<string, ErrorForm> &
    Record<SchemaRefusal['kind'], ErrorForm> &
    Record<DiscoveryFailure['kind'], ErrorForm>
>;

export type AdminErrorKind = keyof typeof ERROR_FORMS;

/** A refusal that the client sees. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly kind: AdminErrorKind;

  constructor(kind: AdminErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The refusal of a change of the schema. */
export function refusalError({ kind, message }: SchemaRefusal): AdminError {
  return new AdminError(kind, message);
}

export function errorResponse({ kind, message }: AdminError): HttpResponse {
  const { status, code, codeRepeats = 0, as }: ErrorForm = ERROR_FORMS[kind];
  if (as === 'text') return textResponse(status, message);
  const prefix = `[${code}] `.repeat(codeRepeats);
  return jsonResponse(status, { message: prefix + message, restate_code: code ?? null });
}
