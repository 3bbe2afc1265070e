// What is asked of Redis itself: which pods are masters, and how many replicas a write must reach.
import { Redis } from 'ioredis';
import { forwardPort } from '../../tools/k8s/forward/forward.ts';
import { getObject } from '../../tools/k8s/kube/objects.ts';
import { type KubeObject, textAt } from '../../tools/k8s/model/object.ts';
import { REDIS, SECRETS, type Stack, podsOf } from './stack.ts';

const ADMIN_SECRET = 'redis-admin';
const WITHIN_MS = 20_000;

/** Who may do everything; a single Redis of the example has no users. */
async function adminOf({ client, namespace }: Stack): Promise<{ username?: string; password?: string }> {
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: ADMIN_SECRET, namespace } };
  const password = textAt(await getObject(client, { resource: SECRETS, object }), 'data', 'password');
  return password === undefined
    ? {}
    : { username: 'admin', password: Buffer.from(password, 'base64').toString('utf8') };
}

/** Asks one pod something, through a forwarded port. */
async function ask<T>(stack: Stack, pod: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const { client, namespace, log } = stack;
  const signal = AbortSignal.timeout(WITHIN_MS);
  const target = { kind: 'pod', name: pod, port: '6379' } as const;
  const forward = await forwardPort(client, { namespace, target, signal, onProblem: log });
  const [host, port] = forward.address.split(':');
  const redis = new Redis({
    host,
    port: Number(port),
    lazyConnect: true,
    commandTimeout: 5000,
    ...(await adminOf(stack)),
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
    await forward.close();
  }
}

/** A master that has keys to lose: one whose pod is there, the first by name. */
export async function findMaster(stack: Stack): Promise<KubeObject> {
  const pods = (await podsOf(stack, REDIS)).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const pod of pods) {
    const [role] = (await ask(stack, pod.metadata.name, (redis) => redis.call('ROLE'))) as [string];
    if (role === 'master') return pod;
  }
  throw new Error('no pod of Redis is a master');
}

/** Whether writes are copied: a single Redis has nobody to copy to. */
export async function isCluster(stack: Stack): Promise<boolean> {
  return (await podsOf(stack, REDIS)).length > 1;
}

/** Lets masters refuse writes that fewer than `count` replicas take. */
export async function requireReplicas(stack: Stack, count: number): Promise<void> {
  for (const { metadata } of await podsOf(stack, REDIS)) {
    await ask(stack, metadata.name, (redis) => redis.config('SET', 'min-replicas-to-write', String(count)));
  }
}
