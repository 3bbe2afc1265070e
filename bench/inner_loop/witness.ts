// Who sees the new code answer: a process in the network of a node, so that a call goes as from a pod, by the Service.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { clusterProcesses } from '../../tools/cluster/testing/processes.ts';
import type { OwnCluster } from '../../tools/cluster/testing/own_cluster.ts';
import { runfile } from '../../tools/lib/runfiles.ts';

/** Sees one Service. */
export interface Witness extends Disposable {
  /** Resolves once the Service answers with `text`, to when that was: milliseconds since 1970. */
  sees(text: string): Promise<number>;
}

/** Options of {@link startWitness}. */
export interface WitnessOptions {
  /** `host:port`, as a pod knows it. */
  readonly target: string;
  /** `/hello.v1.Hello/Greet`. */
  readonly method: string;
  readonly withinMs: number;
}

/** Starts a witness on the cluster's first node. */
export async function startWitness(cluster: OwnCluster, options: WitnessOptions): Promise<Witness> {
  const node = clusterProcesses(cluster.initPid).find(({ machine }) => machine === 'node-1');
  if (node === undefined) throw new Error('The cluster has no node');
  const caller = runfile('fathom/bench/inner_loop/caller');
  const child = spawn('nsenter', [`--net=/proc/${node.pid}/ns/net`, caller, options.target, options.method], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (what: string): Promise<string> => {
    const late = Promise.withResolvers<never>();
    const text = `${what}: not within ${options.withinMs / 1000} s`;
    const timer = setTimeout(() => late.reject(new Error(text)), options.withinMs);
    try {
      const line = await Promise.race([lines.next(), late.promise]);
      if (line.done === true) throw new Error('The witness has ended');
      return line.value;
    } finally {
      clearTimeout(timer);
    }
  };
  const witness: Witness = {
    sees: async (text) => {
      child.stdin.write(`${text}\n`);
      return Number(await next(`an answer with '${text}'`));
    },
    [Symbol.dispose]: () => {
      child.kill();
    },
  };
  try {
    await next('starting the witness');
  } catch (error) {
    witness[Symbol.dispose]();
    throw error;
  }
  return witness;
}
