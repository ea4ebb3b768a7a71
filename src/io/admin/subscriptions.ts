// Routes below /subscriptions.
import { z } from 'zod';
import { parseSubscriptionId } from '../../actors/domain/ids.ts';
import { formatSink, formatSource } from '../../actors/domain/kafka.ts';
import { AdminError, refusalError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import {
  createSubscriptionRequest,
  listSubscriptionsResponse,
  subscriptionResponse,
} from './kafka-schemas.ts';
import { subscriptionView } from './kafka-view.ts';
import { operation } from './operation.ts';
import { idText } from './query.ts';
import { route, type Route } from './route.ts';

const ofSubscription = z.object({ subscription: idText(parseSubscriptionId) });

export function subscriptionRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/subscriptions', {
      POST: createSubscription(context),
      GET: listSubscriptions(context),
    }),
    route('/subscriptions/{subscription}', {
      GET: getSubscription(context),
      DELETE: deleteSubscription(context),
    }),
  ];
}

function createSubscription({ schema }: AdminContext) {
  return operation({
    info: { id: 'create_subscription', tag: 'subscription', summary: 'Subscribe to a topic' },
    takes: z.object({ body: createSubscriptionRequest }),
    responses: {
      201: { description: 'Subscribed', body: subscriptionResponse, headers: ['Location'] },
    },
    refusals: [400],
    async handle({ body: { source, sink, options } }) {
      const result = await schema.createSubscription({ source, sink, options: options ?? {} });
      if (result.kind === 'refused') throw refusalError(result.refusal);
      return {
        status: 201,
        headers: [['location', `subscriptions/${result.value.id}`]],
        body: subscriptionView(result.value),
      };
    },
  });
}

function listSubscriptions({ schema }: AdminContext) {
  const text = z.string().optional();
  return operation({
    info: { id: 'list_subscriptions', tag: 'subscription', summary: 'List subscriptions' },
    takes: z.object({ query: z.object({ sink: text, source: text }) }),
    responses: {
      200: { description: 'Those of this sink and source', body: listSubscriptionsResponse },
    },
    handle({ query: { sink, source } }) {
      const subscriptions = [...schema.current().kafka.subscriptions.values()].filter(
        (subscription) =>
          (sink === undefined || formatSink(subscription) === sink) &&
          (source === undefined || formatSource(subscription) === source),
      );
      return { status: 200, body: { subscriptions: subscriptions.map(subscriptionView) } };
    },
  });
}

function getSubscription({ schema }: AdminContext) {
  return operation({
    info: { id: 'get_subscription', tag: 'subscription', summary: 'Get a subscription' },
    takes: z.object({ params: ofSubscription }),
    responses: { 200: { description: 'The subscription', body: subscriptionResponse } },
    refusals: [404],
    handle({ params: { subscription: id } }) {
      const subscription = schema.current().kafka.subscriptions.get(id);
      if (subscription === undefined) {
        throw new AdminError('notFound', `The requested subscription '${id}' does not exist`);
      }
      return { status: 200, body: subscriptionView(subscription) };
    },
  });
}

function deleteSubscription({ schema }: AdminContext) {
  return operation({
    info: { id: 'delete_subscription', tag: 'subscription', summary: 'Remove a subscription' },
    takes: z.object({ params: ofSubscription }),
    responses: { 202: { description: 'Removed' } },
    refusals: [404],
    async handle({ params }) {
      const result = await schema.removeSubscription(params.subscription);
      if (result.kind === 'refused') throw refusalError(result.refusal);
      return { status: 202 };
    },
  });
}
