// A node's network in namespaces of the test's own: pods on a bridge, and machines outside of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { awaitNetworkNamespace } from '../../init/network.ts';
import { run } from '../../init/run.ts';
import { loadRules } from '../enforce.ts';
import type { Protocol } from '../model.ts';

/** A machine of the lab. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Whether it is on the node's bridge. */
  readonly isPod: boolean;
}

/** The ports on which all machines listen, by TCP and UDP. */
export const PORTS = [8080, 8081, 9090] as const;

export interface Lab {
  /** Replaces the rules of the node. */
  load(script: string): Promise<void>;
  /** Whether `from` gets an answer. */
  connects(from: string, to: string, protocol: Protocol, port: number): Promise<boolean>;
  /** Runs a redirection or command of bash on the node itself; rejects where it fails. */
  fromNode(command: string): Promise<void>;
  stop(): Promise<void>;
}

const POD_GATEWAY = '10.98.1.1';
const NODE = '10.98.0.1';

/** Makes the node and its machines: addresses of pods are in 10.98.1.0/24, of others in 10.98.0.0/24. Needs root. */
export async function startLab(probe: string, machines: readonly Machine[]): Promise<Lab> {
  const probes = new Map<string, Probe>();
  const node = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' });
  const stop = async () => {
    await Promise.all([node, ...[...probes.values()].map(({ child }) => child)].map(end));
  };
  try {
    const inside = (pid: number | undefined, ...command: string[]) =>
      run(['nsenter', `--net=/proc/${pid}/ns/net`, '--', ...command]);
    const sysctl = (name: string, value: string) =>
      inside(node.pid, 'sh', '-c', `echo ${value} >/proc/sys/net/${name}`);
    await awaitNetworkNamespace(node.pid ?? 0);
    for (const command of [
      'ip link set lo up',
      'ip link add cni0 type bridge',
      `ip address add ${POD_GATEWAY}/24 dev cni0`,
      'ip link set cni0 up',
      'ip link add out0 type bridge',
      `ip address add ${NODE}/24 dev out0`,
      'ip link set out0 up',
    ]) {
      await inside(node.pid, ...command.split(' '));
    }
    await sysctl('ipv4/ip_forward', '1');
    // As on a node: every refusal is told.
    await sysctl('ipv4/icmp_ratelimit', '0');
    await sysctl('bridge/bridge-nf-call-iptables', '1');
    for (const [index, { name, address, isPod }] of machines.entries()) {
      const one = await startProbe(probe);
      probes.set(name, one);
      const link = `v${index}`;
      await inside(node.pid, ...`ip link add ${link} type veth peer name eth0 netns ${one.child.pid}`.split(' '));
      await inside(node.pid, ...`ip link set ${link} master ${isPod ? 'cni0' : 'out0'} up`.split(' '));
      for (const command of [
        'ip link set lo up',
        `ip address add ${address}/24 dev eth0`,
        'ip link set eth0 up',
        `ip route add default via ${isPod ? POD_GATEWAY : NODE}`,
      ]) {
        await inside(one.child.pid, ...command.split(' '));
      }
    }
    const addressOf = (name: string) => machines.find((one) => one.name === name)?.address ?? '';
    return {
      load: (script) => loadRules(script, ['nsenter', `--net=/proc/${node.pid}/ns/net`, '--']),
      connects: (from, to, protocol, port) =>
        (probes.get(from) as Probe).connects({ protocol, host: addressOf(to), port }),
      fromNode: (command) => inside(node.pid, 'timeout', '5', 'bash', '-c', command).then(() => undefined),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Probe {
  readonly child: ChildProcess;
  connects(to: { protocol: Protocol; host: string; port: number }): Promise<boolean>;
}

async function startProbe(program: string): Promise<Probe> {
  const child = spawn('unshare', ['--net', program, ...PORTS.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (isOpen: boolean) => void>();
  const ready = new Promise<void>((resolve, reject) => {
    child.on('error', reject).on('exit', (code) => reject(new Error(`a machine of the lab ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') return resolve();
      const { id, isOpen } = JSON.parse(line) as { id: number; isOpen: boolean };
      waiting.get(id)?.(isOpen);
      waiting.delete(id);
    });
  });
  await ready;
  let next = 0;
  return {
    child,
    connects: (to) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        child.stdin.write(`${JSON.stringify({ id, ...to })}\n`);
      }),
  };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
