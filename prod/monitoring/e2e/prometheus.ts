// The cluster's Prometheus, asked from outside, and what monitoring costs.
import assert from 'node:assert/strict';
import { kubectl } from '../../../services/routeguide/e2e/cluster.ts';
import { readClusterState } from '../../../tools/lib/state.ts';
import { forward } from '../../../tools/k8s/testing/kubectl_forward.ts';

/** Namespaces of monitoring's pods. */
const NAMESPACES = ['monitoring', 'monitoring-node'];

/** What all of them may have together. */
export const MAX_BYTES = 1.5 * 1024 ** 3;

/** An answer of Prometheus' HTTP API. */
export interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: unknown;
}

/** Prometheus by a port of this machine, until `close`. */
export interface Prometheus {
  /** Asks a path below /api/v1/. */
  ask(path: string): Promise<Answer>;
  /** The values of an expression, now. */
  query(expression: string): Promise<readonly number[]>;
  close(): void;
}

/** Leads a port of this machine to the pod of Prometheus that there is now. */
export async function connect(): Promise<Prometheus> {
  const state = await readClusterState('fathom');
  assert.ok(state);
  const ports = new Map([[9090, 9090]]);
  const { kubeconfig } = state;
  const forwarded = await forward({ kubeconfig, namespace: 'monitoring', service: 'prometheus', ports });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${forwarded.ports.get(9090)}/api/v1/${path}`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(60_000),
    });
    return (await response.json()) as Answer;
  };
  return {
    ask,
    query: async (expression) => {
      const { status, error, data } = await ask(`query?query=${encodeURIComponent(expression)}`);
      assert.equal(status, 'success', error ?? 'no error is named');
      const { result } = data as { readonly result: readonly { readonly value: readonly [number, string] }[] };
      return result.map(({ value: [, text] }) => Number(text));
    },
    close: () => {
      forwarded.close();
    },
  };
}

/** Bytes of memory that all pods of monitoring have together, as metrics-server has them; prints those of each. */
export async function memoryOfMonitoring(): Promise<number> {
  interface Usage {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly containers: readonly { readonly name: string; readonly usage: { readonly memory: string } }[];
    }[];
  }
  let sum = 0;
  for (const namespace of NAMESPACES) {
    const { items }: Usage = JSON.parse(
      await kubectl('get', '--raw', `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`),
    );
    assert.ok(items.length > 0, namespace);
    for (const { metadata, containers } of items) {
      for (const { name, usage } of containers) {
        const [, number = '', unit = ''] = /^(\d+)(Ki|Mi|)$/.exec(usage.memory) ?? [];
        const bytes = Number(number) * { Ki: 1024, Mi: 1024 ** 2, '': 1 }[unit as 'Ki' | 'Mi' | ''];
        console.log(`${metadata.name}/${name}: ${(bytes / 1024 ** 2).toFixed(0)} MiB`);
        sum += bytes;
      }
    }
  }
  console.log(`all of monitoring: ${(sum / 1024 ** 2).toFixed(0)} MiB`);
  return sum;
}
