// How the supervisor starts and ends one process.
import type { ChildProcess } from 'node:child_process';
import { openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceSpec } from './spec.ts';

const MAX_LOG_BYTES = 32 << 20;
const STOP_MS = 3000;

/** A service's command, wrapped so that it gets namespaces of its own and dies with its init. */
export function isolatedCommand(spec: Pick<ServiceSpec, 'command' | 'isolate'>): readonly string[] {
  if (spec.isolate === undefined || spec.isolate.length === 0) return spec.command;
  const flags = spec.isolate.map((namespace) => `--${namespace}`);
  const fork = spec.isolate.includes('pid') ? ['--fork', '--kill-child'] : [];
  return ['unshare', ...flags, ...fork, '--', ...spec.command];
}

/** Asks a process to end, and ends it after a while. An isolated one is asked through the first process inside. */
export async function stopProcess(child: ChildProcess, spec: ServiceSpec, exit: Promise<string>): Promise<void> {
  const inner = spec.isolate?.includes('pid') === true ? firstChild(child.pid) : undefined;
  try {
    if (inner === undefined) child.kill('SIGTERM');
    else process.kill(inner, 'SIGTERM');
  } catch {
    // It ended meanwhile.
  }
  const late = new AbortController();
  await Promise.race([exit, sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  child.kill('SIGKILL');
}

function firstChild(pid: number | undefined): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** Opens a log for appending; one that grew too long becomes `<path>.1` first. */
export function openLog(path: string): number {
  try {
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(path, 'a', 0o600);
}
