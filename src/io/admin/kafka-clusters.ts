// Routes below /kafka-clusters.
import { z } from 'zod';
import {
  findClusterNameFault,
  subscriptionsOf,
  type KafkaCluster,
} from '../../actors/domain/kafka.ts';
import type { ChangeResult } from '../../actors/ports.ts';
import { AdminError, refusalError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { invalidField } from './deployment-forms.ts';
import {
  clusterResponse,
  createClusterRequest,
  listClustersResponse,
  simpleClusterResponse,
  updateClusterRequest,
} from './kafka-schemas.ts';
import { clusterView, subscriptionView } from './kafka-view.ts';
import { NOTHING, operation } from './operation.ts';
import { booleanText } from './query.ts';
import { route, type Route } from './route.ts';

const ofCluster = z.object({ cluster_name: z.string() });

export function kafkaClusterRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/kafka-clusters', { POST: createCluster(context), GET: listClusters(context) }),
    route('/kafka-clusters/{cluster_name}', {
      GET: getCluster(context),
      PATCH: updateCluster(context),
      DELETE: deleteCluster(context),
    }),
  ];
}

function createCluster({ schema }: AdminContext) {
  return operation({
    info: { id: 'create_kafka_cluster', tag: 'kafka_cluster', summary: 'Register a Kafka cluster' },
    takes: z.object({ body: createClusterRequest }),
    responses: {
      201: { description: 'Registered', body: simpleClusterResponse, headers: ['Location'] },
    },
    refusals: [400, 409],
    async handle({ body: { name, properties } }) {
      const cluster = changedOf(await schema.createKafkaCluster(name, properties));
      return {
        status: 201,
        headers: [['location', `kafka-clusters/${name}`]],
        body: clusterView(cluster),
      };
    },
  });
}

function listClusters({ schema }: AdminContext) {
  return operation({
    info: { id: 'list_kafka_clusters', tag: 'kafka_cluster', summary: 'List Kafka clusters' },
    takes: NOTHING,
    responses: { 200: { description: 'All clusters', body: listClustersResponse } },
    handle() {
      const clusters = [...schema.current().kafka.clusters.values()];
      return { status: 200, body: { clusters: clusters.map(clusterView) } };
    },
  });
}

function getCluster({ schema }: AdminContext) {
  return operation({
    info: { id: 'get_kafka_cluster', tag: 'kafka_cluster', summary: 'Get a Kafka cluster' },
    takes: z.object({
      params: ofCluster,
      query: z.object({ include_subscriptions: booleanText }),
    }),
    responses: { 200: { description: 'The cluster', body: clusterResponse } },
    refusals: [404],
    handle({ params: { cluster_name: name }, query }) {
      const { kafka } = schema.current();
      const cluster = kafka.clusters.get(name);
      if (cluster === undefined) {
        throw new AdminError('notFound', `The requested Kafka cluster '${name}' does not exist`);
      }
      const subscriptions = query.include_subscriptions ? subscriptionsOf(kafka, name) : [];
      const body = { ...clusterView(cluster), subscriptions: subscriptions.map(subscriptionView) };
      return { status: 200, body };
    },
  });
}

function updateCluster({ schema }: AdminContext) {
  return operation({
    info: {
      id: 'update_kafka_cluster',
      tag: 'kafka_cluster',
      summary: 'Replace the properties of a Kafka cluster',
    },
    takes: z.object({ params: ofCluster, body: updateClusterRequest }),
    responses: { 200: { description: 'The changed cluster', body: simpleClusterResponse } },
    refusals: [400, 404],
    async handle({ params, body: { properties } }) {
      const name = readClusterName(params.cluster_name);
      const cluster = changedOf(await schema.updateKafkaCluster(name, properties));
      return { status: 200, body: clusterView(cluster) };
    },
  });
}

function deleteCluster({ schema }: AdminContext) {
  return operation({
    info: { id: 'delete_kafka_cluster', tag: 'kafka_cluster', summary: 'Remove a Kafka cluster' },
    takes: z.object({ params: ofCluster, query: z.object({ force: booleanText }) }),
    responses: { 202: { description: 'Removed' } },
    refusals: [400, 404, 409],
    async handle({ params, query }) {
      const name = readClusterName(params.cluster_name);
      const result = await schema.removeKafkaCluster(name, query);
      if (result.kind === 'refused') throw refusalError(result.refusal);
      return { status: 202 };
    },
  });
}

function changedOf(result: ChangeResult<KafkaCluster>): KafkaCluster {
  if (result.kind === 'refused') throw refusalError(result.refusal);
  return result.value;
}

function readClusterName(text: string): string {
  const fault = findClusterNameFault(text);
  if (fault !== undefined) throw invalidField('cluster_name', fault);
  return text;
}
