import { unixMillis } from '../../domain/time.ts';
import type { Invocation } from '../../domain/invocation.ts';
import type { CommandMessage } from '../../attempt/service-message.ts';
import type { ApplyContext } from '../context.ts';

export function sleep(
  { state, effects }: ApplyContext,
  { id, number }: Invocation,
  { wakeUpTimeMs, completionId }: CommandMessage & { kind: 'sleep' },
): void {
  const dueMs = unixMillis(wakeUpTimeMs);
  state.putTimer({ dueMs, invocationNumber: number, completionId, invocationId: id });
  effects.push({ kind: 'armTimer', dueMs });
}
