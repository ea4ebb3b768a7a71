import { MessageType, NotificationType } from '../../actors/attempt/service-message.ts';

const COMMAND_TYPE_MIN = 0x0400;

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(MessageType).map(
    ([key, type]) =>
      [type, type < COMMAND_TYPE_MIN ? capitalise(key) : `${capitalise(key)}Command`] as const,
  ),
  ...Object.entries(NotificationType).map(
    ([key, type]) =>
      [
        type,
        key === 'signal' ? 'SignalNotification' : `${capitalise(key)}CompletionNotification`,
      ] as const,
  ),
]);

function capitalise(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1);
}

/** Name of a message in error texts (`End`, `CallCommand`, `SleepCompletionNotification`), if it is known. */
export function messageTypeName(type: number): string | undefined {
  return NAMES.get(type);
}
