// Response compression by Accept-Encoding.
import { pipeline, Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { HttpResponse } from '../http/exchange.ts';

type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Bodies below this size are sent as they are. Unit: bytes. Source: seen on the reference 1.7.12. */
const BODY_BYTES_MIN = 32;

/** The default quality of 11 costs a hundred times the time for a few percent. */
const BROTLI_QUALITY = 4;

const gzip = promisify<Uint8Array, Uint8Array>(zlib.gzip);
const brotliCompress = promisify<Uint8Array, zlib.BrotliOptions, Uint8Array>(zlib.brotliCompress);
const BROTLI_OPTIONS = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };

/** By content coding; of equally welcome ones the first is chosen. */
const CODINGS: ReadonlyMap<string, Compress> = new Map([
  ...zstdCoding(),
  ['br', (bytes: Uint8Array) => brotliCompress(bytes, BROTLI_OPTIONS)] as const,
  ['gzip', gzip] as const,
]);

const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/** Compresses the body if that is welcome and worth it. */
export async function compressResponse(
  response: HttpResponse,
  acceptEncoding: string | undefined,
): Promise<HttpResponse> {
  if (response.stream !== undefined) {
    return compressStream(response, response.stream, acceptEncoding);
  }
  const bytes = typeof response.body === 'string' ? Buffer.from(response.body) : response.body;
  if (bytes.byteLength < BODY_BYTES_MIN) return response;
  const headers = [...response.headers, ['vary', 'accept-encoding'] as const];
  const coding = chooseCoding(acceptEncoding ?? '');
  const compress = coding === undefined ? undefined : CODINGS.get(coding);
  if (coding === undefined || compress === undefined) return { ...response, headers };
  const body = await compress(bytes);
  return { ...response, headers: [...headers, ['content-encoding', coding]], body };
}

function compressStream(
  response: HttpResponse,
  stream: AsyncIterable<Uint8Array>,
  acceptEncoding: string | undefined,
): HttpResponse {
  const headers = [...response.headers, ['vary', 'accept-encoding'] as const];
  const coding = chooseCoding(acceptEncoding ?? '');
  const createCompressor = coding === undefined ? undefined : STREAM_CODINGS[coding];
  if (coding === undefined || createCompressor === undefined) return { ...response, headers };
  const source = Readable.from(stream, { objectMode: false });
  const compressor = createCompressor();
  // Whoever reads the compressed bytes hears of a failure; one who leaves ends the source.
  pipeline(source, compressor, () => {});
  return { ...response, headers: [...headers, ['content-encoding', coding]], stream: compressor };
}

const STREAM_CODINGS: Readonly<Partial<Record<string, () => Transform>>> = {
  br: () => zlib.createBrotliCompress(BROTLI_OPTIONS),
  gzip: () => zlib.createGzip(),
};

/** The most welcome coding; `undefined` when none is, or when `identity` is welcome more. */
function chooseCoding(acceptEncoding: string): string | undefined {
  const qualities = parseQualities(acceptEncoding);
  let chosen: string | undefined;
  let chosenQuality = 0;
  for (const coding of CODINGS.keys()) {
    const quality = qualities.get(coding) ?? 0;
    if (quality > chosenQuality) {
      chosen = coding;
      chosenQuality = quality;
    }
  }
  return (qualities.get('identity') ?? 0) > chosenQuality ? undefined : chosen;
}

function parseQualities(acceptEncoding: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const item of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const match = parameters.map((parameter) => QUALITY.exec(parameter)).find(Boolean);
    const coding = name.toLowerCase().replace(/^x-gzip$/, 'gzip');
    qualities.set(coding, Number(match?.[1] ?? 1));
  }
  return qualities;
}

/** Node has zstd from 22.15 on. */
function zstdCoding(): Array<readonly [coding: string, compress: Compress]> {
  const compress: unknown = Reflect.get(zlib, 'zstdCompress');
  return isNodeCompress(compress) ? [['zstd', promisify(compress)]] : [];
}

type NodeCompress = (
  bytes: Uint8Array,
  callback: (error: Error | null, compressed: Uint8Array) => void,
) => void;

function isNodeCompress(value: unknown): value is NodeCompress {
  return typeof value === 'function';
}
