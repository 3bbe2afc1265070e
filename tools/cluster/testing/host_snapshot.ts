// What a cluster could leave behind on a machine, as sorted lists that a test compares before and after.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Lists by what they are of. */
export type HostSnapshot = Readonly<Record<string, readonly string[]>>;

/** Takes a snapshot; `folder` is the state folder. */
export function snapshotHost(folder: string): HostSnapshot {
  const processes = processesOf(folder);
  return {
    processes: sorted(processes.map(({ command }) => command)),
    mounts: lines(readFileSync('/proc/self/mounts', 'utf8')),
    interfaces: sorted(readdirSync('/sys/class/net')),
    routes: output('ip', ['-o', 'route', 'show', 'table', 'all']),
    networkNamespaces: networkNamespaces(processes),
    iptables: ['iptables-save', 'ip6tables-save'].flatMap((program) =>
      output(program, []).filter((line) => !line.startsWith('#')),
    ),
    nft: output('nft', ['list', 'ruleset']),
    cgroups: tree('/sys/fs/cgroup', 2).filter((path) => path.includes('/fathom-')),
    run: tree('/run', 3),
    var: [...tree('/var/lib', 1), ...tree('/var/log', 1), ...tree('/opt', 2), ...tree('/usr/libexec', 1)],
    state: existsSync(folder) ? [folder] : [],
  };
}

/**
 * The lines that only one of two snapshots has, each with the list's name and a sign. Routes over the link of another
 * cluster, which was there before, are not counted: the kernel gives such a link its IPv6 address seconds later.
 */
export function differences(before: HostSnapshot, after: HostSnapshot): readonly string[] {
  const others = (before['interfaces'] ?? []).filter((name) => name.startsWith('fathom-'));
  const isOfOther = (line: string) => others.some((name) => line.includes(`${name} `));
  return Object.keys(before).flatMap((name) => {
    const [old, now] = [before, after].map((list) =>
      (list[name] ?? []).filter((line) => name !== 'routes' || !isOfOther(line)),
    );
    return [
      ...(old ?? []).filter((line) => !now?.includes(line)).map((line) => `${name}: - ${line}`),
      ...(now ?? []).filter((line) => !old?.includes(line)).map((line) => `${name}: + ${line}`),
    ];
  });
}

interface ProcessInfo {
  readonly command: string;
  readonly networkNamespace: string;
}

/** Processes that were started from the folder, or see a mount from it: a node's pods do. */
function processesOf(folder: string): readonly ProcessInfo[] {
  return pids().flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
      const isOurs = pid !== process.pid && [command, mounts].some((text) => text.includes(`${folder}/`));
      return isOurs ? [{ command, networkNamespace: readlinkSync(`/proc/${pid}/ns/net`) }] : [];
    } catch {
      return [];
    }
  });
}

/** The network namespaces that any process of this machine is in. */
export function networkNamespacesInUse(): ReadonlySet<string> {
  return new Set(
    pids().flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/net`)];
      } catch {
        return [];
      }
    }),
  );
}

/** Network namespaces of the folder's processes other than the host's, and those that a mount keeps. */
function networkNamespaces(processes: readonly ProcessInfo[]): readonly string[] {
  const own = readlinkSync('/proc/self/ns/net');
  const used = processes.map(({ networkNamespace }) => networkNamespace).filter((namespace) => namespace !== own);
  return sorted([...new Set(used), ...tree('/run/netns', 1)]);
}

/** Addresses and ports of IPv4 and IPv6 sockets that listen, as the kernel writes them. */
export function listening(): readonly string[] {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => lines(readFileSync(path, 'utf8')));
  const LISTEN = '0A';
  return sorted(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , , state]) => state === LISTEN)
      .map(([, local]) => local ?? ''),
  );
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
