// Processes that outlive the program that started them: recorded by pid and start time, so that a pid that the
// kernel gave to somebody else since is never ended.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemErrorCode } from '../../lib/errors.ts';

/** A process, for as long as it lives. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot (proc(5), stat field 22). */
  readonly startTime: string;
}

/** The start time of a process, or undefined if there is none (or it is a zombie). */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold anything, brackets too: fields are counted from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export async function recordProcess(path: string, pid: number): Promise<void> {
  const record: ProcessRecord = { pid, startTime: startTimeOf(pid) ?? '' };
  await writeFile(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** The recorded process, if it still runs. */
export async function runningProcess(path: string): Promise<ProcessRecord | undefined> {
  try {
    const record: ProcessRecord = JSON.parse(await readFile(path, 'utf8'));
    return startTimeOf(record.pid) === record.startTime ? record : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Ends the recorded process: asks it to, and after `patienceMs` kills it. Resolves when it is gone. */
export async function endProcess(path: string, patienceMs: number): Promise<void> {
  const record = await runningProcess(path);
  if (record !== undefined) {
    const gone = async (withinMs: number) => {
      const deadlineMs = Date.now() + withinMs;
      while (Date.now() < deadlineMs) {
        if (startTimeOf(record.pid) !== record.startTime) return true;
        await delay(20);
      }
      return false;
    };
    kill(record.pid, 'SIGTERM');
    if (!(await gone(patienceMs))) {
      kill(record.pid, 'SIGKILL');
      await gone(10_000);
    }
  }
  await rm(path, { force: true });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
