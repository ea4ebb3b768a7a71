import { parseAwakeableId } from '../../actors/domain/ids.ts';
import { failure, type NotificationResult } from '../../actors/domain/outcome.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { bodyBytes } from './body.ts';
import type { IngressContext } from './context.ts';
import { refusals } from './errors.ts';
import type { IngressRoute } from './path.ts';
import { COMPLETION_ACCEPTED } from './respond.ts';

/** Code of a rejected awakeable. Source: seen on the reference. */
const REJECTED_CODE = 500;

/** Completes an awakeable. Every well-formed id is accepted, whether or not anyone waits for it. */
export async function completeAwakeable(
  request: HttpRequest,
  { verb, awakeableId }: IngressRoute & { readonly kind: 'awakeable' },
  { gateway, options }: IngressContext,
): Promise<HttpResponse> {
  if (request.method !== 'POST') throw refusals.methodNotAllowed();
  const parsed = parseAwakeableId(awakeableId);
  if (!parsed.ok) throw refusals.badAwakeableId(awakeableId, parsed.reason);
  const body = bodyBytes(await request.readBody(options.requestBodyBytesMax));
  const awakeable = parsed.value;
  if (awakeable.kind === 'signal') {
    const result: NotificationResult =
      verb === 'resolve'
        ? { kind: 'success', value: body }
        : failure(REJECTED_CODE, new TextDecoder().decode(body));
    const signal = { kind: 'signal', index: awakeable.signalIndex } as const;
    await gateway.signal(awakeable.invocationId, signal, result);
  }
  return COMPLETION_ACCEPTED;
}
