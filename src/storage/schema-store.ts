// The schema on disk: one row per deployment, one for everything of Kafka and one that counts changes,
// in an environment of their own. Thread: main.
import { assert } from '../actors/domain/assert.ts';
import type { DeploymentId } from '../actors/domain/ids.ts';
import {
  NO_KAFKA,
  type KafkaCluster,
  type KafkaRegistrations,
  type Subscription,
} from '../actors/domain/kafka.ts';
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
import { packRow, unpackRow } from './value-codec.ts';

/** Of every kind of row but that of Kafka. */
const ROW_VERSION = 1;
const KAFKA_ROW_VERSION = 1;

const CHANGES_KEY = Buffer.from('changes');
const KAFKA_KEY = Buffer.from('kafka');
const DEPLOYMENT_KEYS = { start: Buffer.from('deployment/'), end: Buffer.from('deployment0') };

type ChangesRow = readonly [version: typeof ROW_VERSION, changesCount: number];
type KafkaRow = readonly [
  version: typeof KAFKA_ROW_VERSION,
  clusters: readonly KafkaCluster[],
  subscriptions: readonly Subscription[],
];
type DeploymentRow = readonly [version: typeof ROW_VERSION, deployment: StoredDeployment];

/** Lists in place of maps, which msgpack would turn into objects. */
type StoredDeployment = Omit<Deployment, 'services'> & {
  readonly services: readonly StoredRevision[];
};
type StoredRevision = Omit<ServiceRevision, 'handlers'> & { readonly handlers: readonly Handler[] };

/** Opens or makes the store in a directory. */
export function openSchemaStore(directory: string): SchemaStore {
  return new LmdbSchemaStore(new LmdbBackend(openEnvironment(directory)));
}

class LmdbSchemaStore implements SchemaStore {
  readonly #backend: LmdbBackend;
  /** The deployments on disk; those of a later schema are mostly the same objects. */
  #stored: Schema['deployments'] = new Map();
  /** What is on disk of Kafka; `undefined` when nobody knows. */
  #storedKafka: KafkaRegistrations | undefined = NO_KAFKA;

  constructor(backend: LmdbBackend) {
    this.#backend = backend;
  }

  load(): Schema {
    const changes = this.#backend.get(CHANGES_KEY);
    if (changes === undefined) return EMPTY_SCHEMA;
    const [, version] = unpackRow<ChangesRow>(changes, ROW_VERSION);
    const deployments = new Map<DeploymentId, Deployment>();
    for (const [, value] of this.#backend.range(DEPLOYMENT_KEYS)) {
      const deployment = unpackDeployment(value);
      deployments.set(deployment.id, deployment);
    }
    const kafkaRow = this.#backend.get(KAFKA_KEY);
    const kafka = kafkaRow === undefined ? NO_KAFKA : unpackKafka(kafkaRow);
    this.#stored = deployments;
    this.#storedKafka = kafka;
    return { version, deployments, services: activeRevisions(deployments), kafka };
  }

  async save({ version, deployments, kafka }: Schema): Promise<void> {
    const changes: ChangesRow = [ROW_VERSION, version];
    const writes = [
      { key: CHANGES_KEY, value: packRow(changes) },
      ...this.#changedRows(deployments),
      ...(kafka === this.#storedKafka ? [] : [{ key: KAFKA_KEY, value: packKafka(kafka) }]),
    ];
    // If the commit fails nobody knows what is on disk, and the next one writes everything.
    this.#stored = new Map();
    this.#storedKafka = undefined;
    await this.#backend.commit(writes);
    this.#stored = deployments;
    this.#storedKafka = kafka;
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
  const row: DeploymentRow = [ROW_VERSION, { ...deployment, services }];
  return packRow(row);
}

function unpackDeployment(bytes: Uint8Array): Deployment {
  const [, stored] = unpackRow<DeploymentRow>(bytes, ROW_VERSION);
  const services = stored.services.map((revision): [string, ServiceRevision] => {
    assert(revision.deploymentId === stored.id, 'a revision is stored with its own deployment');
    const handlers = new Map(revision.handlers.map((handler) => [handler.name, handler]));
    return [revision.name, { ...revision, handlers }];
  });
  return { ...stored, services: new Map(services) };
}

function packKafka({ clusters, subscriptions }: KafkaRegistrations): Uint8Array {
  const row: KafkaRow = [KAFKA_ROW_VERSION, [...clusters.values()], [...subscriptions.values()]];
  return packRow(row);
}

function unpackKafka(bytes: Uint8Array): KafkaRegistrations {
  const [, clusters, subscriptions] = unpackRow<KafkaRow>(bytes, KAFKA_ROW_VERSION);
  return {
    clusters: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    subscriptions: new Map(subscriptions.map((subscription) => [subscription.id, subscription])),
  };
}
