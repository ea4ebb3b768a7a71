// The streams of one HTTP/2 connection and everything sent on it, without the socket.
//   S1. A broken rule of the connection ends it; a broken rule of a stream ends only that stream.
//   S2. A stream is in `#streams` from its HEADERS until both sides are done with it.
import {
  failureOfReset,
  HTTP11_ONLY,
  protocolFailure,
  refusedByGoaway,
  type FailureReason,
} from './failures.ts';
import { SendFlow } from './flow-control.ts';
import { FrameWriter } from './frame-writer.ts';
import { HEADER_LIST_BYTES_MAX } from './header-block.ts';
import { HEADER_TABLE_BYTES } from './hpack-decoder.ts';
import {
  CONNECTION_PREFACE,
  ErrorCode,
  FrameFlag,
  SettingId,
  STREAM_ID_MAX,
  WINDOW_BYTES_DEFAULT,
} from './http2-frames.ts';
import type { Http2Stream, StreamHolder } from './http2-stream.ts';
import type { PeerSettings } from './peer-settings.ts';

/** Opaque data of our PINGs; any answer will do, so it need not be told apart. */
const PING_DATA = Buffer.alloc(8);

/** What we let the peer do. Unit of sizes: bytes. */
export interface SessionLimits {
  /** Window of each stream. */
  readonly streamWindowBytes: number;
  /** Window of the connection; less than the protocol begins with counts as that. */
  readonly connectionWindowBytes: number;
  /** Largest payload of a frame. */
  readonly frameBytesMax: number;
  /** Streams a peer is assumed to take before it says so. */
  readonly peerStreamsAssumed: number;
}

function settingsFor(limits: SessionLimits): ReadonlyArray<readonly [id: number, value: number]> {
  return [
    [SettingId.headerTableSize, HEADER_TABLE_BYTES],
    [SettingId.enablePush, 0],
    [SettingId.initialWindowSize, limits.streamWindowBytes],
    [SettingId.maxFrameSize, limits.frameBytesMax],
    [SettingId.maxHeaderListSize, HEADER_LIST_BYTES_MAX],
  ];
}

/** Who owns the session: the connection with the socket. */
export interface SessionOwner {
  /** Sends bytes; called once a turn unless they are many. */
  transmit(bytes: Buffer): void;
  /** More streams fit than before, or an open one ended. */
  onRoom(): void;
  /** The peer takes no new streams. */
  onGoaway(): void;
  /** The peer broke a rule of the connection; the session is of no use any more. */
  onViolation(reason: FailureReason): void;
}

export class Http2Session implements StreamHolder {
  readonly limits: SessionLimits;
  readonly #owner: SessionOwner;
  readonly #writer: FrameWriter;
  readonly #flow: SendFlow;
  readonly #streams = new Map<number, Http2Stream>();
  #nextStreamId = 1;
  #peerStreamsMax: number;
  #settingsReceived = false;
  #ended = false;

  constructor(owner: SessionOwner, limits: SessionLimits) {
    this.#owner = owner;
    this.limits = limits;
    this.#peerStreamsMax = limits.peerStreamsAssumed;
    this.#writer = new FrameWriter((bytes) => {
      owner.transmit(bytes);
    });
    this.#flow = new SendFlow(this.#writer);
  }

  /** The peer's first SETTINGS arrived: it speaks HTTP/2 and its limits are known. */
  get settingsReceived(): boolean {
    return this.#settingsReceived;
  }

  /** Nothing is read or written any more. */
  get ended(): boolean {
    return this.#ended;
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
    this.#writer.settings(settingsFor(this.limits));
    const addedBytes = this.limits.connectionWindowBytes - WINDOW_BYTES_DEFAULT;
    if (addedBytes > 0) this.#writer.windowUpdate(0, addedBytes);
  }

  ping(): void {
    this.#writer.ping(PING_DATA, 0);
  }

  /** Says good-bye and stops. */
  end(code: ErrorCode, detail: string): void {
    this.#writer.goaway(code, detail);
    this.#writer.flush();
    this.stop();
  }

  /** Stops without a word. */
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

  /** The open stream of this id. */
  stream(streamId: number): Http2Stream | undefined {
    return this.#streams.get(streamId);
  }

  /** We never opened this stream, and the peer may open none. */
  isUnknown(streamId: number): boolean {
    return streamId === 0 || streamId >= this.#nextStreamId || (streamId & 1) === 0;
  }

  /** The peer said everything. What we still have to say is of no use to anyone. */
  complete(stream: Http2Stream): void {
    if (!stream.backlog.isEmpty) this.#writer.rstStream(stream.id, ErrorCode.cancel);
    else if (!stream.requestEnded) this.#writer.endData(stream.id);
    this.#forget(stream);
    stream.complete();
  }

  /** The peer broke a rule of this stream. */
  reset(stream: Http2Stream, code: ErrorCode, detail: string): void {
    this.#writer.rstStream(stream.id, code);
    this.#forget(stream);
    stream.fail(protocolFailure(detail));
  }

  /** The peer broke a rule of the connection. */
  violate(code: ErrorCode, detail: string): void {
    if (this.#ended) return;
    this.end(code, detail);
    this.#owner.onViolation(protocolFailure(detail));
  }

  onPeerIsHttp11(): void {
    this.stop();
    this.#owner.onViolation(HTTP11_ONLY);
  }

  onReset(stream: Http2Stream, code: number): void {
    this.#forget(stream);
    stream.fail(failureOfReset(code));
  }

  onSettings(settings: PeerSettings): void {
    const { concurrentStreamsMax, headerTableBytes, initialWindowBytes } = settings;
    // A limit that the first SETTINGS leave out does not exist.
    const unchanged = this.#settingsReceived ? this.#peerStreamsMax : STREAM_ID_MAX;
    this.#peerStreamsMax = concurrentStreamsMax ?? unchanged;
    this.#settingsReceived = true;
    if (headerTableBytes !== undefined && headerTableBytes < HEADER_TABLE_BYTES) {
      this.#writer.announceEmptyTable();
    }
    this.#writer.settingsAck();
    if (
      initialWindowBytes !== undefined &&
      !this.#flow.changeInitialWindow(initialWindowBytes, this.#streams.values())
    ) {
      this.violate(ErrorCode.flowControlError, 'SETTINGS overflow a stream window');
      return;
    }
    this.#owner.onRoom();
  }

  /** `opaque` goes back as it came. */
  onPing(opaque: Uint8Array): void {
    this.#writer.ping(opaque, FrameFlag.ack);
  }

  /** Streams above `lastStreamId` were not looked at. */
  onGoaway(lastStreamId: number, code: number): void {
    // First, so that what the listeners send again goes elsewhere.
    this.#owner.onGoaway();
    const reason = refusedByGoaway(code);
    for (const stream of [...this.#streams.values()]) {
      if (stream.id <= lastStreamId) continue;
      this.#forget(stream);
      stream.fail(reason);
    }
  }

  /** The peer takes more bytes on the connection. */
  widenConnection(bytes: number): void {
    if (this.#flow.widenConnection(bytes)) return;
    this.violate(ErrorCode.flowControlError, 'connection window overflow');
  }

  /** The peer takes more bytes on a stream. */
  widenStream(stream: Http2Stream, bytes: number): void {
    if (this.#flow.widenStream(stream, bytes)) return;
    this.reset(stream, ErrorCode.flowControlError, 'stream window overflow');
  }

  /** We take more bytes, on the connection with id 0. */
  grant(streamId: number, bytes: number): void {
    this.#writer.windowUpdate(streamId, bytes);
  }

  #forget(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#flow.forget(stream);
    this.#owner.onRoom();
  }
}
