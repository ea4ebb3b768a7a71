// Routes below /vqueues. The queues that invocations of a scope form here have no ids, so that every id
// is that of an unknown queue, which the reference accepts.
import { z } from 'zod';
import { checkVqueueId } from '../../actors/domain/ids.ts';
import { invalidField } from './deployment-forms.ts';
import { operation } from './operation.ts';
import { route, type Route } from './route.ts';

export function vqueueRoutes(): readonly Route[] {
  return [
    route('/vqueues/{vqueue_id}/pause', {
      POST: acceptForUnknown('pause_vqueue', 'Pause a queue of invocations'),
    }),
    route('/vqueues/{vqueue_id}/resume', {
      POST: acceptForUnknown('resume_vqueue', 'Resume a queue of invocations'),
    }),
  ];
}

function acceptForUnknown(id: string, summary: string) {
  return operation({
    info: { id, tag: 'vqueue', summary },
    takes: z.object({ params: z.object({ vqueue_id: z.string() }) }),
    responses: { 202: { description: 'Accepted' } },
    handle({ params }) {
      const refusal = checkVqueueId(params.vqueue_id);
      if (refusal !== undefined) throw invalidField('vqueue_id', refusal);
      return { status: 202 };
    },
  });
}
