// Ports of the loopback that lead to a Service, as docs/clusters.md and docs/ci.md have it for people.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { runfile } from '../../lib/runfiles.ts';

/** What is forwarded. */
export interface ForwardOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly service: string;
  /** Ports of the Service, each with that of its pods. */
  readonly ports: ReadonlyMap<number, number>;
  /** Default: 30 seconds. */
  readonly timeoutMs?: number;
}

/** Ports of this machine, by those of the Service. */
export interface Forwarded {
  readonly ports: ReadonlyMap<number, number>;
  close(): void;
}

/** Runs `kubectl port-forward` on free ports; rejects where it ends, or has not begun within `timeoutMs`. */
export async function forward(options: ForwardOptions): Promise<Forwarded> {
  const { kubeconfig, namespace, service, ports, timeoutMs = 30_000 } = options;
  const wanted = [...ports.keys()].map((port) => `:${port}`);
  const args = ['kubectl', 'port-forward', '-n', namespace, `service/${service}`, ...wanted];
  const child = spawn(runfile('go_kubernetes/bin/kubernetes'), args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const found = new Map<number, number>();
  const late = setTimeout(() => child.kill(), timeoutMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, here, inPod] = /^Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)$/.exec(line) ?? [];
      for (const [port, target] of ports) if (Number(inPod) === target) found.set(port, Number(here));
      if (found.size < ports.size) continue;
      // What it says of each connection is read by nobody, and must not stop it.
      child.stdout.resume();
      return { ports: found, close: () => child.kill() };
    }
  } finally {
    clearTimeout(late);
  }
  child.kill();
  throw new Error('kubectl port-forward has ended');
}

/**
 * Runs `work` with the address of one port of a Service that its pods have by the same number: by way of the API server,
 * whatever policies are there. Rejects as {@link forward} does.
 */
export async function withService<T>(
  { port, ...options }: Omit<ForwardOptions, 'ports'> & { readonly port: number },
  work: (address: string) => Promise<T>,
): Promise<T> {
  const { ports, close } = await forward({ ...options, ports: new Map([[port, port]]) });
  try {
    return await work(`127.0.0.1:${ports.get(port)}`);
  } finally {
    close();
  }
}
