// The client side of one HTTP/2 connection, without its socket: frames in, frames out, streams.
// Source of every rule: RFC 9113.
//   S1. A broken rule of the connection ends it; a broken rule of a stream ends only that stream.
//   S2. A stream is in `#streams` from its HEADERS until both sides are done with it.
//   S3. Header blocks are decoded even for streams we gave up, because the table is shared.
import {
  failureOfReset,
  HTTP11_ONLY,
  protocolFailure,
  refusedByGoaway,
  type FailureReason,
} from './failures.ts';
import { FloodGuard } from './flood-guard.ts';
import { ReceiveWindow, SendFlow } from './flow-control.ts';
import { FrameWriter } from './frame-writer.ts';
import { HEADER_LIST_BYTES_MAX, HeaderBlock } from './header-block.ts';
import { HEADER_TABLE_BYTES, HpackDecoder, type HpackResult } from './hpack-decoder.ts';
import {
  CONNECTION_PREFACE,
  ErrorCode,
  FRAME_PAYLOAD_BYTES_DEFAULT,
  FrameFlag,
  FrameType,
  PRIORITY_BYTES,
  SettingId,
  STREAM_ID_MAX,
  WINDOW_BYTES_DEFAULT,
  type FrameSink,
} from './http2-frames.ts';
import { STREAM_WINDOW_BYTES, type Http2Stream, type StreamHolder } from './http2-stream.ts';
import { readSettings } from './peer-settings.ts';
import { readResponseHead, trailersAreWellFormed } from './response-head.ts';

/**
 * Window of a connection. Unit: bytes. Default of the reference:
 * `http2-initial-connection-window-size`.
 */
const CONNECTION_WINDOW_BYTES = 5 * 1024 * 1024;
/** Streams a peer is assumed to take before it says so. Source: RFC 9113, 6.5.2. */
const CONCURRENT_STREAMS_ASSUMED = 100;
const PING_BYTES = 8;
const GOAWAY_BYTES_MIN = 8;
/** As a frame this would be far too long, so it is recognised by its length. */
const HTTP11_RESPONSE_START = 'HTTP/1.';

const OUR_SETTINGS: ReadonlyArray<readonly [id: number, value: number]> = [
  [SettingId.headerTableSize, HEADER_TABLE_BYTES],
  [SettingId.enablePush, 0],
  [SettingId.initialWindowSize, STREAM_WINDOW_BYTES],
  [SettingId.maxFrameSize, FRAME_PAYLOAD_BYTES_DEFAULT],
  [SettingId.maxHeaderListSize, HEADER_LIST_BYTES_MAX],
];

/** Who owns the session: the connection with the socket. */
export interface SessionOwner {
  /** Sends bytes; called at most once a turn unless they are many. */
  transmit(bytes: Buffer): void;
  /** More streams fit than before, or an open one ended. */
  onRoom(): void;
  /** The peer announced that it takes no new streams. */
  onGoaway(): void;
  /** The peer broke a rule of the connection; the session is of no use any more. */
  onViolation(reason: FailureReason): void;
}

export class Http2Session implements FrameSink, StreamHolder {
  readonly #owner: SessionOwner;
  readonly #writer: FrameWriter;
  readonly #flow: SendFlow;
  readonly #decoder = new HpackDecoder(HEADER_LIST_BYTES_MAX);
  readonly #headerBlock = new HeaderBlock();
  readonly #floodGuard = new FloodGuard();
  readonly #receiveWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  readonly #streams = new Map<number, Http2Stream>();
  #nextStreamId = 1;
  #peerStreamsMax = CONCURRENT_STREAMS_ASSUMED;
  #settingsReceived = false;
  #ended = false;

  constructor(owner: SessionOwner) {
    this.#owner = owner;
    this.#writer = new FrameWriter((bytes) => {
      owner.transmit(bytes);
    });
    this.#flow = new SendFlow(this.#writer);
  }

  /** The peer's first SETTINGS arrived: it speaks HTTP/2 and its limits are known. */
  get settingsReceived(): boolean {
    return this.#settingsReceived;
  }

  get openStreamsCount(): number {
    return this.#streams.size;
  }

  /** How many streams the peer takes at once. */
  get peerStreamsMax(): number {
    return this.#peerStreamsMax;
  }

  get streamIdsExhausted(): boolean {
    return this.#nextStreamId > STREAM_ID_MAX;
  }

  /** Writes what every client begins with. */
  begin(): void {
    this.#writer.raw(CONNECTION_PREFACE);
    this.#writer.settings(OUR_SETTINGS);
    this.#writer.windowUpdate(0, CONNECTION_WINDOW_BYTES - WINDOW_BYTES_DEFAULT);
  }

  ping(): void {
    this.#writer.ping(Buffer.alloc(PING_BYTES), 0);
  }

  /** Says good-bye; nothing is read or written afterwards. */
  end(code: ErrorCode, detail: string): void {
    this.#writer.goaway(code, detail);
    this.#writer.flush();
    this.stop();
  }

  /** Nothing is read or written any more. */
  stop(): void {
    this.#ended = true;
    this.#writer.close();
  }

  /** The connection is gone. */
  failStreams(reason: FailureReason): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.fail(reason);
  }

  /** The socket holds enough: request bodies wait, control frames do not. */
  pauseBodies(): void {
    this.#flow.pause();
  }

  resumeBodies(): void {
    this.#flow.resume();
  }

  /** Takes a stream over from the pool and sends what it has so far. */
  start(stream: Http2Stream): void {
    const id = this.#nextStreamId;
    const endStream = stream.requestEnded && stream.backlog.isEmpty;
    if (!this.#writer.headers(id, stream.block, endStream)) {
      stream.failLater(protocolFailure('a request header has characters that cannot be sent'));
      return;
    }
    this.#nextStreamId += 2;
    stream.id = id;
    stream.holder = this;
    stream.sendWindow = this.#flow.initialStreamWindow;
    this.#streams.set(id, stream);
    this.#flow.resumeStream(stream);
  }

  send(stream: Http2Stream, bytes: Uint8Array): void {
    this.#flow.send(stream, bytes);
  }

  finish(stream: Http2Stream): void {
    this.#flow.end(stream);
  }

  abandon(stream: Http2Stream): void {
    this.#writer.rstStream(stream.id, ErrorCode.cancel);
    this.#forget(stream);
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    if (this.#ended) return false;
    if (!this.#settingsReceived && (type !== FrameType.settings || (flags & FrameFlag.ack) !== 0)) {
      this.#violate(ErrorCode.protocolError, 'the first frame is not SETTINGS');
    } else if (
      this.#headerBlock.streamId !== 0 &&
      (type !== FrameType.continuation || streamId !== this.#headerBlock.streamId)
    ) {
      this.#violate(ErrorCode.protocolError, 'a header block was interrupted');
    } else {
      this.#dispatch(type, flags, streamId, bytes, start, end);
    }
    return !this.#ended;
  }

  onOversizedFrame(head: Buffer, start: number): boolean {
    const text = head.toString('latin1', start, start + HTTP11_RESPONSE_START.length);
    if (!this.#settingsReceived && text === HTTP11_RESPONSE_START) {
      this.stop();
      this.#owner.onViolation(HTTP11_ONLY);
    } else {
      this.#violate(ErrorCode.frameSizeError, 'frame larger than 16384 bytes');
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
    if (this.#isUnknown(streamId)) return this.#violateUnknownStream('DATA', streamId);
    const length = end - start;
    if (!this.#receiveWindow.take(length)) {
      return this.#violate(ErrorCode.flowControlError, 'more DATA than the connection window');
    }
    const padding = paddingOf(flags, bytes, start, end);
    if (padding < 0) return this.#violate(ErrorCode.protocolError, 'DATA is all padding');
    const credit = this.#receiveWindow.replenish();
    if (credit > 0) this.#writer.windowUpdate(0, credit);
    const contentStart = start + paddingFieldBytes(flags);
    const contentEnd = end - padding;
    const endStream = (flags & FrameFlag.endStream) !== 0;
    if (contentStart === contentEnd && !endStream) this.#countIdleFrame();
    const stream = this.#streams.get(streamId);
    if (stream === undefined || this.#ended) return;
    if (!stream.receiveWindow.take(length)) {
      const reason = protocolFailure('more DATA than the stream window');
      return this.#reset(stream, ErrorCode.flowControlError, reason);
    }
    this.#receiveContent(stream, bytes, contentStart, contentEnd, endStream);
  }

  #receiveContent(
    stream: Http2Stream,
    bytes: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (!stream.responseStarted) return this.#resetMalformed(stream, 'DATA before a response');
    if (stream.bodyBytesDue !== undefined) {
      stream.bodyBytesDue -= end - start;
      if (stream.bodyBytesDue < 0) return this.#resetMalformed(stream, 'body over content-length');
    }
    if (end > start) {
      this.#floodGuard.forgive();
      stream.receive(bytes.subarray(start, end));
    }
    if (endStream) return this.#complete(stream);
    const credit = stream.receiveWindow.replenish();
    if (credit > 0 && !stream.closed) this.#writer.windowUpdate(stream.id, credit);
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#isUnknown(streamId)) return this.#violateUnknownStream('HEADERS', streamId);
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
    const stream = this.#streams.get(streamId);
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

  /** The peer said everything. What we still have to say is of no use to anyone. */
  #complete(stream: Http2Stream): void {
    if (stream.closed) return;
    if ((stream.bodyBytesDue ?? 0) > 0) {
      return this.#resetMalformed(stream, 'body under content-length');
    }
    if (!stream.backlog.isEmpty) this.#writer.rstStream(stream.id, ErrorCode.cancel);
    else if (!stream.requestEnded) this.#writer.endData(stream.id);
    this.#forget(stream);
    stream.complete();
  }

  #onPriority(streamId: number, length: number): void {
    if (streamId === 0) return this.#violate(ErrorCode.protocolError, 'PRIORITY on stream 0');
    this.#countIdleFrame();
    const stream = this.#streams.get(streamId);
    if (length === PRIORITY_BYTES || stream === undefined) return;
    this.#reset(stream, ErrorCode.frameSizeError, protocolFailure(`PRIORITY of ${length} bytes`));
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#isUnknown(streamId)) return this.#violateUnknownStream('RST_STREAM', streamId);
    if (end - start !== 4) return this.#violateLength('RST_STREAM', end - start);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#countIdleFrame();
    this.#forget(stream);
    stream.fail(failureOfReset(bytes.readUInt32BE(start)));
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'SETTINGS on a stream');
    this.#countIdleFrame();
    if (this.#ended) return;
    if ((flags & FrameFlag.ack) !== 0) {
      if (end > start) this.#violateLength('acknowledgement of SETTINGS', end - start);
      return;
    }
    const result = readSettings(bytes, start, end);
    if (result.kind === 'invalid') return this.#violate(result.code, result.reason);
    this.#settingsReceived = true;
    const { concurrentStreamsMax, headerTableBytes, initialWindowBytes } = result.settings;
    if (concurrentStreamsMax !== undefined) this.#peerStreamsMax = concurrentStreamsMax;
    if (headerTableBytes !== undefined && headerTableBytes < HEADER_TABLE_BYTES) {
      this.#writer.announceEmptyTable();
    }
    this.#writer.settingsAck();
    if (
      initialWindowBytes !== undefined &&
      !this.#flow.changeInitialWindow(initialWindowBytes, this.#streams.values())
    ) {
      return this.#violate(ErrorCode.flowControlError, 'SETTINGS overflow a stream window');
    }
    this.#owner.onRoom();
  }

  #onPing(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'PING on a stream');
    if (end - start !== PING_BYTES) return this.#violateLength('PING', end - start);
    this.#countIdleFrame();
    if ((flags & FrameFlag.ack) === 0 && !this.#ended) {
      this.#writer.ping(bytes.subarray(start, end), FrameFlag.ack);
    }
  }

  #onGoaway(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) return this.#violate(ErrorCode.protocolError, 'GOAWAY on a stream');
    if (end - start < GOAWAY_BYTES_MIN) return this.#violateLength('GOAWAY', end - start);
    this.#countIdleFrame();
    const lastStreamId = bytes.readUInt32BE(start) & STREAM_ID_MAX;
    const reason = refusedByGoaway(bytes.readUInt32BE(start + 4));
    // First, so that what the listeners send again goes elsewhere.
    this.#owner.onGoaway();
    for (const stream of [...this.#streams.values()]) {
      if (stream.id <= lastStreamId) continue;
      this.#forget(stream);
      stream.fail(reason);
    }
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0 && this.#isUnknown(streamId)) {
      return this.#violateUnknownStream('WINDOW_UPDATE', streamId);
    }
    if (end - start !== 4) return this.#violateLength('WINDOW_UPDATE', end - start);
    const credit = bytes.readUInt32BE(start) & STREAM_ID_MAX;
    if (streamId === 0) {
      if (credit === 0) this.#violate(ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
      else if (!this.#flow.widenConnection(credit)) {
        this.#violate(ErrorCode.flowControlError, 'connection window overflow');
      }
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (credit === 0) return this.#resetMalformed(stream, 'WINDOW_UPDATE of 0');
    if (!this.#flow.widenStream(stream, credit)) {
      const reason = protocolFailure('stream window overflow');
      this.#reset(stream, ErrorCode.flowControlError, reason);
    }
  }

  /** A frame that brings no exchange forward. */
  #countIdleFrame(): void {
    if (this.#floodGuard.count(performance.now())) return;
    this.#violate(ErrorCode.enhanceYourCalm, 'too many frames without progress');
  }

  #resetMalformed(stream: Http2Stream, detail: string): void {
    this.#reset(stream, ErrorCode.protocolError, protocolFailure(detail));
  }

  #reset(stream: Http2Stream, code: ErrorCode, reason: FailureReason): void {
    this.#writer.rstStream(stream.id, code);
    this.#forget(stream);
    stream.fail(reason);
  }

  #forget(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#flow.forget(stream);
    this.#owner.onRoom();
  }

  /** We never opened this stream, and the peer may open none. */
  #isUnknown(streamId: number): boolean {
    return streamId === 0 || streamId >= this.#nextStreamId || (streamId & 1) === 0;
  }

  #violateUnknownStream(frame: string, streamId: number): void {
    this.#violate(ErrorCode.protocolError, `${frame} on stream ${streamId}, which is not open`);
  }

  #violateLength(frame: string, length: number): void {
    this.#violate(ErrorCode.frameSizeError, `${frame} of ${length} bytes`);
  }

  #violate(code: ErrorCode, detail: string): void {
    if (this.#ended) return;
    this.end(code, detail);
    this.#owner.onViolation(protocolFailure(detail));
  }
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
