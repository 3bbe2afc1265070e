// The node's init: started in new network, mount and process namespaces, it prepares them and keeps the node's
// programs running. Everything that it starts ends with it.   node init.mjs <state folder>
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runMain } from '../../lib/cli.ts';
import { layoutOf } from './layout.ts';
import { NODE_INTERFACE, type ClusterNetwork } from './network.ts';
import { nodePrograms, type Program } from './programs.ts';
import { run } from './run.ts';
import { CGROUPS } from './cgroups.ts';

/** How a program fares. */
interface ProgramStatus {
  readonly name: string;
  readonly pid?: number;
  readonly starts: number;
  readonly lastExit?: string;
}

const STABLE_MS = 30_000;
const MAX_PAUSE_MS = 10_000;

await runMain(async ({ argv, signal }) => {
  const layout = layoutOf(argv[0] ?? '');
  const network: ClusterNetwork = JSON.parse(readFileSync(layout.network, 'utf8'));
  const { node, cgroupRoot }: { node: string; cgroupRoot: string } = JSON.parse(
    readFileSync(join(layout.config, 'node.json'), 'utf8'),
  );
  await prepareMounts();
  prepareCgroups(cgroupRoot);
  await prepareNetwork(network);
  const statuses = new Map<string, ProgramStatus>();
  const report = (status: ProgramStatus) => {
    statuses.set(status.name, status);
    writeFileSync(`${layout.status}.draft`, `${JSON.stringify([...statuses.values()], null, 2)}\n`);
    renameSync(`${layout.status}.draft`, layout.status);
  };
  const env = { PATH: `${layout.bin}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root', LANG: 'C.UTF-8' };
  await Promise.all(
    nodePrograms({ layout, network, node }).map((program) =>
      keepRunning(program, { env, report, signal, bin: layout.bin, logs: layout.logs }),
    ),
  );
  return 0;
});

/** Private mounts, own /proc, and empty /run, /var/run and /var/log: sockets and names of the machine stay its own. */
async function prepareMounts(): Promise<void> {
  await run(['mount', '--make-rprivate', '/']);
  await run(['mount', '-t', 'proc', 'proc', '/proc']);
  for (const folder of ['/run', '/var/log']) await run(['mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', folder]);
  mkdirSync('/run/netns', { recursive: true });
  mkdirSync('/run/lock', { recursive: true });
}

/** A folder in every hierarchy (cgroup v1: one a controller), so that kubelets never meet. */
function prepareCgroups(cgroupRoot: string): void {
  const hierarchies = existsSync(join(CGROUPS, 'cgroup.controllers'))
    ? [CGROUPS]
    : readdirSync(CGROUPS).map((name) => join(CGROUPS, name));
  for (const hierarchy of hierarchies) {
    const folder = join(hierarchy, cgroupRoot);
    mkdirSync(folder, { recursive: true });
    // A new cpuset is empty, and no process may enter an empty one.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(folder, file)) && readFileSync(join(folder, file), 'utf8').trim() === '') {
        writeFileSync(join(folder, file), readFileSync(join(hierarchy, file), 'utf8'));
      }
    }
  }
}

/** The machine moves the link's end in; then it gets its address. */
async function prepareNetwork(network: ClusterNetwork): Promise<void> {
  await run(['ip', 'link', 'set', 'lo', 'up']);
  const deadlineMs = Date.now() + 20_000;
  while ((await run(['ip', '-o', 'link', 'show'])).includes(`${NODE_INTERFACE}@`) === false) {
    if (Date.now() > deadlineMs) throw new Error(`no ${NODE_INTERFACE} after 20 s`);
    await delay(20);
  }
  await run(['ip', 'address', 'add', `${network.nodeAddress}/${network.prefixLength}`, 'dev', NODE_INTERFACE]);
  await run(['ip', 'link', 'set', NODE_INTERFACE, 'up']);
  await run(['ip', 'route', 'add', 'default', 'via', network.hostAddress]);
  for (const name of [
    'net/ipv4/ip_forward',
    'net/bridge/bridge-nf-call-iptables',
    'net/ipv4/conf/all/route_localnet',
  ]) {
    if (existsSync(`/proc/sys/${name}`)) writeFileSync(`/proc/sys/${name}`, '1');
  }
}

interface KeepOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly report: (status: ProgramStatus) => void;
  readonly signal: AbortSignal;
  readonly bin: string;
  readonly logs: string;
}

/** Starts a program again whenever it ends, with growing pauses, until the signal; then asks it to end. */
async function keepRunning(program: Program, options: KeepOptions): Promise<void> {
  const { signal, report } = options;
  let pauseMs = 100;
  for (let starts = 1; !signal.aborted; starts++) {
    const log = createWriteStream(join(options.logs, `${program.name}.log`), { flags: 'a', mode: 0o600 });
    const startedMs = Date.now();
    const child = spawn(join(options.bin, program.file), program.args, {
      cwd: '/',
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    report({ name: program.name, starts, ...(child.pid === undefined ? {} : { pid: child.pid }) });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    const lastExit = await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, name) => resolve(name ?? `exit ${code}`));
    });
    signal.removeEventListener('abort', stop);
    log.end();
    report({ name: program.name, starts, lastExit });
    pauseMs = Date.now() - startedMs > STABLE_MS ? 100 : Math.min(pauseMs * 2, MAX_PAUSE_MS);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
