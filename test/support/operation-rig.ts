// A rig whose services perform any context operation by name (test/services/operation-hosts.ts).
import type { HttpReply } from './http.ts';
import { Rig } from './rig.ts';
import type { SDK_VERSIONS } from './service-process.ts';

/** Short timeouts, so that suspension and abort happen within seconds. */
export function startOperationRig({
  sdkPackage,
  environment,
}: (typeof SDK_VERSIONS)[number]): Promise<Rig> {
  return Rig.start({
    modules: ['operation-hosts', 'callee'],
    sdkPackage,
    server: {
      environment: {
        ...environment,
        RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '1s',
        RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: '1s',
      },
    },
  });
}

let tagsCount = 0;

/** Names one test: it prefixes the test's effects and serves as its object or workflow key. */
export function newTag(): string {
  return `t${++tagsCount}`;
}

/** Has the handler at `path` perform an operation. */
export function perform(
  rig: Rig,
  path: string,
  operation: string,
  tag: string,
): Promise<HttpReply> {
  return rig.ingress.post(path, { operation, tag }, { 'x-test': 'sent by the test' });
}
