// The schema on disk: one row per deployment and per rule of scopes, one each that counts their changes,
// and one for everything of Kafka, in an environment of their own. Thread: main.
import { assert } from '../actors/domain/assert.ts';
import type { HttpEndpoint } from '../actors/domain/endpoint.ts';
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
import { EMPTY_RULE_BOOK, type LimitRule, type RuleBook } from '../actors/domain/rule-book.ts';
import { StorageUnavailableError } from '../actors/domain/storage-error.ts';
import type { SchemaStore } from '../actors/ports.ts';
import type { HeldPin } from '../actors/snapshot-ports.ts';
import type { KeyRange, Write } from './key-value-backend.ts';
import { type LmdbBackend, openTables } from './lmdb-backend.ts';
import { packRow, unpackRow, unpackRowOfAny } from './value-codec.ts';

const CHANGES_ROW_VERSION = 1;
const RULE_ROW_VERSION = 1;
const DEPLOYMENT_ROW_VERSION = 2;
const KAFKA_ROW_VERSION = 1;

const CHANGES_KEY = Buffer.from('changes');
const DEPLOYMENT_KEYS = keysBelow('deployment');
const RULE_CHANGES_KEY = Buffer.from('rule-changes');
const RULE_KEYS = keysBelow('rule');
const KAFKA_KEY = Buffer.from('kafka');

type ChangesRow = readonly [version: typeof CHANGES_ROW_VERSION, changesCount: number];
type RuleRow = readonly [version: typeof RULE_ROW_VERSION, rule: LimitRule];
type DeploymentRow =
  | readonly [version: typeof DEPLOYMENT_ROW_VERSION, deployment: StoredDeployment]
  /** Before there were deployments other than HTTP ones. */
  | readonly [version: 1, deployment: StoredHttpDeployment];
type KafkaRow = readonly [
  version: typeof KAFKA_ROW_VERSION,
  clusters: readonly KafkaCluster[],
  subscriptions: readonly Subscription[],
];

/** Lists in place of maps, which msgpack would turn into objects. */
type StoredDeployment = Omit<Deployment, 'services'> & {
  readonly services: readonly StoredRevision[];
};
type StoredHttpDeployment = Omit<StoredDeployment, 'endpoint'> & Omit<HttpEndpoint, 'kind'>;
type StoredRevision = Omit<ServiceRevision, 'handlers'> & { readonly handlers: readonly Handler[] };

/** Has no part in common with any schema, so that every row counts as changed. */
const UNKNOWN: Schema = {
  ...EMPTY_SCHEMA,
  kafka: { ...NO_KAFKA },
  ruleBook: { ...EMPTY_RULE_BOOK },
};

/** A schema store that can be copied while it is in use. */
export interface PinnableSchemaStore extends SchemaStore {
  /** What is stored now can be copied until the pin is released. Nothing may be saved meanwhile. */
  pin(): HeldPin;
}

/** Opens or makes the store in a directory. */
export function openSchemaStore(directory: string): PinnableSchemaStore {
  return new LmdbSchemaStore(directory);
}

class LmdbSchemaStore implements PinnableSchemaStore {
  readonly #directory: string;
  #backend: LmdbBackend;
  /** After a failed commit LMDB may refuse everything until the environment is opened anew. */
  #isBroken = false;
  /** What is on disk; the deployments and rules of a later schema are mostly the same objects. */
  #stored: Schema = EMPTY_SCHEMA;

  constructor(directory: string) {
    this.#directory = directory;
    this.#backend = openTables(directory);
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
    const services = activeRevisions(deployments);
    const kafkaRow = this.#backend.get(KAFKA_KEY);
    const kafka = kafkaRow === undefined ? NO_KAFKA : unpackKafka(kafkaRow);
    this.#stored = { version, deployments, services, kafka, ruleBook: this.#loadRules() };
    return this.#stored;
  }

  #loadRules(): RuleBook {
    const changes = this.#backend.get(RULE_CHANGES_KEY);
    if (changes === undefined) return EMPTY_RULE_BOOK;
    const rules = new Map<string, LimitRule>();
    for (const [, value] of this.#backend.range(RULE_KEYS)) {
      const [, rule] = unpackRow<RuleRow>(value, RULE_ROW_VERSION);
      rules.set(rule.pattern, rule);
    }
    return { version: unpackRow<ChangesRow>(changes, CHANGES_ROW_VERSION)[1], rules };
  }

  async save(schema: Schema): Promise<void> {
    try {
      await this.#save(schema);
    } catch (cause) {
      this.#isBroken = true;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new StorageUnavailableError(`the schema cannot be stored: ${why}`, { cause });
    }
  }

  pin(): HeldPin {
    return this.#backend.pin();
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }

  async #save(schema: Schema): Promise<void> {
    if (this.#isBroken) {
      await this.#backend.close();
      this.#backend = openTables(this.#directory);
      this.#isBroken = false;
    }
    const { deployments, kafka, ruleBook } = this.#stored;
    const writes = [
      { key: CHANGES_KEY, value: packChanges(schema.version) },
      ...this.#changedRows(DEPLOYMENT_KEYS, deployments, schema.deployments, packDeployment),
    ];
    if (schema.kafka !== kafka) writes.push({ key: KAFKA_KEY, value: packKafka(schema.kafka) });
    if (schema.ruleBook !== ruleBook) {
      writes.push(
        { key: RULE_CHANGES_KEY, value: packChanges(schema.ruleBook.version) },
        ...this.#changedRows(RULE_KEYS, ruleBook.rules, schema.ruleBook.rules, packRule),
      );
    }
    // If the commit fails nobody knows what is on disk, and the next one writes everything.
    this.#stored = UNKNOWN;
    await this.#backend.commit(writes);
    this.#stored = schema;
  }

  /** Rows of one kind: `wanted` by name, of which those equal to `stored` are on disk already. */
  #changedRows<Name extends string, Item>(
    keys: RowKeys,
    stored: ReadonlyMap<Name, Item>,
    wanted: ReadonlyMap<Name, Item>,
    pack: (item: Item) => Uint8Array,
  ): Write[] {
    const puts = [...wanted]
      .filter(([name, item]) => stored.get(name) !== item)
      .map(([name, item]) => ({ key: keys.keyOf(name), value: pack(item) }));
    const kept = new Set([...wanted.keys()].map((name) => keys.keyOf(name).toString()));
    const removes = [...this.#backend.keys(keys)]
      .filter((key) => !kept.has(key.toString()))
      .map((key) => ({ key: Buffer.from(key), value: undefined }));
    return [...puts, ...removes];
  }
}

/** The keys of one kind of row. */
interface RowKeys extends KeyRange {
  keyOf(name: string): Buffer;
}

function keysBelow(kind: string): RowKeys {
  // The character after the slash.
  const end = Buffer.from(`${kind}0`);
  return { start: Buffer.from(`${kind}/`), end, keyOf: (name) => Buffer.from(`${kind}/${name}`) };
}

function packChanges(changesCount: number): Uint8Array {
  const row: ChangesRow = [CHANGES_ROW_VERSION, changesCount];
  return packRow(row);
}

function packRule(rule: LimitRule): Uint8Array {
  const row: RuleRow = [RULE_ROW_VERSION, rule];
  return packRow(row);
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
