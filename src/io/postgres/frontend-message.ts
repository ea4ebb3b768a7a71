// What a client says after its startup packet. Source: PostgreSQL 17, "Message Formats".
import { BodyReader } from './body-reader.ts';
import { fatal, PostgresError } from './postgres-error.ts';

/** How a value is written. Wire numbers. */
export const ValueFormat = { text: 0, binary: 1 } as const;
export type ValueFormat = (typeof ValueFormat)[keyof typeof ValueFormat];

/** Wire numbers of the types of messages that a client sends. */
const MessageType = {
  query: 0x51,
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  execute: 0x45,
  close: 0x43,
  sync: 0x53,
  flush: 0x48,
  terminate: 0x58,
  functionCall: 0x46,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  password: 0x70,
} as const;

export interface ParseMessage {
  readonly kind: 'parse';
  /** Empty for the unnamed statement. */
  readonly name: string;
  readonly sql: string;
  /** Type of each parameter; `0` leaves it open. There may be fewer than parameters. */
  readonly parameterOids: readonly number[];
}

export interface BindMessage {
  readonly kind: 'bind';
  /** Empty for the unnamed portal. */
  readonly portal: string;
  readonly statement: string;
  /** None: all in text; one: for all; else one for each. */
  readonly parameterFormats: readonly ValueFormat[];
  /** `null` for SQL's null. */
  readonly parameters: ReadonlyArray<Uint8Array | null>;
  /** Like `parameterFormats`, for the columns of the result. */
  readonly resultFormats: readonly ValueFormat[];
}

export type Target = 'statement' | 'portal';

export type FrontendMessage =
  | { readonly kind: 'query'; readonly sql: string }
  | ParseMessage
  | BindMessage
  | { readonly kind: 'describe' | 'close'; readonly target: Target; readonly name: string }
  | {
      readonly kind: 'execute';
      readonly portal: string;
      /** `0` for all. */
      readonly rowsMax: number;
    }
  | { readonly kind: 'sync' }
  | { readonly kind: 'flush' }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'functionCall' }
  /** Belongs to a COPY that does not run; to be ignored. */
  | { readonly kind: 'copy' };

/** Throws `PostgresError`: a fatal one for a type that does not exist, any other for a broken body. */
export function readFrontendMessage(type: number, body: Buffer): FrontendMessage {
  const reader = new BodyReader(body);
  const message = readMessage(type, reader);
  reader.end();
  return message;
}

/** The answer to a request for a password. Throws `PostgresError` for any other message. */
export function readPassword(type: number, body: Buffer): string {
  if (type !== MessageType.password) {
    throw fatal('protocolViolation', `expected a password, found a message of type ${type}`);
  }
  const reader = new BodyReader(body);
  const password = reader.text();
  reader.end();
  return password;
}

/** The messages of the extended query protocol, whose errors last until `Sync`. */
export function isExtendedQuery(type: number): boolean {
  return EXTENDED_TYPES.has(type);
}

/** A client's word that it has seen an error of the extended query protocol. */
export function isSync(type: number): boolean {
  return type === MessageType.sync;
}

export function isTerminate(type: number): boolean {
  return type === MessageType.terminate;
}

const EXTENDED_TYPES: ReadonlySet<number> = new Set([
  MessageType.parse,
  MessageType.bind,
  MessageType.describe,
  MessageType.execute,
  MessageType.close,
  MessageType.flush,
]);

function readMessage(type: number, reader: BodyReader): FrontendMessage {
  switch (type) {
    case MessageType.query:
      return { kind: 'query', sql: reader.text() };
    case MessageType.parse:
      return readParse(reader);
    case MessageType.bind:
      return readBind(reader);
    case MessageType.describe:
      return { kind: 'describe', target: readTarget(reader), name: reader.text() };
    case MessageType.close:
      return { kind: 'close', target: readTarget(reader), name: reader.text() };
    case MessageType.execute:
      // A negative count means all, as zero does.
      return { kind: 'execute', portal: reader.text(), rowsMax: Math.max(0, reader.int32()) };
    case MessageType.sync:
      return { kind: 'sync' };
    case MessageType.flush:
      return { kind: 'flush' };
    case MessageType.terminate:
      return { kind: 'terminate' };
    case MessageType.functionCall:
      reader.rest();
      return { kind: 'functionCall' };
    case MessageType.copyData:
    case MessageType.copyDone:
    case MessageType.copyFail:
      reader.rest();
      return { kind: 'copy' };
    default:
      throw fatal('protocolViolation', `invalid frontend message type ${type}`);
  }
}

function readParse(reader: BodyReader): ParseMessage {
  const name = reader.text();
  const sql = reader.text();
  const parameterOids = readList(reader, () => reader.uint32());
  return { kind: 'parse', name, sql, parameterOids };
}

function readBind(reader: BodyReader): BindMessage {
  const portal = reader.text();
  const statement = reader.text();
  const parameterFormats = readList(reader, () => readFormat(reader));
  const parameters = readList(reader, () => readValue(reader));
  const resultFormats = readList(reader, () => readFormat(reader));
  return { kind: 'bind', portal, statement, parameterFormats, parameters, resultFormats };
}

function readValue(reader: BodyReader): Uint8Array | null {
  const bytesCount = reader.int32();
  if (bytesCount < -1) throw new PostgresError('protocolViolation', 'invalid length of a value');
  return bytesCount === -1 ? null : reader.bytes(bytesCount);
}

function readFormat(reader: BodyReader): ValueFormat {
  const code = reader.int16();
  if (code === ValueFormat.text || code === ValueFormat.binary) return code;
  throw new PostgresError('invalidParameterValue', `unsupported format code: ${code}`);
}

function readTarget(reader: BodyReader): Target {
  const letter = String.fromCharCode(reader.byte());
  if (letter === 'S') return 'statement';
  if (letter === 'P') return 'portal';
  throw new PostgresError('protocolViolation', `invalid target of a message: '${letter}'`);
}

function readList<T>(reader: BodyReader, read: () => T): readonly T[] {
  return Array.from({ length: reader.count() }, read);
}
