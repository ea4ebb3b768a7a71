// One attempt in the stand-in: reads the replay, then plays the handler's script.
import { MessageType } from '../../../src/actors/attempt/service-message.ts';
import type { NotificationId } from '../../../src/actors/domain/journal.ts';
import { FrameDecoder } from '../../../src/io/service-protocol/frame-codec.ts';
import { ProtobufReader } from '../../../src/io/service-protocol/protobuf-reader.ts';
import { frames, NO_BYTES, type Script, type Step } from './script.ts';
import type { PeerStream, StreamListener } from './http2-peer.ts';

/** What happens to attempts, for those who count. */
export interface AttemptObserver {
  started(path: string, input: Uint8Array): void;
  finished(path: string): void;
  suspended(path: string): void;
}

const NOTIFICATION_TYPE_MIN = 0x8000;
/** Added to a signal's index, so that completions and signals are told apart by one number. */
const SIGNAL_OFFSET = 2 ** 32;

interface MutableStart {
  idBytes: Uint8Array;
  count: Uint8Array | undefined;
  key: string;
  input: Uint8Array;
}

export class Attempt implements StreamListener {
  readonly #path: string;
  readonly #script: Script;
  readonly #stream: PeerStream;
  readonly #observer: AttemptObserver;
  readonly #decoder = new FrameDecoder();
  readonly #start: MutableStart = { idBytes: NO_BYTES, count: undefined, key: '', input: NO_BYTES };
  #entriesDue = -1;
  /** Commands in the replayed journal, Input not counted. */
  #replayedCommands = 0;
  readonly #notified: number[] = [];
  #steps: readonly Step[] = [];
  #step = 0;
  #isPlaying = false;
  #isOver = false;

  constructor(path: string, script: Script, stream: PeerStream, observer: AttemptObserver) {
    this.#path = path;
    this.#script = script;
    this.#stream = stream;
    this.#observer = observer;
    const contentType = stream.headers.get('content-type') ?? '';
    stream.respond([
      ['content-type', contentType],
      ['x-restate-server', 'reprise-standin/1'],
    ]);
  }

  onData(chunk: Buffer): void {
    this.#decoder.push(chunk);
    while (!this.#isOver) {
      const next = this.#decoder.next();
      if (next.kind !== 'frame') return;
      this.#onMessage(next.type, next.payload);
    }
  }

  /** The server wants no more entries: what still waits has to suspend. */
  onEnd(): void {
    const step = this.#steps[this.#step];
    if (!this.#isOver && step !== undefined) this.#suspend(step);
  }

  onReset(): void {
    this.#isOver = true;
  }

  #onMessage(type: number, payload: Uint8Array): void {
    if (type === MessageType.start) return this.#readStart(payload);
    if (type >= NOTIFICATION_TYPE_MIN) this.#notified.push(notificationNumber(payload));
    else if (type === MessageType.input) this.#start.input = inputValue(payload);
    else if (type !== MessageType.commandAck) this.#replayedCommands++;
    if (!this.#isPlaying && --this.#entriesDue === 0) this.#beginPlaying();
    else if (this.#isPlaying) this.#play();
  }

  #readStart(payload: Uint8Array): void {
    const reader = new ProtobufReader(payload);
    while (reader.nextField()) {
      if (reader.field === 1) this.#start.idBytes = reader.bytes();
      else if (reader.field === 3) this.#entriesDue = reader.uint32();
      else if (reader.field === 4) this.#start.count = stateValue(reader);
      else if (reader.field === 6) this.#start.key = reader.string();
      else reader.skip();
    }
  }

  #beginPlaying(): void {
    this.#isPlaying = true;
    this.#observer.started(this.#path, this.#start.input);
    this.#steps = this.#script.stepsOf(this.#start);
    let commandsLeft = this.#replayedCommands;
    for (const step of this.#steps) {
      if (!this.#isDone(step)) {
        // What is in the journal is not sent again, except an outcome that is not known.
        if (commandsLeft >= step.commandsCount) return this.#await(step);
        break;
      }
      commandsLeft -= step.commandsCount;
      this.#step++;
    }
    this.#enterStep();
  }

  #play(): void {
    const step = this.#steps[this.#step];
    if (step === undefined || !this.#isDone(step)) return;
    this.#step++;
    this.#enterStep();
  }

  #enterStep(): void {
    const step = this.#steps[this.#step];
    if (step === undefined) return this.#finish();
    this.#stream.write(step.commands(this.#start));
    this.#await(step);
  }

  #await(step: Step): void {
    if (step.proposal !== undefined) this.#stream.write(step.proposal);
    if (step.suspends === true) this.#suspend(step);
  }

  #suspend({ awaited }: Step): void {
    this.#stream.write(frames({ kind: 'suspension', awaiting: [awaited] }));
    this.#stream.end();
    this.#isOver = true;
    this.#observer.suspended(this.#path);
  }

  #finish(): void {
    this.#stream.write(this.#script.finish(this.#start));
    this.#stream.end();
    this.#isOver = true;
    this.#observer.finished(this.#path);
  }

  #isDone({ awaited }: Step): boolean {
    // From the end, because the newest one is almost always the one that is asked for.
    return this.#notified.lastIndexOf(numberOf(awaited)) >= 0;
  }
}

function numberOf(id: NotificationId): number {
  if (id.kind === 'completion') return id.completionId;
  if (id.kind === 'signal') return SIGNAL_OFFSET + id.index;
  throw new Error('scripts await nothing by name');
}

function notificationNumber(payload: Uint8Array): number {
  const reader = new ProtobufReader(payload);
  while (reader.nextField()) {
    if (reader.field === 1) return reader.uint32();
    if (reader.field === 2) return SIGNAL_OFFSET + reader.uint32();
    reader.skip();
  }
  return -1;
}

/** The value of a state entry; scripts have one key. */
function stateValue(reader: ProtobufReader): Uint8Array {
  return nestedBytes(reader, 2);
}

function inputValue(payload: Uint8Array): Uint8Array {
  const reader = new ProtobufReader(payload);
  while (reader.nextField()) {
    if (reader.field === 14) return nestedBytes(reader, 1);
    reader.skip();
  }
  return NO_BYTES;
}

function nestedBytes(reader: ProtobufReader, field: number): Uint8Array {
  let value: Uint8Array = NO_BYTES;
  const outerEnd = reader.enterMessage();
  while (reader.nextField()) {
    if (reader.field === field) value = reader.bytes();
    else reader.skip();
  }
  reader.leaveMessage(outerEnd);
  return value;
}
