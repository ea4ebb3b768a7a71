// Question: where does the time of a workload go, in the main thread and in the partition threads?
// Measured: CPU profiles of every thread of the server while it is under load, with the stand-in
//   deployment. Not measured: what the kernel, LMDB's writer and garbage collection do elsewhere.
// Run: npm run profile -- WORKLOAD [--concurrency 128] [--seconds 5] [--partitions 24]
// Decides: what is worth making faster. The files open in Chrome's developer tools and in VS Code.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../../test/support/servers.ts';
import { waitFor } from '../../test/support/wait.ts';
import { WORKLOADS } from '../compare/workloads.ts';
import { startDeployment } from '../deployments/deployment-process.ts';
import { runLoad } from '../load/load-process.ts';
import { register } from '../measure/register.ts';
import { formatTable } from '../measure/text-table.ts';
import { selfTimes, type CpuProfile, type SelfTime } from './self-times.ts';

const WARM_SECONDS = 2;
const FUNCTIONS_SHOWN = 20;
const THREADS = Math.max(1, availableParallelism() - 1);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '128' },
    seconds: { type: 'string', default: '5' },
    partitions: { type: 'string', default: '24' },
    out: { type: 'string', default: '.scratch/profiles' },
  },
});

const name = positionals[0] ?? 'empty';
const workload = WORKLOADS.find((candidate) => candidate.name === name);
if (workload === undefined) {
  throw new Error(`no workload '${name}' among ${WORKLOADS.map((known) => known.name).join(', ')}`);
}

const folder = resolve(values.out, name);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const deployment = await startDeployment('standin');
const server = await startServer({
  kind: 'reprise',
  environment: {
    RESTATE_DEFAULT_NUM_PARTITIONS: values.partitions,
    RESTATE_WORKER__PARTITION_THREADS: String(THREADS),
    NODE_OPTIONS: `--import ${new URL('./hook.js', import.meta.url).href}`,
    PROFILE_FOLDER: folder,
  },
});
try {
  await register(server.adminUrl, deployment.url);
  const { path, body, keysCount } = workload;
  const extent = { warmSeconds: WARM_SECONDS, measuredSeconds: Number(values.seconds) };
  const concurrency = Number(values.concurrency);
  const { perSecond } = await runLoad(
    { url: server.ingressUrl, path, body, keysCount, concurrency, extent },
    {
      measuring: () => server.signal('SIGUSR2'),
      measured: () => server.signal('SIGUSR2'),
    },
  );
  console.log(`${workload.title}, ${concurrency} in flight: ${perSecond.toFixed(0)}/s\n`);
  for (const file of await finishedFiles()) describeProfile(file);
} finally {
  await server.dispose();
  await deployment.dispose();
}

/** The main thread's, and those of all partition threads. */
function finishedFiles(): Promise<readonly string[]> {
  return waitFor('the profiles', () => {
    const files = readdirSync(folder);
    const finished = files.filter((file) => file.endsWith('.cpuprofile'));
    return finished.length === files.length && finished.length > THREADS ? finished : undefined;
  });
}

/** The inspector itself, while it starts and stops. */
function isProfiler({ name: function_, place }: SelfTime): boolean {
  return function_ === 'dispatch' && place === '';
}

function describeProfile(file: string): void {
  const path = join(folder, file);
  const profile: CpuProfile = JSON.parse(readFileSync(path, 'utf8'));
  const times = selfTimes(profile).filter((time) => !isProfiler(time));
  const totalMs = times.reduce((sum, { ms }) => sum + ms, 0);
  const rows = times
    .slice(0, FUNCTIONS_SHOWN)
    .map(({ name: function_, place, ms }) => [
      ms,
      `${((ms / totalMs) * 100).toFixed(1)} %`,
      function_,
      place,
    ]);
  console.log(`${path}\n${formatTable(['ms', 'share', 'function', 'place'], rows)}\n`);
}
