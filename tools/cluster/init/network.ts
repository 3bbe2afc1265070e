// The cluster's network: a bridge in a namespace of its own (the switch), a link from it to each machine, one to the
// host. The host's own bridges, firewall rules and forwarding are neither used nor changed, and all links vanish with
// the switch's namespace.
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { run } from './run.ts';
import type { LinkSpec, SwitchSpec } from './spec.ts';

const BRIDGE = 'switch0';

type Command = readonly string[];

/** `command`, run in the network namespace of process `pid`. */
function within(pid: number, command: Command): Command {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--', ...command];
}

/** The commands that make the bridge and the host's link to it. */
export function switchCommands(spec: SwitchSpec, switchPid: number): readonly Command[] {
  return [
    within(switchPid, ['ip', 'link', 'set', 'lo', 'up']),
    within(switchPid, ['ip', 'link', 'add', 'name', BRIDGE, 'type', 'bridge', 'forward_delay', '0']),
    within(switchPid, ['ip', 'link', 'set', BRIDGE, 'up']),
    ['ip', 'link', 'add', 'name', spec.hostLink, 'type', 'veth', 'peer', 'name', 'host', 'netns', `${switchPid}`],
    within(switchPid, ['ip', 'link', 'set', 'host', 'master', BRIDGE, 'up']),
    ['ip', 'address', 'add', spec.hostAddress, 'dev', spec.hostLink],
    ['ip', 'link', 'set', spec.hostLink, 'up'],
    ...routeCommands(spec),
  ];
}

/** The commands that lead the host into the cluster; they may be repeated. */
export function routeCommands({ routes, hostLink }: SwitchSpec): readonly Command[] {
  return routes.map(({ to, via }) => ['ip', 'route', 'replace', to, 'via', via, 'dev', hostLink]);
}

/** The commands that plug the machine of process `pid` into the switch; inside, its link is eth0. */
export function linkCommands(link: LinkSpec, switchPid: number, pid: number): readonly Command[] {
  return [
    ['ip', 'link', 'add', 'name', link.name, 'netns', `${switchPid}`, 'type', 'veth'].concat([
      'peer',
      'name',
      'eth0',
      'address',
      link.mac,
      'netns',
      `${pid}`,
    ]),
    within(switchPid, ['ip', 'link', 'set', link.name, 'master', BRIDGE, 'up']),
  ];
}

/** Runs commands one after the other. */
export async function runAll(commands: readonly Command[]): Promise<void> {
  for (const command of commands) await run(command);
}

/** Waits until process `pid` has left our network namespace for its own. Throws NETWORK_NAMESPACE_LATE. */
export async function awaitNetworkNamespace(pid: number, timeoutMs = 10_000): Promise<void> {
  const own = readlinkSync('/proc/self/ns/net');
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) !== own) return;
    } catch {
      break; // The process has ended.
    }
    await sleep(5);
  }
  throw new ToolError('NETWORK_NAMESPACE_LATE', `Starting process ${pid}: it got no network namespace of its own`, {
    hint: 'Run `./fathom doctor`: it checks namespaces.',
  });
}
