// Ports of the loopback that lead to the ingress controller, as docs/clusters.md has it for people.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { runfile } from '../../tools/lib/runfiles.ts';

/** The two ports of this machine. */
export interface Forwarded {
  readonly http: number;
  readonly https: number;
  close(): void;
}

/** Runs `kubectl port-forward` on free ports; rejects where it ends, or has not begun within `timeoutMs`. */
export async function forwardIngress(kubeconfig: string, timeoutMs = 30_000): Promise<Forwarded> {
  const args = ['kubectl', 'port-forward', '-n', 'ingress', 'service/traefik', ':80', ':443'];
  const child = spawn(runfile('go_kubernetes/bin/kubernetes'), args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ports = new Map<string, number>();
  const late = setTimeout(() => child.kill(), timeoutMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, port, to] = /^Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)$/.exec(line) ?? [];
      if (port !== undefined && to !== undefined) ports.set(to, Number(port));
      const http = ports.get('8000');
      const https = ports.get('8443');
      if (http === undefined || https === undefined) continue;
      // What it says of each connection is read by nobody, and must not stop it.
      child.stdout.resume();
      return { http, https, close: () => child.kill() };
    }
  } finally {
    clearTimeout(late);
  }
  child.kill();
  throw new Error('kubectl port-forward has ended');
}
