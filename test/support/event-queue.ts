/** How long a test waits for something that should happen at once. Unit: milliseconds. */
const WAIT_MS_DEFAULT = 5000;

interface Waiter<T> {
  readonly matches: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

/** Things that happened and were not asked for yet, and questions about things to come. */
export class EventQueue<T> {
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];

  push(item: T): void {
    const index = this.#waiters.findIndex((waiter) => waiter.matches(item));
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
    if (waiter === undefined) this.#items.push(item);
    else waiter.resolve(item);
  }

  /** Takes the oldest item that matches out of the queue. Rejects when none comes in time. */
  next(
    what: string,
    matches: (item: T) => boolean = () => true,
    waitMs: number = WAIT_MS_DEFAULT,
  ): Promise<T> {
    const index = this.#items.findIndex(matches);
    const [item] = index < 0 ? [] : this.#items.splice(index, 1);
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} within ${waitMs} ms`)), waitMs);
      this.#waiters.push({
        matches,
        resolve: (found) => {
          clearTimeout(timer);
          resolve(found);
        },
      });
    });
  }

  /** The items that nobody asked for, oldest first. */
  get pending(): readonly T[] {
    return this.#items;
  }
}
