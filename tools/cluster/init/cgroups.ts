// Cgroups of our own, in every hierarchy that is mounted (v1, v2 or both).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { CgroupLimits } from './spec.ts';

const ROOT = '/sys/fs/cgroup';
/** Where the processes of a container's root go. */
const LEAF = 'fathom-others';

/** Mount points of cgroup hierarchies, from the text of /proc/mounts; a comma-joined pair is one hierarchy. */
export function hierarchies(mounts: string): readonly { readonly path: string; readonly version: 1 | 2 }[] {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, path = '', type]) => (type === 'cgroup' || type === 'cgroup2') && path.startsWith(ROOT))
    .map(([, path = '', type]) => ({ path, version: type === 'cgroup2' ? 2 : 1 }));
}

/** Makes a cgroup (`fathom-1a2b3c/node-1`) in every hierarchy: a kubelet wants the one for its pods to exist. */
export function makeCgroup(name: string): void {
  for (const { path, version } of mounted()) {
    let folder = path;
    for (const part of name.split('/')) folder = makeChild(folder, part, version);
  }
}

const mounted = () => hierarchies(readFileSync('/proc/mounts', 'utf8'));

function makeChild(parent: string, name: string, version: 1 | 2): string {
  const folder = join(parent, name);
  if (version === 2) delegateControllers(parent);
  mkdirSync(folder, { recursive: true });
  // A v1 cpuset accepts no process before it has CPUs and memory nodes.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (version === 1 && existsSync(join(folder, file)) && readFileSync(join(folder, file), 'utf8').trim() === '') {
      writeFileSync(join(folder, file), readFileSync(join(parent, file)));
    }
  }
  return folder;
}

function delegateControllers(folder: string): void {
  const controllers = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim();
  if (controllers === '') return;
  const wanted = controllers.split(' ').map((name) => `+${name}`);
  const delegate = () => writeFileSync(join(folder, 'cgroup.subtree_control'), wanted.join(' '));
  try {
    delegate();
  } catch (error) {
    if (systemErrorCode(error) !== 'EBUSY') throw error;
    emptyInto(folder, join(folder, LEAF));
    delegate();
  }
}

/**
 * Moves the processes of a v2 cgroup into a leaf: a container's own root holds them, and the kernel delegates nothing from a
 * cgroup that does ("no internal process constraint" of its cgroup-v2.rst).
 */
function emptyInto(folder: string, leaf: string): void {
  mkdirSync(leaf, { recursive: true });
  for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n')) {
    if (pid === '') continue;
    try {
      writeFileSync(join(leaf, 'cgroup.procs'), pid);
    } catch (error) {
      // It ended meanwhile, or is the kernel's.
      if (!['ESRCH', 'EINVAL'].includes(systemErrorCode(error) ?? '')) throw error;
    }
  }
}

/**
 * Limits what all processes of a cgroup use together, in the hierarchies that count memory and processes. CPU time needs no
 * limit: to the scheduler a cgroup is one of many that want some, however many processes are in it.
 */
export function limitCgroup(name: string, { memoryShare, pids }: CgroupLimits, totalBytes: number): void {
  // Whole pages, as the kernel would round it anyway.
  const memory = `${Math.floor((totalBytes * memoryShare) / 4096) * 4096}`;
  const files = { 'memory.limit_in_bytes': memory, 'memory.max': memory, 'pids.max': `${pids}` };
  for (const { path } of mounted()) {
    for (const [file, value] of Object.entries(files)) {
      const target = join(path, name, file);
      if (existsSync(target)) writeFileSync(target, value);
    }
  }
}

/** Removes a cgroup and those below it, once their processes have ended. Throws CGROUP_BUSY. */
export async function removeCgroup(name: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (const { path } of mounted()) {
    const folder = join(path, name);
    while (existsSync(folder)) {
      const error = tryRemove(folder);
      if (error === undefined) break;
      if (performance.now() > deadline) {
        throw new ToolError('CGROUP_BUSY', `Removing cgroup ${folder}`, {
          cause: error,
          hint: `End the processes listed in ${folder}/cgroup.procs and below, then run this again.`,
        });
      }
      await sleep(50);
    }
  }
}

function tryRemove(folder: string): unknown {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const error = tryRemove(join(folder, entry.name));
      if (error !== undefined) return error;
    }
    rmdirSync(folder);
    return undefined;
  } catch (error) {
    return error;
  }
}
