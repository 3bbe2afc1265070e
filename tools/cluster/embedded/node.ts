// Starting and ending the node: one init process in namespaces of its own, and the link to it.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { removeCgroups } from './cgroups.ts';
import type { Layout } from './layout.ts';
import { NODE_INTERFACE, type ClusterNetwork } from './network.ts';
import { endProcess, recordProcess, runningProcess } from './processes.ts';
import { run } from './run.ts';

// The first process of a namespace adopts orphans; sh's `wait` collects them, node's event loop would not.
const REAPER = '"$@" & child=$!; trap "kill -TERM $child" TERM; while kill -0 $child 2>/dev/null; do wait $child; done';

/** Whether the node's init runs. */
export async function isNodeRunning(layout: Layout): Promise<boolean> {
  return (await runningProcess(layout.init)) !== undefined;
}

/** Starts the init and links it to the machine. Resolves when both ends of the link are up. */
export async function startNode(layout: Layout, network: ClusterNetwork, signal: AbortSignal): Promise<void> {
  await removeLink(network);
  const log = openSync(join(layout.logs, 'init.log'), 'a', 0o600);
  const init = ['sh', '-c', REAPER, 'init', join(layout.bin, 'node'), join(layout.bin, 'init.mjs'), layout.root];
  const child = spawn('unshare', ['--net', '--mount', '--pid', '--fork', '--kill-child', '--', ...init], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' },
  });
  closeSync(log);
  const failed = new Promise<never>((_resolve, reject) => child.on('error', reject));
  failed.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) return failed;
  child.unref();
  await recordProcess(layout.init, pid);
  await waitForNamespace(pid, layout, signal);
  await run([
    'ip',
    'link',
    'add',
    network.hostInterface,
    'type',
    'veth',
    'peer',
    'name',
    NODE_INTERFACE,
    'netns',
    String(pid),
  ]);
  await run(['ip', 'address', 'add', `${network.hostAddress}/${network.prefixLength}`, 'dev', network.hostInterface]);
  await run(['ip', 'link', 'set', network.hostInterface, 'up']);
}

/**
 * Ends the node. With its first process all of its processes, mounts, interfaces and rules are gone; what remains are
 * cgroup folders, which are removed.
 */
export async function stopNode(layout: Layout, network: ClusterNetwork | undefined, cgroupRoot: string): Promise<void> {
  await endProcess(layout.init, 0);
  if (network !== undefined) await removeLink(network);
  await removeCgroups(cgroupRoot);
}

/** The command prefix that runs something inside the node's namespaces. */
export async function insideNode(layout: Layout): Promise<readonly [string, ...string[]]> {
  const record = await runningProcess(layout.init);
  const first =
    record === undefined
      ? ''
      : readFileSync(`/proc/${record.pid}/task/${record.pid}/children`, 'utf8').trim().split(' ')[0];
  if (first === undefined || first === '') {
    throw new ToolError('CLUSTER_NODE_ENDED', 'Entering the node: it does not run', {
      hint: `Read ${layout.logs}/init.log, and run \`./fathom up\`.`,
    });
  }
  return ['nsenter', `--target=${first}`, '--mount', '--net', '--pid', '--'];
}

async function waitForNamespace(pid: number, layout: Layout, signal: AbortSignal): Promise<void> {
  const own = readlinkSync('/proc/self/ns/net');
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    signal.throwIfAborted();
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) !== own) return;
    } catch (cause) {
      throw new ToolError('CLUSTER_NODE_START', 'Starting the node: its first process ended at once', {
        cause,
        hint: `Read ${layout.logs}/init.log, and run \`./fathom doctor\`.`,
      });
    }
    if (Date.now() > deadlineMs)
      throw new ToolError('CLUSTER_NODE_START', 'Starting the node: no network namespace after 10 s', {
        hint: 'Run `./fathom doctor`.',
      });
    await delay(5);
  }
}

async function removeLink(network: ClusterNetwork): Promise<void> {
  await run(['ip', 'link', 'delete', network.hostInterface]).catch(() => undefined);
}
