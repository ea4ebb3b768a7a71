// The options of `npm run bench`.
import { parseArgs } from 'node:util';
import type { DeploymentKind } from '../deployments/deployment-process.ts';
import type { LoadExtent } from '../load/plan.ts';
import { SERVER_SETUPS, type ServerSetup } from './server-setups.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

export interface CompareOptions {
  readonly setups: readonly ServerSetup[];
  readonly workloads: readonly Workload[];
  readonly deployments: readonly DeploymentKind[];
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  /** Of every window. */
  readonly extent: LoadExtent;
  /** Folder of the JSON and HTML files. */
  readonly out: string;
  readonly json: boolean;
}

const DEPLOYMENTS: readonly DeploymentKind[] = ['standin', 'sdk'];

const HELP = `npm run bench -- [options]
  --servers      ${SERVER_SETUPS.map(({ name }) => name).join(',')}
                 default: all but reprise-tuned
  --deployment   ${DEPLOYMENTS.join(',')}; default: both, one after the other
  --workloads    ${WORKLOADS.map(({ name }) => name).join(',')}
                 default: all
  --concurrency  requests in flight; default: 1,16,128,512
  --rounds       windows of each server per workload and concurrency; default: 3
  --seconds      measured part of a window; default: 3
  --warm         seconds before the measured part; default: 1
  --requests     so many requests per window instead, none of them unmeasured
  --out          folder for results.json and report.html; default: .scratch/bench
  --json         prints the results instead of tables`;

/** Prints the help and gives nothing when it was asked for. Throws on unknown options and names. */
export function readOptions(argv: readonly string[]): CompareOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      servers: { type: 'string', default: 'reprise,reference,reference-tuned' },
      deployment: { type: 'string', default: DEPLOYMENTS.join(',') },
      workloads: { type: 'string', default: WORKLOADS.map(({ name }) => name).join(',') },
      concurrency: { type: 'string', default: '1,16,128,512' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      warm: { type: 'string', default: '1' },
      requests: { type: 'string' },
      out: { type: 'string', default: '.scratch/bench' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  return {
    setups: pick(values.servers, SERVER_SETUPS),
    workloads: pick(values.workloads, WORKLOADS),
    deployments: pick(
      values.deployment,
      DEPLOYMENTS.map((name) => ({ name })),
    ).map(({ name }) => name),
    concurrencies: values.concurrency.split(',').map(positive),
    rounds: positive(values.rounds),
    extent:
      values.requests === undefined
        ? { warmSeconds: Number(values.warm), measuredSeconds: positive(values.seconds) }
        : { requestsCount: positive(values.requests) },
    out: values.out,
    json: values.json,
  };
}

function pick<T extends { readonly name: string }>(names: string, all: readonly T[]): T[] {
  return names.split(',').map((name) => {
    const found = all.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    throw new Error(`no '${name}' among ${all.map((candidate) => candidate.name).join(', ')}`);
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`'${text}' is not a positive number`);
}
