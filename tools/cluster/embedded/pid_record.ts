// A process that outlives its starter, recorded so that a reused pid is never taken for it.
import { readFileSync, readdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process: its pid, when it started (clock ticks since boot), and in which boot. */
export interface PidRecord {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

/** The start time in the text of /proc/PID/stat: its 22nd field. The 2nd may hold spaces and parentheses. */
export function startTicksOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function currentTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
    return state === 'Z' || state === 'X' ? undefined : startTicksOf(stat);
  } catch {
    return undefined;
  }
}

/** The record of a process that runs now; undefined when it doesn't. */
export function recordOf(pid: number): PidRecord | undefined {
  const startTicks = currentTicks(pid);
  return startTicks === undefined ? undefined : { pid, startTicks, bootId: bootId() };
}

/** Whether the recorded process (not a later one of the same pid) still runs. */
export function isAlive(record: PidRecord): boolean {
  return record.bootId === bootId() && currentTicks(record.pid) === record.startTicks;
}

/** Reads a record; undefined where there is none or only half of one. */
export async function readPidRecord(path: string): Promise<PidRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<PidRecord>;
    return typeof value.pid === 'number' && typeof value.startTicks === 'string' && typeof value.bootId === 'string'
      ? { pid: value.pid, startTicks: value.startTicks, bootId: value.bootId }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a record; a reader sees the old or the new one. */
export async function writePidRecord(path: string, record: PidRecord): Promise<void> {
  await writeFile(`${path}.draft`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

/** Sends a signal to the recorded process, if it still runs. */
export function signalRecorded(record: PidRecord, signal: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** Waits until the recorded process has ended; false when it still runs after `timeoutMs`. */
export async function awaitEnd(record: PidRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(record)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** A process by its command line. */
export interface CommandLine {
  readonly pid: number;
  /** The program and its arguments. */
  readonly words: readonly string[];
  readonly parent: number;
}

/** All processes that this one sees, by a walk over /proc (which needs no kernel option). */
export function commandLines(): readonly CommandLine[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return [{ pid: Number(name), words, parent }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

/** The children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return commandLines()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid);
}
