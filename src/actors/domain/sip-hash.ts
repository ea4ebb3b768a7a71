// SipHash-1-3 with an all-zero key over exactly 32 bytes, in 32-bit halves because bigint arithmetic
// would cost several microseconds per attempt. `h` names the high half of a word, `l` the low half.

const MESSAGE_BYTES = 32;
const FINAL_BLOCK = MESSAGE_BYTES / 8;
const ROUNDS = FINAL_BLOCK + 1 + 3;

/** Hash of the 32 bytes in `message`. */
export function sipHash13(message: DataView): bigint {
  let h0 = 0x736f6d65;
  let l0 = 0x70736575;
  let h1 = 0x646f7261;
  let l1 = 0x6e646f6d;
  let h2 = 0x6c796765;
  let l2 = 0x6e657261;
  let h3 = 0x74656462;
  let l3 = 0x79746573;
  for (let round = 0; round < ROUNDS; round += 1) {
    const low = round < FINAL_BLOCK ? message.getInt32(round * 8, true) : 0;
    const high = messageHigh(message, round);
    if (round === FINAL_BLOCK + 1) l2 ^= 0xff;
    h3 ^= high;
    l3 ^= low;

    // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
    h0 = addHigh(h0, l0, h1, l1);
    l0 = (l0 + l1) | 0;
    let high1 = (h1 << 13) | (l1 >>> 19);
    l1 = ((l1 << 13) | (h1 >>> 19)) ^ l0;
    h1 = high1 ^ h0;
    let swapped = h0;
    h0 = l0;
    l0 = swapped;

    // v2 += v3; v3 = rotl(v3, 16) ^ v2
    h2 = addHigh(h2, l2, h3, l3);
    l2 = (l2 + l3) | 0;
    let high3 = (h3 << 16) | (l3 >>> 16);
    l3 = ((l3 << 16) | (h3 >>> 16)) ^ l2;
    h3 = high3 ^ h2;

    // v0 += v3; v3 = rotl(v3, 21) ^ v0
    h0 = addHigh(h0, l0, h3, l3);
    l0 = (l0 + l3) | 0;
    high3 = (h3 << 21) | (l3 >>> 11);
    l3 = ((l3 << 21) | (h3 >>> 11)) ^ l0;
    h3 = high3 ^ h0;

    // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
    h2 = addHigh(h2, l2, h1, l1);
    l2 = (l2 + l1) | 0;
    high1 = (h1 << 17) | (l1 >>> 15);
    l1 = ((l1 << 17) | (h1 >>> 15)) ^ l2;
    h1 = high1 ^ h2;
    swapped = h2;
    h2 = l2;
    l2 = swapped;

    h0 ^= high;
    l0 ^= low;
  }
  const high = (h0 ^ h1 ^ h2 ^ h3) >>> 0;
  const low = (l0 ^ l1 ^ l2 ^ l3) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

/** The block after the message holds only its length, in the topmost byte; later rounds mix nothing in. */
function messageHigh(message: DataView, round: number): number {
  if (round < FINAL_BLOCK) return message.getInt32(round * 8 + 4, true);
  return round === FINAL_BLOCK ? MESSAGE_BYTES << 24 : 0;
}

/** High half of the 64-bit sum. */
function addHigh(ah: number, al: number, bh: number, bl: number): number {
  const carry = (al >>> 0) + (bl >>> 0) > 0xffffffff ? 1 : 0;
  return (ah + bh + carry) | 0;
}
