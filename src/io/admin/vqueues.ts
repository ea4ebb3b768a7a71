// Routes below /vqueues. The queues that invocations of a scope form here have no ids, so that every id
// is that of an unknown queue, which the reference accepts.
import { checkVqueueId } from '../../actors/domain/ids.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { invalidField } from './deployment-forms.ts';
import { emptyResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';

export function vqueueRoutes(): readonly Route[] {
  return ['pause', 'resume'].map((verb) =>
    route(`/vqueues/{vqueue}/${verb}`, { POST: acceptForUnknown }),
  );
}

function acceptForUnknown(request: AdminRequest): HttpResponse {
  const refusal = checkVqueueId(request.param('vqueue'));
  if (refusal !== undefined) throw invalidField('vqueue_id', refusal);
  return emptyResponse(202);
}
