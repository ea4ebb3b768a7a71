import { open, type FileHandle } from 'node:fs/promises';

/** Copied at a time. Unit: bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** Flushed each time, so that a disk in use does not get a flood at the end. Unit: bytes. */
const FLUSH_BYTES = 8 * CHUNK_BYTES;

export interface CopiedFile {
  readonly source: string;
  readonly target: string;
  /** Default: the whole file. */
  readonly bytes?: number | undefined;
  /** Takes the place of the first bytes. */
  readonly head?: Uint8Array | undefined;
  /** Called between chunks and at the end; throws to give up. */
  readonly check?: (() => void) | undefined;
}

/** Makes `target`, which must not exist, and flushes it. Returns its size. */
export async function copyFileFlushed(copied: CopiedFile): Promise<number> {
  const source = await open(copied.source, 'r');
  try {
    const target = await open(copied.target, 'wx');
    try {
      return await copyInto(target, source, copied);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function copyInto(target: FileHandle, source: FileHandle, copied: CopiedFile) {
  const { head = new Uint8Array(), check } = copied;
  const end = copied.bytes ?? (await source.stat()).size;
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  await writeAll(target, head, 0);
  let unflushed = 0;
  for (let position = head.length; position < end;) {
    check?.();
    const length = Math.min(chunk.length, end - position);
    const { bytesRead } = await source.read(chunk, 0, length, position);
    if (bytesRead === 0) throw new Error(`${copied.source} ends at byte ${position}, not ${end}`);
    await writeAll(target, chunk.subarray(0, bytesRead), position);
    position += bytesRead;
    unflushed += bytesRead;
    if (unflushed < FLUSH_BYTES) continue;
    await target.datasync();
    unflushed = 0;
  }
  await target.sync();
  check?.();
  return end;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const rest = bytes.subarray(written);
    written += (await file.write(rest, 0, rest.length, position + written)).bytesWritten;
  }
}
