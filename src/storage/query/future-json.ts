// What an invocation waits for, as SQL shows it. Futures are lists in postfix order, and may be deeper than
// a function may call itself.
import type { AwaitedFuture } from '../../actors/domain/awaited-future.ts';
import { type NotificationId, notificationIdJson } from '../../actors/domain/journal.ts';

export function futureJson(future: AwaitedFuture): string | undefined {
  const nodes: string[] = [];
  for (const step of future) {
    if (step.kind === 'combine') {
      const children = nodes.splice(nodes.length - step.count);
      const name = step.combinator.charAt(0).toUpperCase() + step.combinator.slice(1);
      nodes.push(`{"${name}":[${children.join(',')}]}`);
    } else {
      nodes.push(JSON.stringify({ Single: notificationIdJson(step) }));
    }
  }
  return nodes[0];
}

/** The notifications that the outermost node combines, without those of the nodes in it. */
export function topmostIds(future: AwaitedFuture): readonly NotificationId[] {
  const nodes: Array<NotificationId | 'combination'> = [];
  let children = nodes;
  for (const step of future) {
    if (step.kind === 'combine') {
      children = nodes.splice(nodes.length - step.count);
      nodes.push('combination');
    } else {
      nodes.push(step);
      children = [step];
    }
  }
  return children.filter((node) => node !== 'combination');
}
