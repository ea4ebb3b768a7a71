// Shows journal entries to SQL.
import type { CommandEntry, JournalEntry } from '../../actors/domain/journal.ts';
import { MessageType, NotificationType } from '../../actors/attempt/service-message.ts';
import { assert } from '../../actors/domain/assert.ts';
import type { EntryPresenter } from '../../storage/query/source.ts';
import { decodeDeploymentMessage } from '../service-protocol/message-decoder.ts';
import { FRAME_HEADER_BYTES } from '../service-protocol/frame-codec.ts';
import { FrameWriter } from '../service-protocol/message-encoder.ts';
import { readStoredInput } from '../service-protocol/stored-entry.ts';
import { PROTOCOL_VERSION_MAX } from '../service-protocol/version.ts';
import {
  commandJson,
  commandLiteJson,
  inputJson,
  notificationJson,
  notificationLiteJson,
  type ReadCommand,
} from './entry-json.ts';

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  // Commands and their completions have the same names.
  [...Object.entries(MessageType), ...Object.entries(NotificationType)].map(([name, type]) => [
    type,
    name.charAt(0).toUpperCase() + name.slice(1),
  ]),
);

/** Whatever was taken is shown. */
const STORED = { protocolVersion: PROTOCOL_VERSION_MAX, awaitedDepthMax: Number.MAX_SAFE_INTEGER };

export function createEntryPresenter(): EntryPresenter {
  const writer = new FrameWriter();
  return {
    commandName: (type) => TYPE_NAMES.get(type),
    entryType: (entry) => {
      const kind = entry.kind === 'command' ? 'Command' : 'Notification';
      return `${kind}: ${typeName(entry)}`;
    },
    entryName: (entry) => (entry.kind === 'command' ? commandName(entry) : undefined),
    raw: (entry) => {
      if (entry.kind === 'command') return entry.payload;
      writer.writeServerMessage(entry);
      return writer.take().subarray(FRAME_HEADER_BYTES);
    },
    json: (entry, references) => {
      const name = typeName(entry);
      if (entry.kind === 'notification') {
        return JSON.stringify({ Notification: notificationJson(entry, name) });
      }
      if (entry.type === MessageType.input) {
        return JSON.stringify({ Command: { [name]: inputJson(entry.payload) } });
      }
      const command = readCommand(entry);
      const body = { ...commandJson(command, references), name: command.message.name };
      return JSON.stringify({ Command: { [name]: body } });
    },
    liteJson: (entry, references) => {
      const name = typeName(entry);
      if (entry.kind === 'notification') {
        return JSON.stringify({ Notification: notificationLiteJson(entry, name) });
      }
      const isInput = entry.type === MessageType.input;
      const body = isInput ? {} : commandLiteJson(readCommand(entry), references);
      return JSON.stringify({ Command: { [name]: body } });
    },
  };
}

function typeName({ type }: JournalEntry): string {
  return TYPE_NAMES.get(type) ?? 'Unknown';
}

function commandName(entry: CommandEntry): string {
  return entry.type === MessageType.input
    ? readStoredInput(entry.payload).name
    : readCommand(entry).message.name;
}

function readCommand(entry: CommandEntry): ReadCommand {
  const decoded = decodeDeploymentMessage(entry.type, entry.payload, STORED);
  assert(decoded.ok && 'name' in decoded.message, 'journaled command entries are valid');
  const { message } = decoded;
  assert(message.kind !== 'input', 'an Input entry is read elsewhere');
  return { entry, message };
}
