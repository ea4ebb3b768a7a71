// Schema actor: the only writer of the schema. Thread: main.
//   S1. Changes happen one at a time; each is decided against the schema that the one before left.
//   S2. A change is stored before anyone can observe it: neither `current()`, nor a subscriber, nor
//       the client that asked for it sees a schema that is not on disk.
//   S3. Discovery happens outside the sequence, so that a slow endpoint holds up nobody else.
import { randomBytes } from 'node:crypto';
import {
  formatDeploymentId,
  formatSubscriptionId,
  type DeploymentId,
  type SubscriptionId,
} from './domain/ids.ts';
import type { KafkaCluster } from './domain/kafka.ts';
import { uuidFromUlid } from './domain/make-invocation-id.ts';
import type { DiscoveredDeployment } from './domain/manifest.ts';
import type {
  RuleChange,
  RuleChangeResult,
  RuleRemoval,
  RuleRemovalResult,
} from './domain/rule-book.ts';
import { changeRules, removeRules } from './domain/rule-book.ts';
import type { Schema } from './domain/schema.ts';
import { unixMillis, type UnixMillis } from './domain/time.ts';
import type {
  ChangeResult,
  DeploymentDiscovery,
  RegisterDeployment,
  RegisterResult,
  SchemaRegistry,
  SchemaStore,
  UpdateDeployment,
  UpdateResult,
} from './ports.ts';
import { updateAddress } from './schema/address.ts';
import type { SchemaChange } from './schema/change.ts';
import {
  createCluster,
  createSubscription,
  removeCluster,
  removeSubscription,
  updateCluster,
  type NewSubscription,
} from './schema/kafka.ts';
import { modifyService, type ServiceSettings } from './schema/modify-service.ts';
import { deploymentTypeChanged } from './schema/refusal.ts';
import {
  findDeploymentAt,
  registerDeployment,
  removeDeployment,
  updateDeployment,
} from './schema/register.ts';

export interface SchemaActorOptions {
  readonly store: SchemaStore;
  readonly discovery: DeploymentDiscovery;
  /** Wall clock; default is the system's. */
  readonly now?: (() => UnixMillis) | undefined;
}

/** Hears every schema that replaces another one. Must not throw. */
export type SchemaSubscriber = (schema: Schema) => void;

/** What a change comes to: the answer, and the schema to store unless nothing changes. */
interface Decision<T> {
  readonly result: T;
  readonly schema?: Schema | undefined;
}

export class SchemaActor implements SchemaRegistry {
  readonly #store: SchemaStore;
  readonly #discovery: DeploymentDiscovery;
  readonly #now: () => UnixMillis;
  readonly #subscribers = new Set<SchemaSubscriber>();
  #schema: Schema;
  #lastChange: Promise<unknown> = Promise.resolve();

  /** Starts from what the store holds. */
  constructor({ store, discovery, now }: SchemaActorOptions) {
    this.#store = store;
    this.#discovery = discovery;
    this.#now = now ?? (() => unixMillis(Date.now()));
    this.#schema = store.load();
  }

  current(): Schema {
    return this.#schema;
  }

  /** Tells `subscriber` of every change from now on. Returns the way to stop that. */
  subscribe(subscriber: SchemaSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  async register(request: RegisterDeployment): Promise<RegisterResult> {
    const existing = findDeploymentAt(this.#schema, request.address);
    if (existing !== undefined && !request.force) {
      return { kind: 'existing', deployment: existing };
    }
    const outcome = await this.#discovery.discover(request);
    if (outcome.kind === 'discoveryFailed') return outcome;
    return this.#change((schema) => this.#decideRegistration(schema, request, outcome.discovered));
  }

  #decideRegistration(
    schema: Schema,
    request: RegisterDeployment,
    discovered: DiscoveredDeployment,
  ): Decision<RegisterResult> {
    const nowMs = this.#now();
    const freshId = formatDeploymentId(freshUlid(nowMs));
    const registered = registerDeployment(schema, { ...request, discovered, nowMs, freshId });
    if (registered.kind === 'existing' || registered.kind === 'refused') {
      return { result: registered };
    }
    const { kind, deployment } = registered;
    return {
      result: { kind, deployment },
      schema: request.dryRun ? undefined : registered.schema,
    };
  }

  async update(request: UpdateDeployment): Promise<UpdateResult> {
    const stored = this.#schema.deployments.get(request.id);
    if (stored === undefined) return { kind: 'unknownDeployment' };
    if (changesNothing(request)) return { kind: 'updated', deployment: stored };
    const updated = updateAddress(stored.endpoint, request.address);
    if (updated === undefined) {
      return { kind: 'refused', refusal: deploymentTypeChanged(stored.endpoint.kind) };
    }
    const { address, useHttp11 } = updated;
    const additionalHeaders = request.additionalHeaders ?? stored.additionalHeaders;
    const outcome = await this.#discovery.discover({ address, useHttp11, additionalHeaders });
    if (outcome.kind === 'discoveryFailed') return outcome;
    const { id, overwrite, dryRun } = request;
    const update = { id, address, additionalHeaders, overwrite, discovered: outcome.discovered };
    return this.#change<UpdateResult>((schema) => {
      const updated = updateDeployment(schema, update);
      if (updated.kind !== 'updated') return { result: updated };
      const result = { kind: 'updated', deployment: updated.deployment } as const;
      return { result, schema: dryRun ? undefined : updated.schema };
    });
  }

  remove(id: DeploymentId): Promise<'removed' | 'unknownDeployment'> {
    return this.#change((schema) => {
      const without = removeDeployment(schema, id);
      return { result: without === undefined ? 'unknownDeployment' : 'removed', schema: without };
    });
  }

  changeRules(changes: readonly RuleChange[]): Promise<RuleChangeResult> {
    return this.#change((schema) => {
      const result = changeRules(schema.ruleBook, changes, this.#now());
      return { result, schema: withRuleBook(schema, result) };
    });
  }

  removeRules(removals: readonly RuleRemoval[]): Promise<RuleRemovalResult> {
    return this.#change((schema) => {
      const result = removeRules(schema.ruleBook, removals);
      return { result, schema: withRuleBook(schema, result) };
    });
  }

  modifyService(service: string, settings: ServiceSettings) {
    return this.#changeIfAllowed((schema) => modifyService(schema, service, settings));
  }

  createKafkaCluster(name: string, properties: KafkaCluster['properties']) {
    return this.#changeIfAllowed((schema) => createCluster(schema, name, properties, this.#now()));
  }

  updateKafkaCluster(name: string, properties: KafkaCluster['properties']) {
    return this.#changeIfAllowed((schema) => updateCluster(schema, name, properties));
  }

  removeKafkaCluster(name: string, options: { readonly force: boolean }) {
    return this.#changeIfAllowed((schema) => removeCluster(schema, name, options));
  }

  createSubscription(subscription: Omit<NewSubscription, 'id'>) {
    return this.#changeIfAllowed((schema) => {
      const id = formatSubscriptionId(freshUlid(this.#now()));
      return createSubscription(schema, { ...subscription, id });
    });
  }

  removeSubscription(id: SubscriptionId) {
    return this.#changeIfAllowed((schema) => removeSubscription(schema, id));
  }

  #changeIfAllowed<T>(decide: (schema: Schema) => SchemaChange<T>): Promise<ChangeResult<T>> {
    return this.#change((schema): Decision<ChangeResult<T>> => {
      const change = decide(schema);
      if (change.kind === 'refused') return { result: change };
      return { result: { kind: 'changed', value: change.value }, schema: change.schema };
    });
  }

  /** Calls `use` while nothing changes. */
  hold<T>(use: () => Promise<T>): Promise<T> {
    return this.#inTurn(use);
  }

  #change<T>(decide: (schema: Schema) => Decision<T>): Promise<T> {
    return this.#inTurn(() => this.#apply(decide));
  }

  /** Keeps S1. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#lastChange.then(act);
    // A change that could not be stored is its client's to hear about; the next one goes on.
    this.#lastChange = turn.catch(() => undefined);
    return turn;
  }

  /** Keeps S2. */
  async #apply<T>(decide: (schema: Schema) => Decision<T>): Promise<T> {
    const { result, schema } = decide(this.#schema);
    if (schema === undefined) return result;
    await this.#store.save(schema);
    this.#schema = schema;
    for (const subscriber of this.#subscribers) subscriber(schema);
    return result;
  }
}

/** The schema with the book that a change made, `undefined` if it made none. */
function withRuleBook(
  schema: Schema,
  result: RuleChangeResult | RuleRemovalResult,
): Schema | undefined {
  if (result.kind !== 'changed' && result.kind !== 'removed') return undefined;
  const { book: ruleBook } = result;
  return ruleBook === schema.ruleBook
    ? undefined
    : { ...schema, version: schema.version + 1, ruleBook };
}

function freshUlid(nowMs: UnixMillis): bigint {
  return uuidFromUlid(nowMs, randomBytes(10));
}

function changesNothing({ address, additionalHeaders }: UpdateDeployment): boolean {
  return address === undefined && additionalHeaders === undefined;
}
