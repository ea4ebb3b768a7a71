// Huffman decoder of HPACK: a state machine that reads four bits a step. A state is an inner node
// of the code tree. The shortest code has five bits, so a step completes at most one symbol.
import { HUFFMAN_CODE_BITS, HUFFMAN_END_OF_STRING } from './hpack-table.ts';

const STEPS_PER_STATE = 16;
const NO_SYMBOL = -1;
const FAILED_STATE = 0xffff;
const PADDING_BITS_MAX = 7;

interface Machine {
  /** By state × four bits: the following state. */
  readonly next: Uint16Array;
  /** By state × four bits: the byte completed on the way, or `NO_SYMBOL`. */
  readonly symbol: Int16Array;
  /** By state: whether a string may end here, that is inside fewer than eight one-bits of padding. */
  readonly mayEnd: Uint8Array;
}

interface Node {
  readonly state: number;
  readonly children: [Node | number | undefined, Node | number | undefined];
}

function buildTree(): { readonly root: Node; readonly nodes: readonly Node[] } {
  const root: Node = { state: 0, children: [undefined, undefined] };
  const nodes = [root];
  const symbols = HUFFMAN_CODE_BITS.map((bits, symbol) => ({ bits, symbol }));
  symbols.sort((left, right) => left.bits - right.bits || left.symbol - right.symbol);
  let code = 0;
  let codeBits = 0;
  for (const { bits, symbol } of symbols) {
    code *= 2 ** (bits - codeBits);
    codeBits = bits;
    let node = root;
    for (let bit = bits - 1; bit > 0; bit--) {
      const side = (code >>> bit) & 1;
      let child = node.children[side];
      if (typeof child !== 'object') {
        child = { state: nodes.length, children: [undefined, undefined] };
        nodes.push(child);
        node.children[side] = child;
      }
      node = child;
    }
    node.children[code & 1] = symbol;
    code++;
  }
  return { root, nodes };
}

function buildMachine(): Machine {
  const { root, nodes } = buildTree();
  const next = new Uint16Array(nodes.length * STEPS_PER_STATE);
  const symbol = new Int16Array(nodes.length * STEPS_PER_STATE).fill(NO_SYMBOL);
  for (const node of nodes) {
    for (let nibble = 0; nibble < STEPS_PER_STATE; nibble++) {
      const index = node.state * STEPS_PER_STATE + nibble;
      let current: Node | undefined = node;
      for (let bit = 3; bit >= 0 && current !== undefined; bit--) {
        const child: Node | number | undefined = current.children[(nibble >> bit) & 1];
        if (typeof child === 'number') symbol[index] = child;
        current =
          typeof child === 'number' && child !== HUFFMAN_END_OF_STRING
            ? root
            : typeof child === 'object'
              ? child
              : undefined;
      }
      next[index] = current === undefined ? FAILED_STATE : current.state;
    }
  }
  return { next, symbol, mayEnd: endingStates(root, nodes.length) };
}

function endingStates(root: Node, statesCount: number): Uint8Array {
  const mayEnd = new Uint8Array(statesCount);
  let node: Node | number | undefined = root;
  for (let bits = 0; bits <= PADDING_BITS_MAX && typeof node === 'object'; bits++) {
    mayEnd[node.state] = 1;
    node = node.children[1];
  }
  return mayEnd;
}

const { next: NEXT, symbol: SYMBOL, mayEnd: MAY_END } = buildMachine();

let scratch = Buffer.allocUnsafeSlow(4096);

/** The decoded text (Latin-1), or `undefined` when the bytes are no valid Huffman string. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  // The shortest code has five bits: eight symbols in five bytes.
  const symbolsMax = Math.ceil(((end - start) * 8) / 5);
  if (scratch.length < symbolsMax) scratch = Buffer.allocUnsafeSlow(symbolsMax);
  let state = 0;
  let length = 0;
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const index = state * STEPS_PER_STATE + ((byte >> shift) & 15);
      const symbol = SYMBOL[index] ?? NO_SYMBOL;
      state = NEXT[index] ?? FAILED_STATE;
      if (state === FAILED_STATE) return undefined;
      if (symbol !== NO_SYMBOL) scratch[length++] = symbol;
    }
  }
  return MAY_END[state] === 1 ? scratch.toString('latin1', 0, length) : undefined;
}
