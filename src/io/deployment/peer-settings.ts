import {
  ErrorCode,
  FRAME_PAYLOAD_BYTES_DEFAULT,
  FRAME_PAYLOAD_BYTES_MAX,
  SettingId,
  WINDOW_BYTES_MAX,
} from './http2-frames.ts';

const SETTING_BYTES = 6;

/** What one SETTINGS frame changes for us; settings that do not concern a client are left out. */
export interface PeerSettings {
  headerTableBytes?: number | undefined;
  concurrentStreamsMax?: number | undefined;
  initialWindowBytes?: number | undefined;
}

export type SettingsResult =
  | { readonly kind: 'settings'; readonly settings: Readonly<PeerSettings> }
  | { readonly kind: 'invalid'; readonly code: ErrorCode; readonly reason: string };

/** Reads the payload of a SETTINGS frame. Source: RFC 9113, 6.5. */
export function readSettings(bytes: Buffer, start: number, end: number): SettingsResult {
  if ((end - start) % SETTING_BYTES !== 0) {
    return invalid(ErrorCode.frameSizeError, `SETTINGS of ${end - start} bytes`);
  }
  const settings: PeerSettings = {};
  for (let position = start; position < end; position += SETTING_BYTES) {
    const value = bytes.readUInt32BE(position + 2);
    switch (bytes.readUInt16BE(position)) {
      case SettingId.headerTableSize:
        settings.headerTableBytes = Math.min(value, settings.headerTableBytes ?? value);
        break;
      case SettingId.enablePush:
        if (value !== 0) return invalid(ErrorCode.protocolError, 'a server enabled push');
        break;
      case SettingId.maxConcurrentStreams:
        settings.concurrentStreamsMax = value;
        break;
      case SettingId.initialWindowSize:
        if (value > WINDOW_BYTES_MAX) return invalid(ErrorCode.flowControlError, 'initial window');
        settings.initialWindowBytes = value;
        break;
      case SettingId.maxFrameSize:
        if (value < FRAME_PAYLOAD_BYTES_DEFAULT || value > FRAME_PAYLOAD_BYTES_MAX) {
          return invalid(ErrorCode.protocolError, `maximum frame size ${value}`);
        }
        break;
      default:
    }
  }
  return { kind: 'settings', settings };
}

function invalid(code: ErrorCode, reason: string): SettingsResult {
  return { kind: 'invalid', code, reason };
}
