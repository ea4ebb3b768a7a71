/**
 * The value with byte arrays as hexadecimal text and without undefined properties, so that a Buffer
 * equals a Uint8Array with the same bytes and a missing property equals an undefined one.
 */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map((element) => plain(element));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, property]) => property !== undefined);
  return Object.fromEntries(entries.map(([key, property]) => [key, plain(property)]));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes from hexadecimal text; blanks are for the reader. */
export function fromHex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}
