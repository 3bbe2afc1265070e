// Time and memory of one process, from its start to its end.
import { type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of a program took. */
export interface Sample {
  readonly seconds: number;
  /** The most memory that it held, in megabytes; of its own process. */
  readonly megabytes: number;
}

const LOOK_EVERY_MS = 10;

/**
 * Measures `run`, which hands over the process as soon as it has one: until that has ended, without what `run` takes away
 * after it. Where it hands over none, all of `run` counts.
 */
export async function measure(run: (onStart: (child: ChildProcess) => void) => Promise<unknown>): Promise<Sample> {
  let kilobytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const startMs = performance.now();
  let endMs: number | undefined;
  try {
    await run((child) => {
      child.once('close', () => (endMs = performance.now()));
      const look = () => (kilobytes = Math.max(kilobytes, peakOf(child.pid)));
      timer = setInterval(look, LOOK_EVERY_MS);
    });
  } finally {
    clearInterval(timer);
  }
  return { seconds: ((endMs ?? performance.now()) - startMs) / 1000, megabytes: kilobytes / 1000 };
}

/** The peak of resident memory of a process until now, in kilobytes; 0 once it has ended. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
