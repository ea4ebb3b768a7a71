// The log of one thread in one environment: what is flushed here is durable, long before the tables
// have it. Two segments take turns; one is written again when the tables have everything in it.
import { LogStatistics } from '../../actors/domain/statistics.ts';
import type { Write } from '../key-value-backend.ts';
import { flushDirectory } from '../file-flush.ts';
import { FlushPace } from './flush-pace.ts';
import { segmentPaths } from './log-files.ts';
import { RecordEncoder } from './record.ts';
import { Segment } from './segment.ts';

/** A segment is left when it is longer than this. Unit: bytes. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

export class Log {
  readonly #environmentPath: string;
  readonly #encoder = new RecordEncoder();
  readonly #statistics: LogStatistics;
  readonly #pace: FlushPace;
  #current: Segment;
  #other: Segment;
  #lastSequence = 0;
  /** The tables have everything up to this record. */
  #neededAfter = 0;

  /** Makes new files: what old ones hold must have been brought to the tables. */
  constructor(environmentPath: string, name: string, statistics = new LogStatistics()) {
    this.#statistics = statistics;
    this.#pace = new FlushPace(statistics.flushSeconds);
    const [current, other] = segmentPaths(environmentPath, name);
    this.#current = new Segment(current);
    this.#other = new Segment(other);
    flushDirectory(environmentPath);
    this.#environmentPath = environmentPath;
  }

  /** Writes one record, which may span batches, and flushes it. Returns its sequence number. */
  append(batches: readonly (readonly Write[])[]): number {
    if (this.#current.position > SEGMENT_BYTES && this.#other.lastSequence <= this.#neededAfter) {
      [this.#current, this.#other] = [this.#other, this.#current];
      this.#current.restart();
    }
    this.#lastSequence += 1;
    const record = this.#encoder.encode(this.#lastSequence, batches);
    this.#current.append(record, this.#lastSequence);
    this.#statistics.recordBytes.observe(record.byteLength);
    this.#statistics.recordBatches.observe(batches.length);
    return this.#lastSequence;
  }

  /** Of what was written since the tables had everything. Unit: bytes. */
  get bytes(): number {
    return (
      this.#current.position +
      (this.#other.lastSequence > this.#neededAfter ? this.#other.position : 0)
    );
  }

  /** Flushes what was appended. Returns a promise only when the disk is slow. */
  flush(): Promise<void> | undefined {
    return this.#pace.flush(this.#current);
  }

  /** The tables have everything up to this record, flushed. */
  trim(sequence: number): void {
    this.#neededAfter = sequence;
  }

  /** For when the tables have everything. The older segment goes first, as after a recovery. */
  remove(): void {
    for (const segment of [this.#other, this.#current]) {
      segment.remove();
      flushDirectory(this.#environmentPath);
    }
  }
}
