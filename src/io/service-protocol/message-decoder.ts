// Turns the frames of a deployment into typed messages. Nothing behind this file looks at the bytes
// again, so everything is checked here. Source: service protocol, versions 5 to 7.
import { MessageType } from '../../actors/attempt/service-message.ts';
import type { DeploymentMessage } from '../../actors/attempt/service-message.ts';
import * as calls from './call-decoder.ts';
import * as control from './control-decoder.ts';
import type { DecodeOptions } from './decode-options.ts';
import { messageTypeName } from './message-name.ts';
import { MalformedMessageError, ProtobufReader, TooDeepError } from './protobuf-reader.ts';
import * as state from './state-decoder.ts';
import * as steps from './step-decoder.ts';

/** Types from here on are reserved for messages that only their two ends understand. */
const CUSTOM_TYPE_MIN = 0xfc00;

export interface DecodeError {
  readonly kind: 'unknownType' | 'unexpectedType' | 'malformed' | 'tooDeep';
  readonly message: string;
}

export type DecodeResult =
  | { readonly ok: true; readonly message: DeploymentMessage }
  | { readonly ok: false; readonly error: DecodeError };

type Decode = (reader: ProtobufReader, options: DecodeOptions) => DeploymentMessage;

/** What a deployment may send; Input is a command that only the server writes. */
const DECODERS: ReadonlyMap<number, Decode> = new Map<number, Decode>([
  [MessageType.suspension, control.decodeSuspension],
  [MessageType.error, control.decodeError],
  [MessageType.end, control.decodeEnd],
  [MessageType.proposeRunCompletion, control.decodeProposeRunCompletion],
  [MessageType.awaitingOn, control.decodeAwaitingOn],
  [MessageType.output, steps.decodeOutput],
  [MessageType.getLazyState, state.decodeGetLazyState],
  [MessageType.setState, state.decodeSetState],
  [MessageType.clearState, state.decodeClearState],
  [MessageType.clearAllState, state.decodeClearAllState],
  [MessageType.getLazyStateKeys, steps.decodeGetLazyStateKeys],
  [MessageType.getEagerState, state.decodeGetEagerState],
  [MessageType.getEagerStateKeys, state.decodeGetEagerStateKeys],
  [MessageType.getPromise, steps.decodeGetPromise],
  [MessageType.peekPromise, steps.decodePeekPromise],
  [MessageType.completePromise, steps.decodeCompletePromise],
  [MessageType.sleep, steps.decodeSleep],
  [MessageType.call, calls.decodeCall],
  [MessageType.oneWayCall, calls.decodeOneWayCall],
  [MessageType.sendSignal, calls.decodeSendSignal],
  [MessageType.run, steps.decodeRun],
  [MessageType.attachInvocation, calls.decodeAttachInvocation],
  [MessageType.getInvocationOutput, calls.decodeGetInvocationOutput],
  [MessageType.completeAwakeable, calls.decodeCompleteAwakeable],
]);

/** Decodes and checks one message of a deployment. Byte fields of the result are views of `payload`. */
export function decodeDeploymentMessage(
  type: number,
  payload: Uint8Array,
  options: DecodeOptions,
): DecodeResult {
  const decode = DECODERS.get(type);
  if (decode === undefined) return { ok: false, error: explainType(type) };
  try {
    return { ok: true, message: decode(new ProtobufReader(payload), options) };
  } catch (error) {
    if (error instanceof TooDeepError) {
      return { ok: false, error: { kind: 'tooDeep', message: error.message } };
    }
    if (!(error instanceof MalformedMessageError)) throw error;
    const message = `malformed ${messageTypeName(type)}Message, ${error.message}`;
    return { ok: false, error: { kind: 'malformed', message } };
  }
}

function explainType(type: number): DecodeError {
  const hex = `0x${type.toString(16)}`;
  if (type >= CUSTOM_TYPE_MIN) return unexpected(`custom message ${hex}`);
  const name = messageTypeName(type);
  if (name === undefined)
    return { kind: 'unknownType', message: `unknown protocol.message code ${hex}` };
  return unexpected(name);
}

function unexpected(what: string): DecodeError {
  return { kind: 'unexpectedType', message: `received unexpected message: ${what}` };
}
