// What happens to the stack while it is under load.
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from '../../tools/k8s/kube/discovery.ts';
import { KubeStatusError, isNotFound } from '../../tools/k8s/kube/errors.ts';
import { getObject } from '../../tools/k8s/kube/objects.ts';
import { type KubeObject, textAt } from '../../tools/k8s/model/object.ts';
import { killPod } from './processes.ts';
import { findMaster } from './redis.ts';
import { DEPLOYMENTS, PODS, REDIS, SERVER, type Stack, patch, podsOf, untilHealthy } from './stack.ts';

/** What is done; gives what to write about it. */
export type Event = (stack: Stack) => Promise<string>;

/** Long enough that Redis gives a master up by itself (3 s and more) and has elected another one, instead of finding it back. */
const DOWN_MS = 9000;
const LOOK_EVERY_MS = 100;
const EVICTED_WITHIN_MS = 180_000;
const HEALTHY_WITHIN_MS = 240_000;

/** Kills a pod as the end of its machine does, and again whenever a container is started, for a while. */
async function keepDown(stack: Stack, pod: KubeObject, downMs: number): Promise<string> {
  const { client } = stack;
  const { name } = pod.metadata;
  let kills = killPod(pod) > 0 ? 1 : 0;
  if (kills === 0) {
    await deletePod(stack, pod);
    return `pod ${name} deleted without grace: its node is another machine`;
  }
  const endMs = performance.now() + downMs;
  while (performance.now() < endMs) {
    await sleep(LOOK_EVERY_MS);
    const live = await getObject(client, { resource: PODS, object: pod });
    if (live !== undefined && killPod(live) > 0) kills += 1;
  }
  return downMs === 0 ? `SIGKILL to all of ${name}` : `SIGKILL to all of ${name}, ${kills} times in ${downMs / 1000} s`;
}

async function deletePod({ client }: Stack, { metadata }: KubeObject): Promise<void> {
  await client.request({
    method: 'DELETE',
    path: pathOf(PODS, metadata),
    query: { gracePeriodSeconds: '0' },
    doing: `Deleting pod ${metadata.name}`,
  });
}

/** The first master of Redis, by name, away for longer than it is waited for. */
export const killRedisMaster: Event = async (stack) => keepDown(stack, await findMaster(stack), DOWN_MS);

/** One pod of the server, once: its node starts it again. */
export const killServer: Event = async (stack) => {
  const [pod] = await podsOf(stack, SERVER);
  if (pod === undefined) throw new Error('there is no pod of the server');
  return keepDown(stack, pod, 0);
};

/** All pods of the server anew, as an apply with another image makes them. */
export const rollOut: Event = async (stack) => {
  const annotations = { 'fathom.internal/bench': new Date().toISOString() };
  await patch(stack, DEPLOYMENTS, SERVER, { spec: { template: { metadata: { annotations } } } });
  const startMs = performance.now();
  // The controller must have seen the change before its status means anything: statusOf compares generations.
  await untilHealthy(stack, HEALTHY_WITHIN_MS);
  return `all pods of ${SERVER} replaced in ${Math.round((performance.now() - startMs) / 100) / 10} s`;
};

/** Evicts the pods of the node that has most of them, one after the other, as far as disruption budgets allow. */
export const drainNode: Event = async (stack) => {
  const pods = (await Promise.all([SERVER, REDIS].map((name) => podsOf(stack, name)))).flat();
  const byNode = Map.groupBy(pods, (pod) => textAt(pod, 'spec', 'nodeName') ?? '');
  const [node, evicted = []] = [...byNode].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  for (const pod of evicted) await evict(stack, pod);
  return `${evicted.length} pods of ${node} evicted: ${evicted.map(({ metadata }) => metadata.name).join(', ')}`;
};

async function evict({ client }: Stack, { metadata }: KubeObject): Promise<void> {
  const { name, namespace } = metadata;
  const deadlineMs = performance.now() + EVICTED_WITHIN_MS;
  for (;;) {
    try {
      await client.request({
        method: 'POST',
        path: `${pathOf(PODS, metadata)}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
        doing: `Evicting pod ${name}`,
      });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      // The budget of the pod allows no disruption now.
      const isRefused = error instanceof KubeStatusError && error.status === 429;
      if (!isRefused || performance.now() >= deadlineMs) throw error;
      await sleep(500);
    }
  }
}
