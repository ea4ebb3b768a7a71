import { randomFillSync } from 'node:crypto';

/** Unit: bytes. */
const BLOCK_BYTES = 4096;

/**
 * A source of random bytes for ids, drawn from the system in blocks because a draw costs more than the
 * bytes. What it returns is to be used before the event loop goes on. At most `BLOCK_BYTES` at once.
 */
export function createRandom(): (bytesCount: number) => Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  let position = block.length;
  return (bytesCount) => {
    if (position + bytesCount > block.length) {
      randomFillSync(block);
      position = 0;
    }
    position += bytesCount;
    return block.subarray(position - bytesCount, position);
  };
}
