import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor, type WaitOptions } from './wait.ts';

/** What the handlers of the service processes did, in the order they did it. */
export class EffectLog {
  /** File that the service processes append to. */
  readonly path: string;
  readonly #directory: string;
  readonly #file: number;
  readonly #lines: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #buffer = Buffer.alloc(1 << 20);
  #partialLine = '';

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'reprise-effects-'));
    this.path = join(this.#directory, 'effects.log');
    writeFileSync(this.path, '');
    this.#file = openSync(this.path, 'r');
  }

  lines(): readonly string[] {
    this.#readNew();
    return this.#lines;
  }

  /** How often exactly this effect happened. */
  count(effect: string): number {
    this.#readNew();
    return this.#counts.get(effect) ?? 0;
  }

  /** Distinct effects that start with `prefix`, with their counts. */
  countsStartingWith(prefix: string): ReadonlyMap<string, number> {
    this.#readNew();
    return new Map([...this.#counts].filter(([effect]) => effect.startsWith(prefix)));
  }

  async waitForCount(effect: string, count = 1, options?: WaitOptions): Promise<void> {
    await waitFor(
      `effect '${effect}' ${count} times`,
      () => (this.count(effect) >= count ? true : undefined),
      options,
    );
  }

  /** Waits for an effect that starts with `prefix` and gives what follows it. */
  waitForSuffix(prefix: string, options?: WaitOptions): Promise<string> {
    let linesSeenCount = 0;
    return waitFor(
      `an effect '${prefix}…'`,
      () => {
        const lines = this.lines();
        while (linesSeenCount < lines.length) {
          const line = lines[linesSeenCount++];
          if (line?.startsWith(prefix) === true) return line.slice(prefix.length);
        }
        return undefined;
      },
      options,
    );
  }

  dispose(): void {
    closeSync(this.#file);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #readNew(): void {
    for (;;) {
      const bytesRead = readSync(this.#file, this.#buffer);
      if (bytesRead === 0) return;
      const pieces = (this.#partialLine + this.#buffer.toString('utf8', 0, bytesRead)).split('\n');
      this.#partialLine = pieces.pop() ?? '';
      for (const line of pieces) {
        this.#lines.push(line);
        this.#counts.set(line, (this.#counts.get(line) ?? 0) + 1);
      }
    }
  }
}
