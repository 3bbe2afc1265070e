// The stack under test, as the API server has it: its pods, and whether all of it is well.
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import { type Resource, pathOf } from '../../tools/k8s/kube/discovery.ts';
import { listObjects } from '../../tools/k8s/kube/objects.ts';
import { type KubeObject, asList, at, textAt } from '../../tools/k8s/model/object.ts';
import { statusOf } from '../../tools/k8s/readiness/readiness.ts';

const namespaced = (apiVersion: string, kind: string, plural: string): Resource => {
  return { apiVersion, kind, plural, isNamespaced: true };
};
export const PODS = namespaced('v1', 'Pod', 'pods');
export const JOBS = namespaced('batch/v1', 'Job', 'jobs');
export const SECRETS = namespaced('v1', 'Secret', 'secrets');
export const DEPLOYMENTS = namespaced('apps/v1', 'Deployment', 'deployments');
export const STATEFUL_SETS = namespaced('apps/v1', 'StatefulSet', 'statefulsets');

export const NODES: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', isNamespaced: false };

export const SERVER = 'routeguide-server';
export const REDIS = 'redis';

/** A stack in its namespace. */
export interface Stack {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: (line: string) => void;
}

/** The pods of a component, those that are going left out. */
export async function podsOf({ client, namespace }: Stack, name: string): Promise<readonly KubeObject[]> {
  const pods = await listObjects(client, PODS, { namespace, labelSelector: `app.kubernetes.io/name=${name}` });
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export function isReady(pod: KubeObject): boolean {
  return asList(at(pod, 'status', 'conditions')).some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

/** Waits until `look` gives a value; rejects with what it last complained of. */
export async function until<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() >= deadlineMs) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(250);
  }
}

/** Waits until every workload is as it should be, and every pod of server and Redis is ready. */
export async function untilHealthy(stack: Stack, withinMs: number): Promise<void> {
  const { client, namespace } = stack;
  let why = '';
  await until(`the stack is healthy again`, withinMs, async () => {
    const lists = await Promise.all([DEPLOYMENTS, STATEFUL_SETS].map((one) => listObjects(client, one, { namespace })));
    const waiting = lists.flat().flatMap((object) => {
      const status = statusOf(object);
      return status.state === 'current' ? [] : [`${object.metadata.name}: ${status.message}`];
    });
    const pods = (await Promise.all([SERVER, REDIS].map((name) => podsOf(stack, name)))).flat();
    const unready = pods.filter((pod) => !isReady(pod)).map(({ metadata }) => `${metadata.name} is not ready`);
    why = [...waiting, ...unready].join('; ');
    return why === '' ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the stack is not healthy again: ${why}`, { cause: error });
  });
}

/** Changes a part of an object. */
export async function patch(stack: Stack, resource: Resource, name: string, body: unknown): Promise<KubeObject> {
  const { client, namespace } = stack;
  return (await client.request({
    method: 'PATCH',
    path: pathOf(resource, { namespace, name }),
    // Lists such as that of containers are merged by their keys.
    contentType: 'application/strategic-merge-patch+json',
    body,
    doing: `Changing ${resource.kind} ${name}`,
  })) as KubeObject;
}
