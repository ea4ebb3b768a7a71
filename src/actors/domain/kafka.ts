// What is registered of Kafka: clusters, and subscriptions that say which topic feeds which handler.
import type { SubscriptionId } from './ids.ts';
import type { UnixMillis } from './time.ts';

export interface KafkaCluster {
  /** Part of the source of every subscription, as the authority of its URI. */
  readonly name: string;
  /** Options of the Kafka client, secrets included. */
  readonly properties: Readonly<Record<string, string>>;
  readonly createdAtMs: UnixMillis;
}

export interface Subscription {
  readonly id: SubscriptionId;
  readonly cluster: string;
  /** Everything behind the first slash of the source's path. */
  readonly topic: string;
  readonly service: string;
  readonly handler: string;
  /** Options of the consumer, on top of those of the cluster. */
  readonly options: Readonly<Record<string, string>>;
}

/** A subscription stays when its cluster or its service is removed. */
export interface KafkaRegistrations {
  readonly clusters: ReadonlyMap<string, KafkaCluster>;
  readonly subscriptions: ReadonlyMap<SubscriptionId, Subscription>;
}

export const NO_KAFKA: KafkaRegistrations = { clusters: new Map(), subscriptions: new Map() };

export function subscriptionsOf(
  { subscriptions }: KafkaRegistrations,
  cluster: string,
): readonly Subscription[] {
  return [...subscriptions.values()].filter((subscription) => subscription.cluster === cluster);
}

/** The form in which sources are shown and looked up. */
export function formatSource({ cluster, topic }: Subscription): string {
  return `kafka://${cluster}/${topic}`;
}

/** The form in which sinks are shown and looked up. */
export function formatSink({ service, handler }: Subscription): string {
  return `service://${service}/${handler}`;
}

const AUTHORITY_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@[\]%]+$/;
/** User, host, brackets around an IPv6 address, port. */
const AUTHORITY = /^(?:.*@)?(?=.)[^%@[\]:]*(?:\[[^%@[\]]*\])?(?::[^%@[\]:]*)?$/;

/**
 * Why a text cannot name a cluster, `undefined` if it can: it has to work as the authority of a URI.
 * Source: seen on the reference 1.7.12.
 */
export function findClusterNameFault(name: string): string | undefined {
  if (name === '') return 'empty string';
  if (!AUTHORITY_CHARACTERS.test(name)) return 'invalid uri character';
  return AUTHORITY.test(name) ? undefined : 'invalid authority';
}
