// Everything a peer sends on one HTTP/2 connection: checks each frame and tells the session.
// Source of every rule: RFC 9113.
//   R1. What breaks the connection is a violation, what breaks one stream resets it.
//   R2. Header blocks are decoded even for streams we gave up, because the table is shared.
//   R3. Windows are opened again even for bytes nobody wants any more.
import { FloodGuard } from './flood-guard.ts';
import { ReceiveWindow } from './flow-control.ts';
import { HEADER_LIST_BYTES_MAX, HeaderBlock } from './header-block.ts';
import { HpackDecoder, type HpackResult } from './hpack-decoder.ts';
import {
  ErrorCode,
  FrameFlag,
  FrameType,
  PRIORITY_BYTES,
  STREAM_ID_MAX,
  type FrameSink,
  WINDOW_BYTES_DEFAULT,
} from './http2-frames.ts';
import type { Http2Session } from './http2-session.ts';
import type { Http2Stream } from './http2-stream.ts';
import { readSettings } from './peer-settings.ts';
import { readResponseHead, trailersAreWellFormed } from './response-head.ts';

const RST_STREAM_BYTES = 4;
const WINDOW_UPDATE_BYTES = 4;
const PING_BYTES = 8;
const GOAWAY_BYTES_MIN = 8;
/** As a frame this would be far too long, so it is recognised by its length. */
const HTTP11_RESPONSE_START = 'HTTP/1.';

export class FrameReceiver implements FrameSink {
  readonly #session: Http2Session;
  readonly #decoder = new HpackDecoder(HEADER_LIST_BYTES_MAX);
  readonly #headerBlock = new HeaderBlock();
  readonly #floodGuard = new FloodGuard();
  readonly #receiveWindow: ReceiveWindow;

  constructor(session: Http2Session) {
    this.#session = session;
    this.#receiveWindow = new ReceiveWindow(
      Math.max(session.limits.connectionWindowBytes, WINDOW_BYTES_DEFAULT),
    );
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    if (this.#session.ended) return false;
    const openBlock = this.#headerBlock.streamId;
    if (!this.#session.settingsReceived && !isFirstFrame(type, flags)) {
      this.#violate(ErrorCode.protocolError, 'the first frame is not SETTINGS');
    } else if (openBlock !== 0 && (type !== FrameType.continuation || streamId !== openBlock)) {
      this.#violate(ErrorCode.protocolError, 'a header block was interrupted');
    } else {
      this.#dispatch(type, flags, streamId, bytes, start, end);
    }
    return !this.#session.ended;
  }

  onOversizedFrame(head: Buffer, start: number): boolean {
    const text = head.toString('latin1', start, start + HTTP11_RESPONSE_START.length);
    if (!this.#session.settingsReceived && text === HTTP11_RESPONSE_START) {
      this.#session.onPeerIsHttp11();
    } else {
      const { frameBytesMax } = this.#session.limits;
      this.#violate(ErrorCode.frameSizeError, `frame larger than ${frameBytesMax} bytes`);
    }
    return false;
  }

  #dispatch(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FrameType.data:
        return this.#onData(flags, streamId, bytes, start, end);
      case FrameType.headers:
        return this.#onHeaders(flags, streamId, bytes, start, end);
      case FrameType.priority:
        return this.#onPriority(streamId, end - start);
      case FrameType.rstStream:
        return this.#onRstStream(streamId, bytes, start, end);
      case FrameType.settings:
        return this.#onSettings(flags, streamId, bytes, start, end);
      case FrameType.pushPromise:
        return this.#violate(ErrorCode.protocolError, 'PUSH_PROMISE although push is disabled');
      case FrameType.ping:
        return this.#onPing(flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return this.#onGoaway(streamId, bytes, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, bytes, start, end);
      case FrameType.continuation:
        return this.#onContinuation(flags, streamId, bytes, start, end);
      default:
        return this.#countIdleFrame();
    }
  }

  #onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#session.isUnknown(streamId)) return this.#violateUnknown('DATA', streamId);
    const length = end - start;
    const padding = paddingOf(flags, bytes, start, end);
    if (padding < 0) return this.#violate(ErrorCode.protocolError, 'DATA is all padding');
    const credit = this.#receiveWindow.receive(length);
    if (credit > 0) this.#session.grant(0, credit);
    const contentStart = start + paddingFieldBytes(flags);
    const contentEnd = end - padding;
    const endStream = (flags & FrameFlag.endStream) !== 0;
    if (contentStart === contentEnd && !endStream) this.#countIdleFrame();
    const stream = this.#session.stream(streamId);
    if (stream === undefined || this.#session.ended) return;
    this.#receiveContent(stream, bytes, contentStart, contentEnd);
    if (stream.closed) return;
    if (endStream) return this.#complete(stream);
    const streamCredit = stream.receiveWindow.receive(length);
    if (streamCredit > 0) this.#session.grant(streamId, streamCredit);
  }

  #receiveContent(stream: Http2Stream, bytes: Buffer, start: number, end: number): void {
    if (!stream.responseStarted) return this.#resetMalformed(stream, 'DATA before a response');
    if (stream.bodyBytesDue !== undefined) {
      stream.bodyBytesDue -= end - start;
      if (stream.bodyBytesDue < 0) return this.#resetMalformed(stream, 'body over content-length');
    }
    if (end === start) return;
    this.#floodGuard.forgive();
    stream.receive(bytes.subarray(start, end));
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#session.isUnknown(streamId)) return this.#violateUnknown('HEADERS', streamId);
    const padding = paddingOf(flags, bytes, start, end);
    const blockStart = start + headersPrefixBytes(flags);
    const blockEnd = end - padding;
    if (padding < 0 || blockStart > blockEnd) {
      return this.#violate(ErrorCode.protocolError, 'HEADERS shorter than its own fields');
    }
    const endStream = (flags & FrameFlag.endStream) !== 0;
    if ((flags & FrameFlag.endHeaders) === 0) {
      this.#headerBlock.open(streamId, endStream, bytes.subarray(blockStart, blockEnd));
      return;
    }
    this.#onHeaderBlock(streamId, endStream, this.#decoder.decode(bytes, blockStart, blockEnd));
  }

  #onContinuation(
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#headerBlock.streamId === 0) {
      return this.#violate(ErrorCode.protocolError, 'CONTINUATION without HEADERS');
    }
    if (!this.#headerBlock.append(bytes.subarray(start, end))) {
      return this.#violate(ErrorCode.enhanceYourCalm, 'header block too large');
    }
    if ((flags & FrameFlag.endHeaders) === 0) return;
    const endStream = this.#headerBlock.endStream;
    const block = this.#headerBlock.close();
    this.#onHeaderBlock(streamId, endStream, this.#decoder.decode(block, 0, block.length));
  }

  #onHeaderBlock(streamId: number, endStream: boolean, fields: HpackResult): void {
    if (fields === 'corrupt') {
      return this.#violate(ErrorCode.compressionError, 'undecodable header block');
    }
    const stream = this.#session.stream(streamId);
    if (stream === undefined) return this.#countIdleFrame();
    if (fields === 'tooLarge') return this.#resetMalformed(stream, 'response headers too large');
    if (!stream.responseStarted) return this.#onResponse(stream, endStream, fields);
    if (!endStream) return this.#resetMalformed(stream, 'trailers that end nothing');
    if (!trailersAreWellFormed(fields)) return this.#resetMalformed(stream, 'malformed trailers');
    this.#complete(stream);
  }

  #onResponse(stream: Http2Stream, endStream: boolean, fields: readonly string[]): void {
    const head = readResponseHead(fields);
    switch (head.kind) {
      case 'malformed':
        return this.#resetMalformed(stream, head.reason);
      case 'interim':
        if (endStream) return this.#resetMalformed(stream, 'interim response as the last one');
        return this.#countIdleFrame();
      case 'response':
        this.#floodGuard.forgive();
        stream.bodyBytesDue = head.contentLength;
        stream.startResponse(head.status, head.headers);
        if (endStream) this.#complete(stream);
        return;
    }
  }

  #complete(stream: Http2Stream): void {
    // The listener may have reset it while it heard the last piece.
    if (stream.closed) return;
    if ((stream.bodyBytesDue ?? 0) > 0) this.#resetMalformed(stream, 'body under content-length');
    else this.#session.complete(stream);
  }

  #onPriority(streamId: number, length: number): void {
    if (streamId === 0) return this.#violate(ErrorCode.protocolError, 'PRIORITY on stream 0');
    this.#countIdleFrame();
    const stream = this.#session.stream(streamId);
    if (length === PRIORITY_BYTES || stream === undefined) return;
    this.#session.reset(stream, ErrorCode.frameSizeError, `PRIORITY of ${length} bytes`);
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#session.isUnknown(streamId)) return this.#violateUnknown('RST_STREAM', streamId);
    if (end - start !== RST_STREAM_BYTES) return this.#violateLength('RST_STREAM', end - start);
    const stream = this.#session.stream(streamId);
    if (stream === undefined) return this.#countIdleFrame();
    this.#session.onReset(stream, bytes.readUInt32BE(start));
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'SETTINGS on a stream');
    this.#countIdleFrame();
    if (this.#session.ended) return;
    if ((flags & FrameFlag.ack) !== 0) {
      if (end > start) this.#violateLength('acknowledgement of SETTINGS', end - start);
      return;
    }
    const result = readSettings(bytes, start, end);
    if (result.kind === 'invalid') return this.#violate(result.code, result.reason);
    this.#session.onSettings(result.settings);
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'PING on a stream');
    if (end - start !== PING_BYTES) return this.#violateLength('PING', end - start);
    this.#countIdleFrame();
    if ((flags & FrameFlag.ack) === 0) this.#session.onPing(bytes.subarray(start, end));
  }

  #onGoaway(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'GOAWAY on a stream');
    if (end - start < GOAWAY_BYTES_MIN) return this.#violateLength('GOAWAY', end - start);
    this.#countIdleFrame();
    const lastStreamId = bytes.readUInt32BE(start) & STREAM_ID_MAX;
    this.#session.onGoaway(lastStreamId, bytes.readUInt32BE(start + 4));
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0 && this.#session.isUnknown(streamId)) {
      return this.#violateUnknown('WINDOW_UPDATE', streamId);
    }
    if (end - start !== WINDOW_UPDATE_BYTES) {
      return this.#violateLength('WINDOW_UPDATE', end - start);
    }
    const credit = bytes.readUInt32BE(start) & STREAM_ID_MAX;
    if (streamId === 0) {
      if (credit === 0) return this.#violate(ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
      return this.#session.widenConnection(credit);
    }
    const stream = this.#session.stream(streamId);
    if (stream === undefined) return;
    if (credit === 0) return this.#resetMalformed(stream, 'WINDOW_UPDATE of 0');
    this.#session.widenStream(stream, credit);
  }

  /** A frame that brings no exchange forward. */
  #countIdleFrame(): void {
    if (this.#floodGuard.count(performance.now())) return;
    this.#violate(ErrorCode.enhanceYourCalm, 'too many frames without progress');
  }

  #resetMalformed(stream: Http2Stream, detail: string): void {
    this.#session.reset(stream, ErrorCode.protocolError, detail);
  }

  #violateUnknown(frame: string, streamId: number): void {
    this.#violate(ErrorCode.protocolError, `${frame} on stream ${streamId}, which was not opened`);
  }

  #violateLength(frame: string, length: number): void {
    this.#violate(ErrorCode.frameSizeError, `${frame} of ${length} bytes`);
  }

  #violate(code: ErrorCode, detail: string): void {
    this.#session.violate(code, detail);
  }
}

function isFirstFrame(type: number, flags: number): boolean {
  return type === FrameType.settings && (flags & FrameFlag.ack) === 0;
}

function paddingFieldBytes(flags: number): number {
  return (flags & FrameFlag.padded) === 0 ? 0 : 1;
}

function headersPrefixBytes(flags: number): number {
  return paddingFieldBytes(flags) + ((flags & FrameFlag.priority) === 0 ? 0 : PRIORITY_BYTES);
}

/** Bytes of padding at the end of a payload; -1 when there is more padding than payload. */
function paddingOf(flags: number, bytes: Buffer, start: number, end: number): number {
  if ((flags & FrameFlag.padded) === 0) return 0;
  if (start === end) return -1;
  const padding = bytes[start] ?? 0;
  return padding < end - start ? padding : -1;
}
