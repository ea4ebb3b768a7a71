// Options of the traces of invocations.
import { HEADERS } from './collection-type.ts';
import { option, optional } from './option.ts';
import { textType } from './value-type.ts';

/** Where traces go, and how. */
export interface OtlpEndpoint {
  readonly transport: 'grpc' | 'http';
  /** `http:` or `https:`. */
  readonly url: string;
}

/** Schemes of endpoints and what they stand for. Source: seen on the reference 1.7.12. */
const SCHEMES: ReadonlyMap<string, readonly [OtlpEndpoint['transport'], 'http' | 'https']> =
  new Map([
    ['http', ['grpc', 'http']],
    ['https', ['grpc', 'https']],
    ['grpc', ['grpc', 'http']],
    ['otlp+grpc', ['grpc', 'http']],
    ['otlp+http', ['http', 'http']],
    ['otlp+https', ['http', 'https']],
  ]);

export function parseOtlpEndpoint(text: string): OtlpEndpoint | undefined {
  const colon = text.indexOf('://');
  const found = SCHEMES.get(text.slice(0, Math.max(0, colon)));
  if (found === undefined) return undefined;
  const [transport, protocol] = found;
  const url = protocol + text.slice(colon);
  return URL.canParse(url) ? { transport, url } : undefined;
}

const ENDPOINT = textType(
  'url',
  'a URL such as http://127.0.0.1:4317 (gRPC) or otlp+http://127.0.0.1:4318/v1/traces (HTTP)',
  (text) => parseOtlpEndpoint(text) !== undefined,
);

export const TRACING_OPTIONS = {
  tracingEndpoint: optional('tracing-endpoint', ENDPOINT, {
    doc: 'OTLP receiver of traces: by gRPC with http[s]://, by HTTP with otlp+http[s]:// and its path as it is.',
    flag: true,
  }),
  tracingRuntimeEndpoint: optional('tracing-runtime-endpoint', ENDPOINT, {
    doc: 'OTLP receiver of traces of the inside of the server.',
    flag: true,
    unused: true,
  }),
  tracingServicesEndpoint: optional('tracing-services-endpoint', ENDPOINT, {
    doc: 'OTLP receiver of the traces of invocations, instead of tracing-endpoint.',
    flag: true,
  }),
  tracingJsonPath: optional('tracing-json-path', textType('path'), {
    doc: 'Directory for traces of the inside of the server as JSON.',
    flag: true,
    unused: true,
  }),
  tracingFilter: option('tracing-filter', textType('text'), 'info', {
    doc: 'Which spans of the inside of the server are traced.',
    flag: true,
    unused: true,
  }),
  tracingHeaders: optional('tracing-headers', HEADERS, {
    doc: 'Headers of every export of traces.',
  }),
} as const;
