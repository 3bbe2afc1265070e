// Processes of pods on this machine: the embedded cluster's nodes are namespaces of it, so that a pod can be killed as the
// end of its machine kills it, without a word to the kubelet or the API server.
import { readFileSync, readdirSync } from 'node:fs';
import { type KubeObject, asList, at, textAt } from '../../tools/k8s/model/object.ts';

/** Kills every process of a pod's containers; gives how many. 0 where the pod's node is another machine. */
export function killPod(pod: KubeObject): number {
  const ids = asList(at(pod, 'status', 'containerStatuses'))
    .flatMap((one) => textAt(one, 'containerID')?.replace(/^.*:\/\//, '') ?? [])
    .filter((id) => /^[0-9a-f]{64}$/.test(id));
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isIn(entry, ids));
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  return pids.length;
}

function isIn(pid: string, containers: readonly string[]): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    return containers.some((id) => text.includes(id));
  } catch {
    return false;
  }
}
