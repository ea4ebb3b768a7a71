// Where the time of a CPU profile went, by function.

export interface SelfTime {
  readonly name: string;
  /** File and line, as far as there is one. */
  readonly place: string;
  readonly ms: number;
}

/** What is needed of the format that the inspector writes. */
export interface CpuProfile {
  readonly nodes: ReadonlyArray<{
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }>;
  readonly samples: readonly number[];
  /** Unit: microseconds, before the sample of the same index. */
  readonly timeDeltas: readonly number[];
}

/** The functions with the most time of their own; callees are not counted. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const microsById = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    microsById.set(id, (microsById.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const byFunction = new Map<string, SelfTime>();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const name = functionName === '' ? '(anonymous)' : functionName;
    const place =
      url === '' ? '' : `${url.replace(/^.*\/(?=(?:dist|node_modules)\/)/, '')}:${lineNumber + 1}`;
    const key = `${name} ${place}`;
    const ms = (byFunction.get(key)?.ms ?? 0) + (microsById.get(id) ?? 0) / 1000;
    byFunction.set(key, { name, place, ms });
  }
  return [...byFunction.values()].toSorted((a, b) => b.ms - a.ms);
}
