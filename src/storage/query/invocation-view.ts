// A stored invocation as a query looks at it: what is asked for is decoded, the rest is not. One view
// serves all rows of a scan, one after the other.
import { must } from '../../actors/domain/assert.ts';
import type { AttemptStatus } from '../../actors/domain/attempt-status.ts';
import type { InvocationId } from '../../actors/domain/ids.ts';
import type {
  InvocationSource,
  InvocationStatus,
  InvocationTarget,
} from '../../actors/domain/invocation.ts';
import {
  INVOCATION_VERSION,
  unpackStatus,
  type PackedInvocation,
} from '../tables/invocation-row.ts';
import { unpackSource } from '../tables/partition-message.ts';
import { unpackRow, unpackTarget } from '../value-codec.ts';

export class InvocationView {
  /** Elements of the row; see `PackedInvocation`. */
  #packed: PackedInvocation | undefined;
  readonly #attempts: ReadonlyMap<InvocationId, AttemptStatus>;
  #id: InvocationId | undefined;
  #target: InvocationTarget | undefined;
  #source: InvocationSource | undefined;
  #status: InvocationStatus | undefined;

  constructor(attempts: ReadonlyMap<InvocationId, AttemptStatus>) {
    this.#attempts = attempts;
  }

  /** Looks at another row from now on. */
  load(bytes: Buffer): this {
    this.#packed = unpackRow<PackedInvocation>(bytes, INVOCATION_VERSION);
    this.#id = undefined;
    this.#target = undefined;
    this.#source = undefined;
    this.#status = undefined;
    return this;
  }

  get id(): InvocationId {
    // Only parsed ids are ever stored.
    return (this.#id ??= this.#row[1] as InvocationId);
  }

  get target(): InvocationTarget {
    return (this.#target ??= unpackTarget(this.#row[2]));
  }

  get source(): InvocationSource {
    return (this.#source ??= unpackSource(this.#row[3]));
  }

  get status(): InvocationStatus {
    return (this.#status ??= unpackStatus(this.#row[9]));
  }

  /** What the partition threads know of its attempts. */
  get attempt(): AttemptStatus | undefined {
    const { kind } = this.status;
    return kind === 'invoked' || kind === 'paused' ? this.#attempts.get(this.id) : undefined;
  }

  get idempotencyKey(): string | undefined {
    return this.#row[4] ?? undefined;
  }

  get createdAtMs(): number {
    return this.#row[5];
  }

  get modifiedAtMs(): number {
    return this.#row[6];
  }

  get completionRetentionMs(): number {
    return this.#row[7];
  }

  get journalRetentionMs(): number {
    return this.#row[8];
  }

  get journalLength(): number {
    return this.#row[11];
  }

  get commandCount(): number {
    return this.#row[12];
  }

  get deploymentId(): string | undefined {
    return this.#row[13]?.[0];
  }

  get protocolVersion(): number | undefined {
    return this.#row[13]?.[1];
  }

  get limitKey(): string | undefined {
    return this.#row[15] ?? undefined;
  }

  get runningAtMs(): number | undefined {
    const afterMs = this.#row[16] ?? undefined;
    return afterMs === undefined ? undefined : this.createdAtMs + afterMs;
  }

  get scheduledAtMs(): number | undefined {
    return this.#row[17]?.[0] ?? undefined;
  }

  get scheduledStartAtMs(): number | undefined {
    return this.#row[17]?.[1] ?? undefined;
  }

  get inboxedAtMs(): number | undefined {
    return this.#row[17]?.[2] ?? undefined;
  }

  get eventsCount(): number {
    return this.#row[18] ?? 0;
  }

  get #row(): PackedInvocation {
    return must(this.#packed, 'a row was loaded');
  }
}
