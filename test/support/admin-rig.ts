// The admin API over a real schema actor, real discovery and a fake endpoint. Nothing is stored.
import { EMPTY_SCHEMA } from '../../src/actors/domain/schema.ts';
import { HANDLER_DEFAULTS } from '../../src/actors/domain/limits.ts';
import { QueryError } from '../../src/actors/domain/query-error.ts';
import type { InvocationOperator, QueryEngine, SchemaStore } from '../../src/actors/ports.ts';
import { SchemaActor } from '../../src/actors/schema-actor.ts';
import type { AdminContext } from '../../src/io/admin/context.ts';
import { createAdminHandler } from '../../src/io/admin/server.ts';
import { openDeploymentTransport } from '../../src/io/deployment/deployment-transport.ts';
import { createDiscovery } from '../../src/io/deployment/discovery.ts';
import { createSerdeClient } from '../../src/io/deployment/serde-client.ts';
import { callAdmin, type AdminAnswer, type AdminCall } from './admin-client.ts';
import { FakeEndpoint, manifestAnswer } from './fake-endpoint.ts';
import { LAMBDA_SETTINGS } from './fake-aws.ts';
import { T0 } from './schema-fixtures.ts';

export interface AdminRig {
  readonly endpoint: FakeEndpoint;
  readonly context: AdminContext;
  /** What went wrong and was logged. */
  readonly logged: readonly string[];
  /** Makes the store fail from now on. */
  breakStore(): void;
  call(method: string, target: string, call?: AdminCall): Promise<AdminAnswer>;
  /** Registers `path` of the endpoint with a manifest of these fields and these services. */
  register(
    path: string,
    manifest: Readonly<Record<string, unknown>>,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<AdminAnswer>;
  close(): Promise<void>;
}

/** What a server answers that has no invocations. */
const NO_INVOCATIONS: InvocationOperator = {
  operate: () => Promise.resolve({ kind: 'notFound' }),
  editState: () => Promise.resolve(),
};

const NO_QUERIES: QueryEngine = {
  warmUp: () => {},
  query: () => Promise.reject(new QueryError('unavailable', 'there is no query thread')),
  encode: () => Promise.reject(new QueryError('unavailable', 'there is no query thread')),
  describe: () => Promise.reject(new QueryError('unavailable', 'there is no query thread')),
};

export async function startAdminRig(
  operator: InvocationOperator = NO_INVOCATIONS,
  queries: QueryEngine = NO_QUERIES,
): Promise<AdminRig> {
  const endpoint = await FakeEndpoint.start();
  const transport = openDeploymentTransport({ http: {}, lambda: LAMBDA_SETTINGS });
  let storeIsBroken = false;
  const store: SchemaStore = {
    load: () => EMPTY_SCHEMA,
    save: () => (storeIsBroken ? Promise.reject(new Error('disk full')) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
  const commonHeaders = [['x-restate-cluster-name', 'localcluster']] as const;
  const discovery = createDiscovery({ transport, commonHeaders, retryDelayMs: 1 });
  const logged: string[] = [];
  const context: AdminContext = {
    invoking: { isPaused: false, startInvoking: () => {} },
    schema: new SchemaActor({ store, discovery, now: () => T0 }),
    operator,
    queries,
    serdes: createSerdeClient({ transport, commonHeaders }),
    clock: () => T0,
    random: (bytesCount) => new Uint8Array(bytesCount),
    options: {
      defaults: HANDLER_DEFAULTS,
      clusterName: 'localcluster',
      nodeId: 1,
      ingressUrl: 'http://127.0.0.1:8080/',
      features: {},
    },
    log: { error: (message) => logged.push(message) },
  };
  const handler = createAdminHandler(context);
  const rig: AdminRig = {
    endpoint,
    context,
    logged,
    breakStore: () => (storeIsBroken = true),
    call: (method, target, call) => callAdmin(handler, method, target, call),
    register: (path, manifest, body = {}) => {
      endpoint.behaviour = manifestAnswer(manifest);
      const uri = endpoint.origin + path;
      return rig.call('POST', '/deployments', { body: { uri, ...body } });
    },
    close: async () => {
      await transport.close();
      await endpoint.close();
    },
  };
  return rig;
}
