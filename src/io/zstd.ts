// Zstandard, by Node where it has it, else by libraries: WebAssembly to compress, JavaScript to
// decompress within a bound.
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

const LEVEL = 3;

export type Decompressed =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'tooLarge' };

type Coder = (bytes: Uint8Array, options: object) => Promise<Uint8Array>;

const nodeCompress = nodeCoder('zstdCompress');
const nodeDecompress = nodeCoder('zstdDecompress');

/** Node has zstd from 22.15 on. */
function nodeCoder(name: string): Coder | undefined {
  const coder: unknown = Reflect.get(zlib, name);
  return isNodeCoder(coder) ? promisify(coder) : undefined;
}

function isNodeCoder(
  value: unknown,
): value is (
  bytes: Uint8Array,
  options: object,
  done: (error: Error | null, bytes: Uint8Array) => void,
) => void {
  return typeof value === 'function';
}

/** At the level of the reference, which is Node's default. */
export async function compressZstd(bytes: Uint8Array): Promise<Uint8Array> {
  if (nodeCompress !== undefined) return nodeCompress(bytes, {});
  loadedCompress ??= loadCompress();
  return (await loadedCompress)(bytes, LEVEL);
}

/** Once for each thread: a second start of the library would take away the memory of the first. */
let loadedCompress: ReturnType<typeof loadCompress> | undefined;

async function loadCompress() {
  const { compress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  return compress;
}

/** `bytesMax` is inclusive. Never rejects. */
export async function decompressZstd(bytes: Uint8Array, bytesMax: number): Promise<Decompressed> {
  try {
    const whole =
      nodeDecompress === undefined
        ? await decompressWithLibrary(bytes, bytesMax)
        : await nodeDecompress(bytes, { maxOutputLength: bytesMax });
    return { kind: 'bytes', bytes: whole };
  } catch (error) {
    if (isTooLarge(error)) return { kind: 'tooLarge' };
    return { kind: 'malformed', reason: error instanceof Error ? error.message : String(error) };
  }
}

class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

function isTooLarge(error: unknown): boolean {
  if (error instanceof TooLargeError) return true;
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

async function decompressWithLibrary(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const chunks: Uint8Array[] = [];
  let bytesCount = 0;
  const decompressor = new Decompress((chunk) => {
    bytesCount += chunk.length;
    if (bytesCount > bytesMax) throw new TooLargeError('too large');
    chunks.push(chunk);
  });
  decompressor.push(bytes, true);
  return Buffer.concat(chunks);
}
