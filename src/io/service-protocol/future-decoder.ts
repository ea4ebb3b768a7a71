// Future {waiting_completions = 1, waiting_signals = 2, waiting_named_signals = 3, nested_futures = 4,
// combinator_type = 5}. Source: service protocol, version 7.
import { COMBINATORS } from '../../actors/domain/awaited-future.ts';
import type { AwaitedFuture, AwaitStep, Combinator } from '../../actors/domain/awaited-future.ts';
import { MalformedMessageError, TooDeepError } from './protobuf-reader.ts';
import type { ProtobufReader } from './protobuf-reader.ts';

/** A future whose fields are being read. */
interface OpenFuture {
  readonly outerEnd: number;
  combinator: Combinator;
  childrenCount: number;
}

/**
 * Reads a tree of futures without recursion, because a deployment chooses its depth. A future without
 * nested ones has depth 0.
 */
export function readFuture(reader: ProtobufReader, depthMax: number): AwaitedFuture {
  const steps: AwaitStep[] = [];
  const outer: OpenFuture[] = [];
  let future: OpenFuture | undefined = openFuture(reader);
  while (future !== undefined) {
    if (!reader.nextField()) {
      closeFuture(reader, steps, future);
      future = outer.pop();
    } else if (reader.field === 4) {
      future.childrenCount += 1;
      outer.push(future);
      if (outer.length > depthMax) throw new TooDeepError(depthMax);
      future = openFuture(reader);
    } else {
      readOwnField(reader, steps, future);
    }
  }
  return steps;
}

function openFuture(reader: ProtobufReader): OpenFuture {
  return { outerEnd: reader.enterMessage(), combinator: 'unknown', childrenCount: 0 };
}

function closeFuture(
  reader: ProtobufReader,
  steps: AwaitStep[],
  { outerEnd, combinator, childrenCount }: OpenFuture,
): void {
  // Nothing could ever settle it.
  if (childrenCount === 0) throw new MalformedMessageError('a future awaits nothing');
  steps.push({ kind: 'combine', combinator, count: childrenCount });
  reader.leaveMessage(outerEnd);
}

function readOwnField(reader: ProtobufReader, steps: AwaitStep[], future: OpenFuture): void {
  const stepsBefore = steps.length;
  switch (reader.field) {
    case 1:
      for (const completionId of readNumbers(reader)) {
        steps.push({ kind: 'completion', completionId });
      }
      break;
    case 2:
      for (const index of readNumbers(reader)) steps.push({ kind: 'signal', index });
      break;
    case 3:
      steps.push({ kind: 'namedSignal', name: reader.string() });
      break;
    case 5:
      future.combinator = readCombinator(reader);
      break;
    default:
      reader.skip();
  }
  future.childrenCount += steps.length - stepsBefore;
}

function readNumbers(reader: ProtobufReader): readonly number[] {
  const numbers: number[] = [];
  reader.uint32s(numbers);
  return numbers;
}

// Not open, unlike other enums of proto3: guessing could leave the handler waiting for ever.
function readCombinator(reader: ProtobufReader): Combinator {
  const number = reader.uint64();
  const combinator = COMBINATORS[number];
  if (combinator !== undefined) return combinator;
  throw new MalformedMessageError(`unknown combinator type ${number}`);
}
