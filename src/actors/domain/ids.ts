import { assert } from './assert.ts';
import { BASE62_WIDTH, base62Digit, decodeBase62, encodeBase62 } from './base62.ts';
import type { Brand } from './brand.ts';
import { sipHash13 } from './sip-hash.ts';

/** Text form `inv_1…`, 38 characters: partition key and uuid. */
export type InvocationId = Brand<string, 'InvocationId'>;
/** Text form `dp_1…`. */
export type DeploymentId = Brand<string, 'DeploymentId'>;
/** Text form `sub_1…`. */
export type SubscriptionId = Brand<string, 'SubscriptionId'>;
/** 64-bit hash that decides the partition of an invocation. */
export type PartitionKey = Brand<bigint, 'PartitionKey'>;
/** 0-based. */
export type PartitionNumber = Brand<number, 'PartitionNumber'>;

/** Why a text is no id of the expected kind, in the words that the ingress shows. */
export type IdRefusal =
  | 'bad length'
  | 'base62 decode error'
  | 'bad format'
  | 'unrecognized codec version'
  | "id doesn't match the expected type"
  | `unrecognized resource type: ${string}`;

export type IdParse<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: IdRefusal };

/** What an awakeable id names. `legacy` ids belong to service protocols that Reprise does not speak. */
export type AwakeableTarget =
  | {
      readonly kind: 'signal';
      readonly invocationId: InvocationId;
      readonly signalIndex: number;
    }
  | { readonly kind: 'legacy' };

const RESOURCE_TYPES = ['inv', 'dp', 'sub', 'snap', 'mut', 'vq', 'sign', 'prom'] as const;
type ResourceType = (typeof RESOURCE_TYPES)[number];

/** Partition key and uuid, both big-endian, as in `Start.id` and in awakeable ids. Unit: bytes. */
export const INVOCATION_ID_BYTES = 24;
const PARTITION_KEY_START = 'inv_1'.length;
const UUID_START = PARTITION_KEY_START + BASE62_WIDTH[8];
const INVOCATION_ID_LENGTH = UUID_START + BASE62_WIDTH[16];
const VQUEUE_KEY_START = 'vq_1'.length;
const VQUEUE_ID_LENGTH = VQUEUE_KEY_START + BASE62_WIDTH[8] + BASE62_WIDTH[16];
const AWAKEABLE_BYTES = INVOCATION_ID_BYTES + 4;

const TWO_TO_32 = 2 ** 32;

// Reused by every conversion; nothing here awaits, so no two uses overlap.
const idBytes = new Uint8Array(INVOCATION_ID_BYTES);
const idView = new DataView(idBytes.buffer);
const invocationText = Buffer.from('inv_1'.padEnd(INVOCATION_ID_LENGTH, '0'));

export function parseInvocationId(text: string): IdParse<InvocationId> {
  const refusal = refuseResource(text, 'inv');
  if (refusal !== undefined) return refuse(refusal);
  if (text.length !== INVOCATION_ID_LENGTH) return refuse('bad length');
  if (!readInvocationId(text)) return refuse('base62 decode error');
  return { ok: true, value: text as InvocationId };
}

/** Why the text is no id of a queue, `undefined` if it is one: partition key and a hash. */
export function checkVqueueId(text: string): IdRefusal | undefined {
  const refusal = refuseResource(text, 'vq');
  if (refusal !== undefined) return refusal;
  if (text.length !== VQUEUE_ID_LENGTH) return 'bad length';
  const isDecoded =
    decodeBase62(text, VQUEUE_KEY_START, 8, idView, 0) &&
    decodeBase62(text, VQUEUE_KEY_START + BASE62_WIDTH[8], 16, idView, 8);
  return isDecoded ? undefined : 'base62 decode error';
}

export function parseDeploymentId(text: string): IdParse<DeploymentId> {
  const refusal = refuseUlidId(text, 'dp');
  return refusal === undefined ? { ok: true, value: text as DeploymentId } : refuse(refusal);
}

export function parseSubscriptionId(text: string): IdParse<SubscriptionId> {
  const refusal = refuseUlidId(text, 'sub');
  return refusal === undefined ? { ok: true, value: text as SubscriptionId } : refuse(refusal);
}

/** Why `text` is not the type, the codec version and one ULID, `undefined` if it is. */
function refuseUlidId(text: string, type: ResourceType): IdRefusal | undefined {
  if (text === '') return 'bad length';
  const refusal = refuseResource(text, type);
  if (refusal !== undefined) return refusal;
  const start = type.length + '_1'.length;
  if (text.length !== start + BASE62_WIDTH[16]) return 'bad length';
  return decodeBase62(text, start, 16, idView, 0) ? undefined : 'base62 decode error';
}

export function parseAwakeableId(text: string): IdParse<AwakeableTarget> {
  if (refuseResource(text, 'sign') === undefined) {
    const bytes = decodeAwakeableBytes(text.slice('sign_1'.length));
    if (bytes !== undefined) {
      const invocationId = invocationIdFromBytes(bytes.subarray(0, INVOCATION_ID_BYTES));
      const signalIndex = bytes.readUInt32BE(INVOCATION_ID_BYTES);
      return { ok: true, value: { kind: 'signal', invocationId, signalIndex } };
    }
  }
  // A malformed `sign_1…` gets the answer of the older kind's parser, as on the reference server.
  const refusal = refuseResource(text, 'prom');
  if (refusal !== undefined) return refuse(refusal);
  if (decodeAwakeableBytes(text.slice('prom_1'.length)) === undefined) return refuse('bad length');
  return { ok: true, value: { kind: 'legacy' } };
}

/** Why `text` does not begin like an id of type `expected`, `undefined` if it does. */
function refuseResource(text: string, expected: ResourceType): IdRefusal | undefined {
  const separator = text.indexOf('_');
  if (separator < 0) return 'bad format';
  const prefix = text.slice(0, separator);
  const resourceType = RESOURCE_TYPES.find((type) => type === prefix);
  if (resourceType === undefined) return `unrecognized resource type: ${prefix}`;
  if (text.charAt(separator + 1) !== '1') return 'unrecognized codec version';
  return resourceType === expected ? undefined : "id doesn't match the expected type";
}

function refuse(reason: IdRefusal): { readonly ok: false; readonly reason: IdRefusal } {
  return { ok: false, reason };
}

/** Base64url with or without padding. Decoding alone would also take the standard alphabet. */
function decodeAwakeableBytes(payload: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]{37}[AQgw]={0,2}$/.test(payload)) return undefined;
  const bytes = Buffer.from(payload, 'base64url');
  return bytes.length === AWAKEABLE_BYTES ? bytes : undefined;
}

export function formatInvocationId(partitionKey: bigint, uuid: bigint): InvocationId {
  idView.setBigUint64(0, partitionKey);
  writeUint128(uuid, idView, 8);
  return invocationIdFromBytes(idBytes);
}

export function formatDeploymentId(ulid: bigint): DeploymentId {
  return formatUlidId('dp', ulid) as DeploymentId;
}

export function formatSubscriptionId(ulid: bigint): SubscriptionId {
  return formatUlidId('sub', ulid) as SubscriptionId;
}

function formatUlidId(type: ResourceType, ulid: bigint): string {
  const text = Buffer.from(`${type}_1${'0'.repeat(BASE62_WIDTH[16])}`);
  writeUint128(ulid, idView, 0);
  encodeBase62(idView, 0, 16, text, type.length + '_1'.length);
  return text.toString('latin1');
}

export function formatAwakeableId(id: InvocationId, signalIndex: number): string {
  const bytes = Buffer.alloc(AWAKEABLE_BYTES);
  bytes.set(invocationIdBytes(id));
  bytes.writeUInt32BE(signalIndex, INVOCATION_ID_BYTES);
  return `sign_1${bytes.toString('base64url')}`;
}

function writeUint128(value: bigint, target: DataView, offset: number): void {
  target.setBigUint64(offset, value >> 64n);
  target.setBigUint64(offset + 8, value);
}

/** The id with the given 24 bytes. */
export function invocationIdFromBytes(bytes: Uint8Array): InvocationId {
  assert(bytes.length === INVOCATION_ID_BYTES, 'an invocation id has 24 bytes');
  if (bytes !== idBytes) idBytes.set(bytes);
  encodeBase62(idView, 0, 8, invocationText, PARTITION_KEY_START);
  encodeBase62(idView, 8, 16, invocationText, UUID_START);
  return invocationText.toString('latin1') as InvocationId;
}

/** The 24 bytes of an id: partition key, then uuid, both big-endian. */
export function invocationIdBytes(id: InvocationId): Uint8Array {
  assert(readInvocationId(id), 'an invocation id decodes');
  return idBytes.slice();
}

function readInvocationId(text: string): boolean {
  return (
    decodeBase62(text, PARTITION_KEY_START, 8, idView, 0) &&
    decodeBase62(text, UUID_START, 16, idView, 8)
  );
}

export function partitionKeyOf(id: InvocationId): PartitionKey {
  assert(decodeBase62(id, PARTITION_KEY_START, 8, idView, 0), 'an invocation id decodes');
  return idView.getBigUint64(0) as PartitionKey;
}

/** floor(partition key × `partitionsCount` / 2^64). Cheap: called for every message. */
export function partitionOf(id: InvocationId, partitionsCount: number): PartitionNumber {
  // The text holds the key's bytes in reverse, so the low 32 bits of the number are the key's high ones.
  let reversed = 0;
  for (let at = PARTITION_KEY_START; at < UUID_START; at += 1) {
    reversed = (Math.imul(reversed, 62) + base62Digit(id.charCodeAt(at))) | 0;
  }
  const product = swapBytes32(reversed) * partitionsCount;
  const partition = Math.floor(product / TWO_TO_32);
  // The key's low 32 bits add less than `partitionsCount` to the product's fraction.
  const isCertain = product - partition * TWO_TO_32 + partitionsCount <= TWO_TO_32;
  return isCertain
    ? (partition as PartitionNumber)
    : partitionOfKey(partitionKeyOf(id), partitionsCount);
}

export function partitionOfKey(key: PartitionKey, partitionsCount: number): PartitionNumber {
  return Number((key * BigInt(partitionsCount)) >> 64n) as PartitionNumber;
}

function swapBytes32(value: number): number {
  const swapped =
    (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  return swapped >>> 0;
}

const seedMessage = new DataView(new ArrayBuffer(8 + INVOCATION_ID_BYTES));
seedMessage.setBigUint64(0, BigInt(INVOCATION_ID_BYTES), true);

/** Seed of the handler's random numbers, the same for every attempt of an invocation. Unsigned, 64 bits. */
export function randomSeedOf(id: InvocationId): bigint {
  assert(readInvocationId(id), 'an invocation id decodes');
  new Uint8Array(seedMessage.buffer, 8).set(idBytes);
  return sipHash13(seedMessage);
}
