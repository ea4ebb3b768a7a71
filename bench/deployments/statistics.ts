// What a deployment process of the benches tells its parent, and how it is asked.

/** What happened since the process started, by `Service/handler`. */
export interface DeploymentStatistics {
  /** Attempts begun, replayed ones counted again. */
  readonly started: Readonly<Record<string, number>>;
  readonly finished: Readonly<Record<string, number>>;
  readonly suspended: Readonly<Record<string, number>>;
  /** How late each invocation of `Bench/due` began after the time in its body. Unit: milliseconds. */
  readonly latenessMs: readonly number[];
}

export type DeploymentRequest = { readonly ask: 'statistics' };

export type DeploymentReply =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'statistics'; readonly statistics: DeploymentStatistics };

/** Counts what the attempts of a deployment process do. */
export class StatisticsCollector {
  readonly #started = new Map<string, number>();
  readonly #finished = new Map<string, number>();
  readonly #suspended = new Map<string, number>();
  readonly #latenessMs: number[] = [];

  started(name: string): void {
    count(this.#started, name);
  }

  finished(name: string): void {
    count(this.#finished, name);
  }

  suspended(name: string): void {
    count(this.#suspended, name);
  }

  late(ms: number): void {
    this.#latenessMs.push(ms);
  }

  /** Answers the parent process whenever it asks. */
  serveParent(): void {
    process.on('message', () => reply({ kind: 'statistics', statistics: this.#current() }));
    process.on('disconnect', () => process.exit(0));
  }

  #current(): DeploymentStatistics {
    return {
      started: Object.fromEntries(this.#started),
      finished: Object.fromEntries(this.#finished),
      suspended: Object.fromEntries(this.#suspended),
      latenessMs: this.#latenessMs,
    };
  }
}

export function tellPort(port: number): void {
  reply({ kind: 'listening', port });
}

function reply(message: DeploymentReply): void {
  process.send?.(message);
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
