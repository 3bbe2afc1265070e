// The secrets of a session's stack. What decrypts is loaded only where a manifest has references.
import { isNotFound } from '../kube/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { hasReferences } from '../secrets/in_objects.ts';
import type { Session } from './session.ts';

/**
 * The sets with values in place of references: to be sent, never to be kept. Without `client` those objects are left as
 * they are whose values the cluster keeps. Throws K8S_SECRET_*.
 */
export async function secretsOf(
  session: Session,
  sets: readonly LoadedSet[],
  client?: KubeClient,
): Promise<readonly LoadedSet[]> {
  const inputs = sets.flatMap(({ objects }) => objects);
  if (!inputs.some(({ objects }) => objects.some(hasReferences))) return sets;
  const { withSecrets } = await import('../secrets/fill.ts');
  const { env, resolve, log, pod } = session;
  return withSecrets(sets, {
    env,
    resolve,
    warn: (line) => log.warn(line),
    isInCluster: pod !== undefined,
    ...(client === undefined ? {} : { live: (namespace, name) => readSecret(client, namespace, name) }),
  });
}

async function readSecret(client: KubeClient, namespace: string, name: string): Promise<KubeObject | undefined> {
  try {
    const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
    return (await client.request({ method: 'GET', path, doing: `Reading Secret ${namespace}/${name}` })) as KubeObject;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
