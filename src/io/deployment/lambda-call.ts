// One call of a function, from the request of an exchange to its response. Loaded with the first call.
import type { FailureReason } from './failures.ts';
import type { FunctionCall, FunctionReply, LambdaSettings } from './function-call.ts';
import { invokeFailure, LambdaClients, type InvokeAnswer } from './lambda-client.ts';
import { decodeAnswer, encodeEvent, type LambdaAnswer } from './lambda-envelope.ts';
import { compressZstd, decompressZstd } from '../zstd.ts';

/** How much of what a function threw is quoted. Unit: characters. */
const QUOTE_LENGTH_MAX = 4096;

export class FunctionCaller {
  readonly #settings: LambdaSettings;
  readonly #clients: LambdaClients;

  constructor(settings: LambdaSettings) {
    this.#settings = settings;
    this.#clients = new LambdaClients(settings);
  }

  /** Never rejects. */
  async call(call: FunctionCall): Promise<FunctionReply> {
    try {
      const event = await this.#encode(call);
      const answer = await this.#clients.invoke(call.endpoint, event, call.signal);
      return await this.#read(answer);
    } catch (error) {
      return failed(invokeFailure(error));
    }
  }

  close(): void {
    this.#clients.close();
  }

  async #encode({ endpoint, body, ...request }: FunctionCall): Promise<Uint8Array> {
    if (endpoint.compression === undefined) return encodeEvent({ ...request, body, added: {} });
    const isLarge = body.length >= this.#settings.compressionThresholdBytes;
    return encodeEvent({
      ...request,
      body: isLarge ? await compressZstd(body) : body,
      added: { 'accept-encoding': 'zstd', ...(isLarge && { 'content-encoding': 'zstd' }) },
    });
  }

  #read({ payload, isFunctionError }: InvokeAnswer): FunctionReply | Promise<FunctionReply> {
    if (isFunctionError) {
      const thrown = Buffer.from(payload).toString().slice(0, QUOTE_LENGTH_MAX);
      const text = `function returned an error during execution: ${thrown}`;
      return failed({ kind: 'callFailed', text });
    }
    const decoded = decodeAnswer(payload);
    if (decoded.kind === 'malformed') return malformed(decoded.reason);
    return this.#decompress(decoded.answer);
  }

  async #decompress(answer: LambdaAnswer): Promise<FunctionReply> {
    const coding = answer.headers['content-encoding'] ?? 'identity';
    if (coding === 'identity') return { kind: 'response', ...answer };
    if (coding !== 'zstd') return malformed(`the body has the content-encoding '${coding}'`);
    const body = await decompressZstd(answer.body, this.#settings.answerBytesMax);
    switch (body.kind) {
      case 'bytes':
        return { kind: 'response', ...answer, body: body.bytes };
      case 'malformed':
        return malformed(`the body is not zstd data: ${body.reason}`);
      case 'tooLarge':
        return failed({ kind: 'tooLarge', text: 'the answer is too large when decompressed' });
    }
  }
}

function malformed(reason: string): FunctionReply {
  return failed({ kind: 'protocol', text: `function returned a bad response: ${reason}` });
}

function failed(reason: FailureReason): FunctionReply {
  return { kind: 'failed', reason };
}
