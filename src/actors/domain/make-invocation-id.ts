// Which id a new invocation gets. Ids of workflow runs and of invocations with an idempotency key are
// pure functions of what the client sent, so that a repeated request finds the first one; the others
// hold a new ULID. Source: reference contract "Identifier formats".
import { assert } from './assert.ts';
import { HashInput, sha256Hash, xxh3Hash64 } from './hash.ts';
import {
  INVOCATION_ID_BYTES,
  type InvocationId,
  invocationIdBytes,
  invocationIdFromBytes,
  type PartitionKey,
} from './ids.ts';
import { type InvocationTarget, isWorkflowRun, targetKey } from './invocation.ts';
import type { UnixMillis } from './time.ts';

/** Over so many partition keys a Service's invocations are spread. */
export const UNKEYED_BUCKETS_COUNT = 512;

/** Random bytes that `invocationIdFor` wants, of which the ULID takes 10 and the bucket 2. */
export const ID_RANDOM_BYTES = 16;

const UUID_OFFSET = 8;
const ULID_TIME_BYTES = 6;
const ULID_RANDOM_BYTES = 10;
const COMMA = 0x2c;
const STRING_END = 0xff;

export interface NewInvocation {
  readonly target: InvocationTarget;
  readonly idempotencyKey?: string | undefined;
  /** At least `ID_RANDOM_BYTES`. */
  readonly random: Uint8Array;
  readonly nowMs: UnixMillis;
}

// Reused by every call; nothing here awaits, so no two uses overlap.
const input = new HashInput();
const idBytes = new Uint8Array(INVOCATION_ID_BYTES);

/** The id of a new invocation. */
export function invocationIdFor(invocation: NewInvocation): InvocationId {
  const { target, idempotencyKey, random, nowMs } = invocation;
  assert(
    random.length >= ID_RANDOM_BYTES,
    `an invocation id takes ${ID_RANDOM_BYTES} random bytes`,
  );
  const { service, handler, scope } = target;
  const key = targetKey(target);
  if (isWorkflowRun(target)) return workflowRunId({ service, key: key ?? '', scope });
  if (idempotencyKey !== undefined) {
    return idempotentInvocationId({ service, key, handler, scope }, idempotencyKey);
  }
  const locality = scope ?? key;
  idBytes.set(
    locality === undefined ? hashUnkeyed(service, randomBucket(random)) : hashString(locality),
  );
  writeUlid(nowMs, random);
  return invocationIdFromBytes(idBytes);
}

/** A workflow run, as it can be named without knowing its id. */
export interface WorkflowRunName {
  readonly service: string;
  readonly key: string;
  readonly scope?: string | undefined;
}

/** The handler of an invocation with an idempotency key. `key` is `undefined` for a Service. */
export interface IdempotentHandlerName {
  readonly service: string;
  readonly key?: string | undefined;
  readonly handler: string;
  readonly scope?: string | undefined;
}

/** The id of a workflow's only run. */
export function workflowRunId(run: WorkflowRunName): InvocationId {
  idBytes.set(hashString(run.scope ?? run.key));
  writeUuidHash(hashWorkflowRun(run));
  return invocationIdFromBytes(idBytes);
}

/** The id of the invocation with an idempotency key. */
export function idempotentInvocationId(
  name: IdempotentHandlerName,
  idempotencyKey: string,
): InvocationId {
  const locality = name.scope ?? name.key;
  idBytes.set(
    locality === undefined
      ? hashUnkeyed(name.service, idempotencyBucket(idempotencyKey))
      : hashString(locality),
  );
  writeUuidHash(hashIdempotent(name, idempotencyKey));
  return invocationIdFromBytes(idBytes);
}

/** A new id in the partition of `original`: what restarting an invocation as a new one gets. */
export function invocationIdBeside(
  original: InvocationId,
  nowMs: UnixMillis,
  random: Uint8Array,
): InvocationId {
  idBytes.set(invocationIdBytes(original));
  writeUlid(nowMs, random);
  return invocationIdFromBytes(idBytes);
}

function writeUuidHash(hash: Uint8Array): void {
  idBytes.set(hash.subarray(0, 16), UUID_OFFSET);
}

function writeUlid(timeMs: number, random: Uint8Array): void {
  let rest = timeMs;
  for (let at = UUID_OFFSET + ULID_TIME_BYTES - 1; at >= UUID_OFFSET; at -= 1) {
    idBytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  idBytes.set(random.subarray(0, ULID_RANDOM_BYTES), UUID_OFFSET + ULID_TIME_BYTES);
}

function randomBucket(random: Uint8Array): number {
  const value = ((random[ULID_RANDOM_BYTES] ?? 0) << 8) | (random[ULID_RANDOM_BYTES + 1] ?? 0);
  return value % UNKEYED_BUCKETS_COUNT;
}

/** 48 bits of time, 80 random bits. `random` has at least 10 bytes. */
export function uuidFromUlid(timeMs: number, random: Uint8Array): bigint {
  writeUlid(timeMs, random);
  return readUint128(idBytes.subarray(UUID_OFFSET));
}

/** For handlers of objects and workflows; takes the scope in place of the key of what is in one. */
export function keyedPartitionKey(keyOrScope: string): PartitionKey {
  return readPartitionKey(hashString(keyOrScope));
}

/** For handlers of Services. `bucket` is below `UNKEYED_BUCKETS_COUNT`. */
export function unkeyedPartitionKey(service: string, bucket: number): PartitionKey {
  return readPartitionKey(hashUnkeyed(service, bucket));
}

/** The bucket of a Service's invocation with an idempotency key. */
export function idempotencyBucket(idempotencyKey: string): number {
  const hash = hashString(idempotencyKey);
  return (((hash[6] ?? 0) << 8) | (hash[7] ?? 0)) % UNKEYED_BUCKETS_COUNT;
}

function hashWorkflowRun({ service, key, scope }: WorkflowRunName): Uint8Array {
  input.reset().utf8('wf').byte(COMMA);
  if (scope !== undefined) input.utf8(scope).byte(COMMA);
  return sha256Hash(input.utf8(service).byte(COMMA).utf8(key));
}

function hashIdempotent(
  { service, key, handler, scope }: IdempotentHandlerName,
  idempotencyKey: string,
): Uint8Array {
  input.reset().utf8('ik').byte(COMMA);
  if (scope !== undefined) input.utf8(scope).byte(COMMA);
  input.utf8(service).byte(COMMA);
  if (key !== undefined) input.utf8(key).byte(COMMA);
  return sha256Hash(input.utf8(handler).byte(COMMA).utf8(idempotencyKey));
}

function hashString(text: string): Uint8Array {
  return xxh3Hash64(input.reset().utf8(text).byte(STRING_END));
}

/** Partition keys of services' buckets, asked for with every unkeyed invocation. */
const unkeyedHashes = new Map<string, Uint8Array[]>();

/** Services whose hashes are kept. */
const UNKEYED_SERVICES_MAX = 256;

function hashUnkeyed(service: string, bucket: number): Uint8Array {
  let hashes = unkeyedHashes.get(service);
  if (hashes === undefined) {
    if (unkeyedHashes.size >= UNKEYED_SERVICES_MAX) unkeyedHashes.clear();
    unkeyedHashes.set(service, (hashes = []));
  }
  return (hashes[bucket] ??= makeUnkeyedHash(service, bucket));
}

function makeUnkeyedHash(service: string, bucket: number): Uint8Array {
  input.reset().utf8(service).byte(STRING_END).utf8('unscoped/service').byte(STRING_END);
  return xxh3Hash64(input.uint64LittleEndian(bucket));
}

function readUint128(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

function readPartitionKey(hash: Uint8Array): PartitionKey {
  return new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0) as PartitionKey;
}
