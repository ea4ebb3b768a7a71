// Loaded before everything else in a service process (node --import).
import { register } from 'node:module';

// SDK 1.17 uses Promise.withResolvers, which Node 20 lacks.
if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value: function withResolvers<T>(this: PromiseConstructor) {
      let settle: Pick<PromiseWithResolversLike<T>, 'resolve' | 'reject'> | undefined;
      const promise = new this<T>((resolve, reject) => {
        settle = { resolve, reject };
      });
      return { promise, ...settle };
    },
  });
}

interface PromiseWithResolversLike<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
}

if (process.env['TEST_SDK'] !== undefined) register('./sdk-alias.js', import.meta.url);
