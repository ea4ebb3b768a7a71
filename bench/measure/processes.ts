// What the kernel says about processes: `/proc` of Linux.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the unit of times in `/proc`, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIBIBYTE = 1024;

export interface MemorySample {
  /** Resident: what the machine gives the process. Unit: bytes, as everything here. */
  readonly rssBytes: number;
  /** The part that is the process's own. */
  readonly anonymousBytes: number;
  /** The part that is pages of files, such as LMDB's map; the kernel takes it back when it needs it. */
  readonly fileBytes: number;
}

/** Parent of the kernel's own threads. */
const KERNEL_PARENT = 2;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** The process and everything it started, as far as it still runs. */
export function processTree(root: number): readonly number[] {
  const all = allProcesses();
  const tree = new Set([root]);
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}

/** CPU that the processes have used, in user and in kernel mode. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return sum(pids.map((pid) => readStat(pid)?.cpuSeconds ?? 0));
}

/** Bytes that the processes made the kernel write to disk. */
export function bytesWrittenBy(pids: readonly number[]): number {
  return sum(
    pids.map((pid) => Number(readProc(pid, 'io')?.match(/^write_bytes: (\d+)/m)?.[1] ?? 0)),
  );
}

export function memoryOf(pids: readonly number[]): MemorySample {
  const fields = pids.map((pid) => readProc(pid, 'status') ?? '');
  const total = (name: string) =>
    KIBIBYTE *
    sum(
      fields.map((text) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)),
    );
  return {
    rssBytes: total('VmRSS'),
    anonymousBytes: total('RssAnon'),
    fileBytes: total('RssFile'),
  };
}

/** CPU that all programs on this machine have used since it was started, ended ones too. */
export function programSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  // The name, then user, nice, system, idle, iowait, irq and softirq.
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line
    .split(/\s+/)
    .map(Number);
  const busySeconds = (user + nice + system + irq + softIrq) / TICKS_PER_SECOND;
  const kernelThreads = allProcesses().filter(({ parent }) => parent === KERNEL_PARENT);
  return busySeconds - sum(kernelThreads.map(({ cpuSeconds }) => cpuSeconds));
}

function allProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  // The second field, the name, may contain spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

/** `undefined` when the process has ended. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
