// The schema on disk: one row per deployment and one that counts changes, in an environment of their
// own. Thread: main.
import { assert } from '../actors/domain/assert.ts';
import type { HttpEndpoint } from '../actors/domain/endpoint.ts';
import type { DeploymentId } from '../actors/domain/ids.ts';
import {
  activeRevisions,
  EMPTY_SCHEMA,
  type Deployment,
  type Handler,
  type Schema,
  type ServiceRevision,
} from '../actors/domain/schema.ts';
import type { SchemaStore } from '../actors/ports.ts';
import { openEnvironment } from './environment.ts';
import type { Write } from './key-value-backend.ts';
import { LmdbBackend } from './lmdb-backend.ts';
import { packRow, unpackRow, unpackRowOfAny } from './value-codec.ts';

const CHANGES_ROW_VERSION = 1;
const DEPLOYMENT_ROW_VERSION = 2;

const CHANGES_KEY = Buffer.from('changes');
const DEPLOYMENT_KEYS = { start: Buffer.from('deployment/'), end: Buffer.from('deployment0') };

type ChangesRow = readonly [version: typeof CHANGES_ROW_VERSION, changesCount: number];
type DeploymentRow =
  | readonly [version: typeof DEPLOYMENT_ROW_VERSION, deployment: StoredDeployment]
  /** Before there were deployments other than HTTP ones. */
  | readonly [version: 1, deployment: StoredHttpDeployment];

/** Lists in place of maps, which msgpack would turn into objects. */
type StoredDeployment = Omit<Deployment, 'services'> & {
  readonly services: readonly StoredRevision[];
};
type StoredHttpDeployment = Omit<StoredDeployment, 'endpoint'> & Omit<HttpEndpoint, 'kind'>;
type StoredRevision = Omit<ServiceRevision, 'handlers'> & { readonly handlers: readonly Handler[] };

/** Opens or makes the store in a directory. */
export function openSchemaStore(directory: string): SchemaStore {
  return new LmdbSchemaStore(new LmdbBackend(openEnvironment(directory)));
}

class LmdbSchemaStore implements SchemaStore {
  readonly #backend: LmdbBackend;
  /** The deployments on disk; those of a later schema are mostly the same objects. */
  #stored: Schema['deployments'] = new Map();

  constructor(backend: LmdbBackend) {
    this.#backend = backend;
  }

  load(): Schema {
    const changes = this.#backend.get(CHANGES_KEY);
    if (changes === undefined) return EMPTY_SCHEMA;
    const [, version] = unpackRow<ChangesRow>(changes, CHANGES_ROW_VERSION);
    const deployments = new Map<DeploymentId, Deployment>();
    for (const [, value] of this.#backend.range(DEPLOYMENT_KEYS)) {
      const deployment = unpackDeployment(value);
      deployments.set(deployment.id, deployment);
    }
    this.#stored = deployments;
    return { version, deployments, services: activeRevisions(deployments) };
  }

  async save({ version, deployments }: Schema): Promise<void> {
    const changes: ChangesRow = [CHANGES_ROW_VERSION, version];
    const writes = [
      { key: CHANGES_KEY, value: packRow(changes) },
      ...this.#changedRows(deployments),
    ];
    // If the commit fails nobody knows what is on disk, and the next one writes everything.
    this.#stored = new Map();
    await this.#backend.commit(writes);
    this.#stored = deployments;
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }

  #changedRows(deployments: Schema['deployments']): Write[] {
    const puts = [...deployments.values()]
      .filter((deployment) => this.#stored.get(deployment.id) !== deployment)
      .map((deployment) => ({
        key: deploymentKey(deployment.id),
        value: packDeployment(deployment),
      }));
    const kept = new Set([...deployments.keys()].map((id) => deploymentKey(id).toString()));
    const removes = [...this.#backend.keys(DEPLOYMENT_KEYS)]
      .filter((key) => !kept.has(key.toString()))
      .map((key) => ({ key: Buffer.from(key), value: undefined }));
    return [...puts, ...removes];
  }
}

function deploymentKey(id: DeploymentId): Buffer {
  return Buffer.from(`deployment/${id}`);
}

function packDeployment(deployment: Deployment): Uint8Array {
  const services = [...deployment.services.values()].map((revision) => ({
    ...revision,
    handlers: [...revision.handlers.values()],
  }));
  const row: DeploymentRow = [DEPLOYMENT_ROW_VERSION, { ...deployment, services }];
  return packRow(row);
}

function unpackDeployment(bytes: Uint8Array): Deployment {
  const stored = unpackStored(bytes);
  const services = stored.services.map((revision): [string, ServiceRevision] => {
    assert(revision.deploymentId === stored.id, 'a revision is stored with its own deployment');
    const handlers = new Map(revision.handlers.map((handler) => [handler.name, handler]));
    return [revision.name, { ...revision, handlers }];
  });
  return { ...stored, services: new Map(services) };
}

function unpackStored(bytes: Uint8Array): StoredDeployment {
  const row = unpackRowOfAny<DeploymentRow>(bytes, [1, DEPLOYMENT_ROW_VERSION]);
  if (row[0] === DEPLOYMENT_ROW_VERSION) return row[1];
  const { uri, httpVersion, ...deployment } = row[1];
  return { ...deployment, endpoint: { kind: 'http', uri, httpVersion } };
}
