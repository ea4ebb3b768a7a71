// What strace tells about a running process: how often it flushes files, and what happens when
// flushes are slow.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Everything that makes file data durable. LMDB and RocksDB use fdatasync on Linux. */
const FLUSHES = 'fdatasync,fsync,msync,sync_file_range';
const ATTACH_TIMEOUT_MS = 5000;

/** Why flushes cannot be watched; `undefined` when they can. */
export function straceRefusal(): string | undefined {
  const { status, error } = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']);
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : 'strace may not trace here';
}

/** Counts the flushes of a process while `action` runs. */
export async function countFlushes(pid: number, action: () => Promise<void>): Promise<number> {
  const strace = await attach(pid, ['-c', '-e', `trace=${FLUSHES}`]);
  await action();
  const summary = await strace.detach();
  return [...summary.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/gm)]
    .filter(([, , name = '']) => name !== 'total')
    .reduce((total, [, count]) => total + Number(count), 0);
}

/** Makes every flush of a process take longer while `action` runs. */
export async function withSlowFlushes<T>(
  pid: number,
  delayMs: number,
  action: () => Promise<T>,
): Promise<T> {
  const inject = `inject=${FLUSHES}:delay_enter=${delayMs * 1000}`;
  const strace = await attach(pid, ['-o', '/dev/null', '-e', `trace=${FLUSHES}`, '-e', inject]);
  try {
    return await action();
  } finally {
    await strace.detach();
  }
}

interface Attached {
  /** Lets go of the process and gives what strace said. */
  detach(): Promise<string>;
}

async function attach(pid: number, flags: readonly string[]): Promise<Attached> {
  const strace = spawn('strace', ['-f', ...flags, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  strace.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await attached(strace, () => said);
  return {
    async detach() {
      const ended = once(strace, 'close');
      strace.kill('SIGINT');
      await ended;
      return said;
    },
  };
}

async function attached(strace: ChildProcess, said: () => string): Promise<void> {
  const deadlineMs = performance.now() + ATTACH_TIMEOUT_MS;
  // strace says so for the process or its first thread; the other threads follow at once.
  while (!/attached/.test(said())) {
    if (strace.exitCode !== null || performance.now() > deadlineMs) {
      strace.kill('SIGKILL');
      throw new Error(`strace did not attach: ${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
