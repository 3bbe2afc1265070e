// Who holds a lock: `user@host:pid:start time`, and whether that process still runs.
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { personName } from '../../lib/user.ts';

/** This process, as one that may hold a lock. */
export interface Holder {
  /** `ada@laptop:4711:88123`: the start time is in the kernel's ticks since the machine started. */
  readonly identity: string;
  /** The processes among which the pid means something: this start of the machine and this namespace of pids. */
  readonly space: string;
  /** What tells this run from others of the same process. */
  readonly run: string;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Not Linux, or there is no such process.
    return undefined;
  }
}

/** The start time of a process; undefined where it is gone or the machine has no /proc. */
function startOf(pid: string): string | undefined {
  // The second field is the program's name in brackets, which may hold spaces and brackets.
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function processSpace(): string {
  const boot = read('/proc/sys/kernel/random/boot_id');
  if (boot === undefined) return '';
  try {
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** This process. */
export function thisHolder(env: Readonly<Record<string, string | undefined>>): Holder {
  const pid = String(process.pid);
  return {
    identity: `${personName(env)}@${hostname()}:${pid}:${startOf(pid) ?? '0'}`,
    space: processSpace(),
    run: randomUUID(),
  };
}

/** Whether the holder was a process of this machine that has ended. False where that cannot be known. */
export function isDead(identity: string, space: string): boolean {
  if (space === '' || space !== processSpace()) return false;
  const [, pid, start] = /:(\d+):(\d+)$/.exec(identity) ?? [];
  return pid !== undefined && startOf(pid) !== start;
}
