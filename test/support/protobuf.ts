// A plain protobuf writer and reader, apart from the server's own, so that tests compare two.

export interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function numberField(number: number, value: number | bigint): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

export function stringField(number: number, value: string): Uint8Array {
  return bytesField(number, Buffer.from(value, 'utf8'));
}

export function messageField(number: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(number, Buffer.concat(fields));
}

/** The fields of a message without groups, in their order. Throws on anything else. */
export function parseFields(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error(`message ends inside a number at byte ${at}`);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const readFixed = (bytesCount: 4 | 8): bigint => {
    let value = 0n;
    for (let n = 0; n < bytesCount; n += 1) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error(`message ends inside a number at byte ${at}`);
      value |= BigInt(byte) << BigInt(8 * n);
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === 0) {
      fields.push({ number, value: readVarint() });
      continue;
    }
    if (wireType === 1 || wireType === 5) {
      fields.push({ number, value: readFixed(wireType === 1 ? 8 : 4) });
      continue;
    }
    if (wireType !== 2) throw new Error(`field ${number} has wire type ${wireType}`);
    const length = Number(readVarint());
    const end = at + length;
    if (end > bytes.length) throw new Error(`field ${number} ends behind the message`);
    fields.push({ number, value: bytes.slice(at, end) });
    at = end;
  }
  return fields;
}

export class FieldMap {
  readonly #fields: readonly Field[];

  constructor(bytes: Uint8Array) {
    this.#fields = parseFields(bytes);
  }

  has(number: number): boolean {
    return this.#fields.some((field) => field.number === number);
  }

  bigint(number: number): bigint {
    const value = this.#fields.findLast((field) => field.number === number)?.value ?? 0n;
    if (typeof value !== 'bigint') throw new Error(`field ${number} is no number`);
    return value;
  }

  number(number: number): number {
    return Number(this.bigint(number));
  }

  bytes(number: number): Uint8Array {
    return this.bytesList(number).at(-1) ?? new Uint8Array(0);
  }

  string(number: number): string {
    return Buffer.from(this.bytes(number)).toString('utf8');
  }

  message(number: number): FieldMap {
    return new FieldMap(this.bytes(number));
  }

  bytesList(number: number): readonly Uint8Array[] {
    return this.#fields
      .filter((field) => field.number === number)
      .map(({ value }) => {
        if (typeof value === 'bigint') throw new Error(`field ${number} is a number`);
        return value;
      });
  }

  messages(number: number): readonly FieldMap[] {
    return this.bytesList(number).map((bytes) => new FieldMap(bytes));
  }
}
