import { AWAITED_DEPTH_MAX } from '../../src/actors/domain/limits.ts';
import type { DecodeOptions } from '../../src/io/service-protocol/decode-options.ts';

export const V5: DecodeOptions = { protocolVersion: 5, awaitedDepthMax: AWAITED_DEPTH_MAX };
export const V6: DecodeOptions = { ...V5, protocolVersion: 6 };
export const V7: DecodeOptions = { ...V5, protocolVersion: 7 };
