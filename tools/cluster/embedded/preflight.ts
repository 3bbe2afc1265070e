// What an embedded cluster needs of a machine: each looked at by trying it, each with what mends it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { formatBytes } from '../../lib/log.ts';
import { hierarchies } from '../init/cgroups.ts';
import { capabilitiesOf } from './capabilities.ts';
import { lookAtInotify } from './inotify.ts';
import { lookAtResolver, readResolver } from './resolver.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** Whether a cluster comes up without it, too. Default: false. */
  readonly isNote?: boolean;
  /** What was found, or how to mend it. */
  readonly say: string;
}

const GB = 1_000_000_000;
const NEEDED_DISK: Readonly<Record<ClusterStage, number>> = { new: 3 * GB, stopped: 0.5 * GB, running: 0 };
const MIN_MEMORY = 1.5 * GB;
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin';

/** What to do without root, and what else there is. */
export const NEEDS_ROOT =
  'Run it again with sudo. There is no rootless mode: it could make no link to this machine, no rules for services and ' +
  'policies, and no cgroups that hold pods to their limits. Without root there are `--provider=k3d` with a Docker that ' +
  'you may use (also a rootless one), and `--provider=existing` with a cluster that others run.';

/** What there is of the cluster that the machine is looked at for: its files take space, its processes memory as well. */
export type ClusterStage = 'new' | 'stopped' | 'running';

/** Looks at everything; `folder` is where the state is going to be. Without root, at what can be looked at. */
export function lookAtMachine(folder: string, stage: ClusterStage = 'new'): readonly Finding[] {
  const isRoot = process.getuid?.() === 0;
  const root = finding('root', isRoot, 'yes', NEEDS_ROOT);
  return [root, ...(isRoot ? lookAsRoot() : []), ...lookAtResources(folder, stage)];
}

function finding(what: string, ok: boolean, found: string, mend: string): Finding {
  return { what, ok, say: ok ? found : mend };
}

function tries(...command: readonly string[]): boolean {
  const [program = '', ...args] = command;
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}` };
  return spawnSync(program, args, { env, timeout: 20_000 }).status === 0;
}

function lookAsRoot(): readonly Finding[] {
  const filesystems = readFileSync('/proc/filesystems', 'utf8');
  return [
    lookAtCapabilities(readFileSync('/proc/self/status', 'utf8')),
    finding(
      'namespaces',
      tries('unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', 'mount', '-t', 'proc', 'proc', '/proc'),
      'network, mount and process namespaces work',
      'The kernel, or the container around this shell, forbids them: use a machine or a privileged container.',
    ),
    finding(
      'bridges and veth links',
      tries('unshare', '--net', 'ip', 'link', 'add', 'name', 'br0', 'type', 'bridge') &&
        tries('unshare', '--net', 'ip', 'link', 'add', 'name', 'v0', 'type', 'veth', 'peer', 'name', 'v1'),
      'can be made',
      'Install iproute2 (`apt-get install iproute2`), and load the modules: `modprobe -a bridge veth`.',
    ),
    finding(
      'iptables',
      tries('unshare', '--net', 'iptables', '-t', 'nat', '-L', '-n'),
      'works in a namespace',
      'Run `apt-get install iptables`; if it is there, load its module: `modprobe nf_tables` or `modprobe iptable_nat`.',
    ),
    finding(
      'nftables',
      tries('unshare', '--net', 'nft', 'add', 'table', 'ip', 'fathom'),
      'works in a namespace',
      'Run `apt-get install nftables`; if it is there, load its module: `modprobe nf_tables`.',
    ),
    finding(
      'bridge filter',
      existsSync('/proc/sys/net/bridge') || tries('modprobe', 'br_netfilter'),
      'in the kernel',
      'Run `modprobe br_netfilter` (package kmod): without it pods of one node miss each other through services.',
    ),
    finding(
      'overlayfs',
      filesystems.includes('\toverlay\n') || tries('modprobe', 'overlay'),
      'in the kernel',
      'Run `modprobe overlay` (package kmod): containers are made of it.',
    ),
    finding(
      'cgroups',
      cgroupsAreWritable(),
      existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'version 2' : 'version 1, which works',
      'Mount them: `mount -t cgroup2 none /sys/fs/cgroup`; in a container, give it --cgroupns=private and write access.',
    ),
  ];
}

/** The finding about the capabilities in the text of /proc/self/status. */
export function lookAtCapabilities(status: string): Finding {
  const found = capabilitiesOf(status);
  const missing = found?.missing ?? [];
  const resource = found?.hasResource === false ? '; CAP_SYS_RESOURCE is missing, which nothing here needs' : '';
  return finding(
    'capabilities',
    missing.length === 0,
    `all that are needed${resource}`,
    `${missing.join(', ')} missing: the container or service around this shell took them away. Use a machine, or start the ` +
      `container with ${missing.map((name) => `--cap-add=${name.slice(4)}`).join(' ')}, or as a privileged one.`,
  );
}

function lookAtResources(folder: string, stage: ClusterStage): readonly Finding[] {
  const disk = freeBytes(folder);
  const neededDisk = NEEDED_DISK[stage];
  const elsewhere = stage === 'new' ? ', or set FATHOM_STATE to another disk' : '';
  return [
    finding(
      'disk space',
      disk >= neededDisk,
      `${formatBytes(disk)} free for ${folder}`,
      `${formatBytes(disk)} free for ${folder}: free at least ${formatBytes(neededDisk)}${elsewhere}.`,
    ),
    finding(
      'memory',
      stage === 'running' || freemem() >= MIN_MEMORY,
      `${formatBytes(freemem())} free`,
      `${formatBytes(freemem())} free: end some programs, the cluster takes about ${formatBytes(MIN_MEMORY)}.`,
    ),
    lookAtInotify(),
    lookAtResolver(readResolver()),
  ];
}

/** Throws CLUSTER_PREREQUISITE for the first thing that is missing. */
export function requireMachine(folder: string, stage: ClusterStage): void {
  const missing = lookAtMachine(folder, stage).find(({ ok, isNote }) => !ok && isNote !== true);
  if (missing === undefined) return;
  throw new ToolError('CLUSTER_PREREQUISITE', `Starting the cluster: this machine lacks ${missing.what}`, {
    hint: missing.say,
  });
}

function cgroupsAreWritable(): boolean {
  const found = hierarchies(readFileSync('/proc/mounts', 'utf8'));
  return (
    found.length > 0 &&
    found.every(({ path }) => {
      try {
        accessSync(path, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    })
  );
}

/** Free space where `folder` is going to be: nothing is made for a look. */
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(existingParent(folder));
  return bavail * bsize;
}

/** The folder itself, or the nearest above it that is there. */
export function existingParent(folder: string): string {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  return existing;
}
