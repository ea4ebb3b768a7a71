// Changes of what is registered of Kafka. A refused change leaves no trace.
import {
  formatDeploymentUri,
  parseDeploymentUri,
  type DeploymentUri,
} from '../domain/deployment-uri.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import {
  subscriptionsOf,
  type KafkaCluster,
  type KafkaRegistrations,
  type Subscription,
} from '../domain/kafka.ts';
import type { Schema } from '../domain/schema.ts';
import type { UnixMillis } from '../domain/time.ts';
import type { SchemaChange } from './change.ts';
import { notRegistered, refused, type SchemaRefusal } from './refusal.ts';

export interface NewSubscription {
  readonly id: SubscriptionId;
  /** A URI, as the client wrote it. */
  readonly source: string;
  readonly sink: string;
  readonly options: Readonly<Record<string, string>>;
}

export function createCluster(
  schema: Schema,
  name: string,
  properties: KafkaCluster['properties'],
  nowMs: UnixMillis,
): SchemaChange<KafkaCluster> {
  const fault = findPropertiesFault(name, properties);
  if (fault !== undefined) return { kind: 'refused', refusal: fault };
  if (schema.kafka.clusters.has(name)) {
    return refused('alreadyExists', `kafka cluster '${name}' already exists in schema registry`);
  }
  return putCluster(schema, { name, properties, createdAtMs: nowMs });
}

/** Replaces all properties. */
export function updateCluster(
  schema: Schema,
  name: string,
  properties: KafkaCluster['properties'],
): SchemaChange<KafkaCluster> {
  const fault = findPropertiesFault(name, properties);
  if (fault !== undefined) return { kind: 'refused', refusal: fault };
  const stored = schema.kafka.clusters.get(name);
  if (stored === undefined) return notRegistered(`kafka cluster '${name}'`);
  return putCluster(schema, { ...stored, properties });
}

/** `force` leaves the subscriptions of the cluster without one. */
export function removeCluster(
  schema: Schema,
  name: string,
  { force }: { readonly force: boolean },
): SchemaChange<undefined> {
  const clusters = new Map(schema.kafka.clusters);
  if (!clusters.delete(name)) return notRegistered(`kafka cluster named '${name}'`);
  const orphan = force ? undefined : subscriptionsOf(schema.kafka, name)[0];
  if (orphan !== undefined) {
    const message = `Removing the kafka cluster '${name}' leads to subscription '${orphan.id}' being orphan. Remove the subscription first, or use the 'force' flag.`;
    return refused('clusterInUse', message);
  }
  return changed(schema, { clusters }, undefined);
}

export function createSubscription(
  schema: Schema,
  { id, source, sink, options }: NewSubscription,
): SchemaChange<Subscription> {
  const from = readUri(source, 'kafka');
  if (typeof from === 'string') return invalidUri('source', from, supports('kafka'));
  const to = readUri(sink, 'service');
  if (typeof to === 'string') return invalidUri('sink', to, supports('service'));
  const service = to.authority;
  const handler = to.path.slice(1);
  if (schema.services.get(service)?.handlers.has(handler) !== true) {
    const reason = 'cannot find service/handler specified in the sink URI.';
    return invalidUri('sink', formatDeploymentUri(to), reason);
  }
  const cluster = from.authority;
  const { clusters } = schema.kafka;
  const properties = clusters.get(cluster)?.properties;
  if (properties === undefined) {
    const available = [...clusters.keys()].map((name) => JSON.stringify(name)).join(', ');
    const message = `Kafka cluster '${cluster}' not found. Available clusters: [${available}]`;
    return refused('unknownCluster', message);
  }
  const subscription = { id, cluster, topic: from.path.slice(1), service, handler };
  const defaults = defaultOptions(id, properties);
  return putSubscription(schema, { ...subscription, options: { ...defaults, ...options } });
}

/** What the cluster says goes before the server's defaults; the client id is not repeated (seen on 1.7.12). */
function defaultOptions(
  id: SubscriptionId,
  properties: KafkaCluster['properties'],
): KafkaCluster['properties'] {
  const groupId = { 'group.id': properties['group.id'] ?? id };
  return Object.hasOwn(properties, 'client.id') ? groupId : { 'client.id': 'restate', ...groupId };
}

export function removeSubscription(schema: Schema, id: SubscriptionId): SchemaChange<undefined> {
  const subscriptions = new Map(schema.kafka.subscriptions);
  if (!subscriptions.delete(id)) return notRegistered(`subscription with id '${id}'`);
  return changed(schema, { subscriptions }, undefined);
}

const BROKER_PROPERTIES = ['bootstrap.servers', 'metadata.broker.list'] as const;

function findPropertiesFault(
  name: string,
  properties: KafkaCluster['properties'],
): SchemaRefusal | undefined {
  if (BROKER_PROPERTIES.some((property) => Object.hasOwn(properties, property))) return undefined;
  const message = `kafka cluster '${name}' properties must contain either 'bootstrap.servers' or 'metadata.broker.list'`;
  return { kind: 'invalidCluster', message };
}

/** A text is the URI as a refusal shows it. */
function readUri(text: string, scheme: string): DeploymentUri | string {
  const parsed = parseDeploymentUri(text);
  if (parsed.kind !== 'absolute') return text;
  // Schemes are compared as they are written, unlike those of deployments.
  const uri = { ...parsed.uri, scheme: text.slice(0, parsed.uri.scheme.length) };
  return uri.scheme === scheme ? { ...uri, query: '' } : formatDeploymentUri(uri);
}

function supports(scheme: string): string {
  return `must have a scheme segment, with supported schemes: [${scheme}].`;
}

function invalidUri(
  which: 'source' | 'sink',
  uri: string,
  reason: string,
): SchemaChange<Subscription> {
  return refused('invalidSubscription', `invalid ${which} URI '${uri}': ${reason}`);
}

function putCluster(schema: Schema, cluster: KafkaCluster): SchemaChange<KafkaCluster> {
  const clusters = new Map(schema.kafka.clusters).set(cluster.name, cluster);
  return changed(schema, { clusters }, cluster);
}

function putSubscription(schema: Schema, subscription: Subscription): SchemaChange<Subscription> {
  const subscriptions = new Map(schema.kafka.subscriptions).set(subscription.id, subscription);
  return changed(schema, { subscriptions }, subscription);
}

function changed<T>(schema: Schema, kafka: Partial<KafkaRegistrations>, value: T): SchemaChange<T> {
  const version = schema.version + 1;
  return {
    kind: 'changed',
    value,
    schema: { ...schema, version, kafka: { ...schema.kafka, ...kafka } },
  };
}
