// Kafka clusters and subscriptions as the admin API shows them: without secrets.
import { formatRfc3339Nanos } from '../../actors/domain/duration.ts';
import {
  formatSink,
  formatSource,
  type KafkaCluster,
  type Subscription,
} from '../../actors/domain/kafka.ts';
import type { Shown } from './components.ts';
import type { simpleClusterResponse, subscriptionResponse } from './kafka-schemas.ts';

/** Nothing reads the topics yet, which clients shall not have to find out. */
const NO_CONSUMPTION = [
  { message: 'This server keeps Kafka subscriptions, but does not consume from Kafka yet.' },
];

export function clusterView({
  name,
  properties,
  createdAtMs,
}: KafkaCluster): Shown<typeof simpleClusterResponse> {
  return {
    name,
    properties: withoutSecrets(properties),
    created_at: formatRfc3339Nanos(createdAtMs),
    info: NO_CONSUMPTION,
  };
}

export function subscriptionView(subscription: Subscription): Shown<typeof subscriptionResponse> {
  return {
    id: subscription.id,
    source: formatSource(subscription),
    sink: formatSink(subscription),
    options: withoutSecrets(subscription.options),
    info: NO_CONSUMPTION,
  };
}

/** Names of secrets that do not say so. Source: seen on the reference 1.7.12, as the pattern below. */
const SECRETS: ReadonlySet<string> = new Set([
  'sasl.jaas.config',
  'sasl.oauthbearer.assertion.private.key.file',
  'sasl.oauthbearer.assertion.private.key.pem',
  'sasl.oauthbearer.config',
  'sasl.oauthbearer.token.endpoint.url',
  'sasl.username',
  'ssl.key.location',
  'ssl.key.pem',
  'ssl.keystore.location',
  'ssl.truststore.location',
]);
const SECRET = /password|passphrase|secret/i;

function withoutSecrets(
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const shown = Object.entries(options).map(([name, value]) => {
    const isSecret = SECRET.test(name) || SECRETS.has(name.toLowerCase());
    return [name, isSecret ? '***' : value] as const;
  });
  return Object.fromEntries(shown);
}
