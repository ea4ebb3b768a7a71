// Module hook: services import '@restatedev/restate-sdk'; TEST_SDK names the package they get instead.
import type { ResolveHook } from 'node:module';

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const sdk = process.env['TEST_SDK'];
  const replaced = specifier === '@restatedev/restate-sdk' && sdk !== undefined;
  return nextResolve(replaced ? sdk : specifier, context);
};
