// `./fathom doctor`: each thing that the machine needs, whether it is there, and how to mend it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { formatBytes } from '../../lib/log.ts';
import { cacheRoot, stateRoot } from '../../lib/state.ts';
import type { CommandContext } from './fathom_main.ts';
import { onPath, PREREQUISITES } from './packages.ts';

/** One line of the report. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, or how to mend it. */
  readonly say: string;
}

const GIB = 2 ** 30;

/** Prints a line for each check; resolves to 1 if anything has to be mended. */
export async function doctor({ env }: CommandContext): Promise<number> {
  const findings = [...programs(env), ...machine(env)];
  for (const { what, ok, say } of findings) process.stdout.write(`${ok ? 'ok     ' : 'missing'} ${what}: ${say}\n`);
  const bad = findings.filter((finding) => !finding.ok).length;
  process.stdout.write(bad === 0 ? 'All is there.\n' : `${bad} to mend.\n`);
  return bad === 0 ? 0 : 1;
}

function programs(env: CommandContext['env']): readonly Finding[] {
  const hasPip = spawnSync('python3', ['-m', 'pip', '--version'], { env: { ...env } }).status === 0;
  return PREREQUISITES.map((one) => {
    const ok = one.present(env) || (one.package === 'python3-pip' && hasPip);
    return {
      what: one.what,
      ok,
      say: ok ? one.why : `${one.why}. Run \`apt-get install ${one.package}\`, or \`./fathom up\`, which does.`,
    };
  }).concat(npm(env));
}

function npm(env: CommandContext['env']): Finding {
  const found = onPath('npm', env);
  return {
    what: 'npm',
    ok: found !== undefined,
    say: found ?? `fetches packages. Run \`sh tools/cluster/fathom/install_node.sh ${cacheRoot(env)}\`.`,
  };
}

function machine(env: CommandContext['env']): readonly Finding[] {
  const root = process.getuid?.() === 0;
  const namespaces = root && spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0;
  const iptables =
    root &&
    spawnSync('unshare', ['--net', 'iptables', '-t', 'nat', '-L', '-n'], {
      env: { ...env, PATH: `${env['PATH']}:/usr/sbin` },
    }).status === 0;
  const filesystems = readFileSync('/proc/filesystems', 'utf8');
  const free = freeSpace(stateRoot(env));
  return [
    { what: 'root', ok: root, say: root ? 'yes' : 'Run it with sudo.' },
    {
      what: 'namespaces',
      ok: namespaces,
      say: namespaces
        ? 'network, mount and process namespaces can be made'
        : 'The kernel or the container around this shell forbids them: run on a machine or a privileged container.',
    },
    {
      what: 'iptables in a namespace',
      ok: iptables,
      say: iptables ? 'works' : 'Install iptables, and load the kernel module nf_tables or ip_tables.',
    },
    {
      what: 'cgroups',
      ok: existsSync('/sys/fs/cgroup'),
      say: existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'version 2' : 'version 1, which works',
    },
    {
      what: 'overlayfs',
      ok: filesystems.includes('overlay'),
      say: filesystems.includes('overlay') ? 'in the kernel' : 'Run `modprobe overlay`.',
    },
    {
      what: 'bridge filter',
      ok: existsSync('/proc/sys/net/bridge'),
      say: existsSync('/proc/sys/net/bridge') ? 'in the kernel' : 'Run `modprobe br_netfilter`.',
    },
    {
      what: 'disk space',
      ok: free > 10 * GIB,
      say: `${formatBytes(free)} free for state and caches${free > 10 * GIB ? '' : '; free at least 10 GB, or set FATHOM_STATE and FATHOM_CACHE'}`,
    },
    {
      what: 'memory',
      ok: freemem() > 2 * GIB,
      say: `${formatBytes(freemem())} free${freemem() > 2 * GIB ? '' : '; the cluster takes about 1 GB, its build 3 GB'}`,
    },
  ];
}

function freeSpace(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
