import { randomFillSync } from 'node:crypto';

const BLOCK_BYTES = 4096;

/** Random bytes as hexadecimal digits, drawn in blocks because a draw costs more than the bytes. */
export function createRandomIds(): (bytesCount: 8 | 16) => string {
  const block = Buffer.alloc(BLOCK_BYTES);
  let position = BLOCK_BYTES;
  return (bytesCount) => {
    if (position + bytesCount > BLOCK_BYTES) {
      randomFillSync(block);
      position = 0;
    }
    position += bytesCount;
    return block.toString('hex', position - bytesCount, position);
  };
}
