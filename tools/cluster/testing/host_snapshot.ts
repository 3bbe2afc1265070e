// What a cluster could leave behind on a machine, as sorted lists that a test compares before and after.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Lists by what they are of. */
export type HostSnapshot = Readonly<Record<string, readonly string[]>>;

/** Takes a snapshot; `folder` is the state folder, whose processes are looked for by their arguments. */
export function snapshotHost(folder: string): HostSnapshot {
  return {
    processes: processesOf(folder),
    mounts: lines(readFileSync('/proc/self/mounts', 'utf8')),
    interfaces: sorted(readdirSync('/sys/class/net')),
    routes: output('ip', ['-o', 'route', 'show', 'table', 'all']),
    networkNamespaces: networkNamespaces(),
    iptables: ['iptables-save', 'ip6tables-save'].flatMap((program) =>
      output(program, []).filter((line) => !line.startsWith('#')),
    ),
    nft: output('nft', ['list', 'ruleset']),
    cgroups: tree('/sys/fs/cgroup', 3).filter((path) => /\/fathom-/.test(path)),
    run: tree('/run', 3),
    var: [...tree('/var/lib', 1), ...tree('/var/log', 1), ...tree('/opt', 2), ...tree('/usr/libexec', 1)],
    state: existsSync(folder) ? [folder] : [],
  };
}

/** The lines that only one of two snapshots has, each with the list's name and a sign. */
export function differences(before: HostSnapshot, after: HostSnapshot): readonly string[] {
  return Object.keys(before).flatMap((name) => {
    const [old, now] = [before[name] ?? [], after[name] ?? []];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `${name}: - ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `${name}: + ${line}`),
    ];
  });
}

function processesOf(folder: string): readonly string[] {
  const found = pids().flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const isOurs = text.includes(`${folder}/`) || text.includes('/run/fathom/kit/');
      return isOurs && pid !== process.pid ? [text] : [];
    } catch {
      return [];
    }
  });
  return sorted(found);
}

/** Those that a process is in, and those that a mount keeps. */
function networkNamespaces(): readonly string[] {
  const inUse = pids().flatMap((pid) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/net`)];
    } catch {
      return [];
    }
  });
  return sorted([...new Set(inUse), ...tree('/run/netns', 1)]);
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function tree(folder: string, depth: number): readonly string[] {
  if (!existsSync(folder)) return [];
  const below = (path: string, left: number): string[] => {
    try {
      return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
        const child = join(path, entry.name);
        return [child, ...(entry.isDirectory() && left > 1 ? below(child, left - 1) : [])];
      });
    } catch {
      return [];
    }
  };
  return sorted(below(folder, depth));
}

function output(program: string, args: readonly string[]): readonly string[] {
  return lines(spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '');
}

const lines = (text: string) => sorted(text.split('\n').filter((line) => line !== ''));
const sorted = (values: readonly string[]) => [...values].sort();
