// The forms of Kafka clusters and subscriptions.
import { z } from 'zod';
import { parseDeploymentUri } from '../../actors/domain/deployment-uri.ts';
import { findClusterNameFault } from '../../actors/domain/kafka.ts';
import { component, textMap } from './components.ts';
import { schemaInfo } from './service-schemas.ts';

const clusterName = component(
  'KafkaClusterName',
  z.string().superRefine((name, context) => {
    const fault = findClusterNameFault(name);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  }),
);

export const createClusterRequest = component(
  'CreateKafkaClusterRequest',
  z.object({ name: clusterName, properties: textMap }),
);

export const updateClusterRequest = component(
  'UpdateKafkaClusterRequest',
  z.object({ properties: textMap }),
);

const infos = z.array(schemaInfo).optional();

export const subscriptionResponse = component(
  'SubscriptionResponse',
  z.object({
    id: component('SubscriptionId', z.string()),
    source: z.string(),
    sink: z.string(),
    options: textMap,
    /** Of Reprise only. */
    info: infos,
  }),
);

const clusterFields = {
  name: clusterName,
  properties: textMap,
  created_at: z.string(),
  info: infos,
};

export const simpleClusterResponse = component(
  'SimpleKafkaClusterResponse',
  z.object(clusterFields),
);

export const clusterResponse = component(
  'KafkaClusterResponse',
  z.object({ ...clusterFields, subscriptions: z.array(subscriptionResponse) }),
);

export const listClustersResponse = component(
  'ListKafkaClustersResponse',
  z.object({ clusters: z.array(simpleClusterResponse) }),
);

/** What the reference takes for a URI: an absolute one, a path, or an authority alone. */
const uri = z
  .string()
  .refine((text) => parseDeploymentUri(text).kind !== 'invalid', { error: 'invalid format' });

export const createSubscriptionRequest = component(
  'CreateSubscriptionRequest',
  z.object({ source: uri, sink: uri, options: textMap.nullish() }),
);

export const listSubscriptionsResponse = component(
  'ListSubscriptionsResponse',
  z.object({ subscriptions: z.array(subscriptionResponse) }),
);
