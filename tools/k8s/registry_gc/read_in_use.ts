// Asks the cluster which images it needs. What cannot be read as a whole is an error: nothing may be deleted then.
import { ToolError, errorText } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { SET_ID, TOOL, toolOf } from '../deploy/applyset.ts';
import { parseHistory } from '../deploy/history.ts';
import { SECRETS } from '../deploy/read_sets.ts';
import type { Connected } from '../deploy/session.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { listObjects } from '../kube/objects.ts';
import { type KubeObject, nameOf } from '../model/object.ts';
import { type InUse, inUseOf } from './in_use.ts';

/** The kinds of Kubernetes that run pods, will run some, or remember those that they ran. */
export const KINDS = [
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'PodTemplate' },
  { apiVersion: 'v1', kind: 'ReplicationController' },
  { apiVersion: 'apps/v1', kind: 'ControllerRevision' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'batch/v1', kind: 'CronJob' },
  { apiVersion: 'batch/v1', kind: 'Job' },
] as const;

const CONCURRENCY = 4;

/** What pods, what makes pods, and the last revisions of all stacks need. Throws K8S_REGISTRY_IN_USE. */
export async function readInUse({ client, resources }: Pick<Connected, 'client' | 'resources'>): Promise<InUse> {
  const lists = await mapLimited(KINDS, CONCURRENCY, async (kind) => {
    const resource = resources.find(kind);
    if (resource === undefined) throw unknown(`the cluster does not serve ${kind.kind} of ${kind.apiVersion}`);
    return guarded(() => listObjects(client, resource, { isRequired: true }));
  });
  const parents = await guarded(() => listObjects(client, SECRETS, { labelSelector: SET_ID, isRequired: true }));
  const recorded = parents.filter((parent) => toolOf(parent) === TOOL).flatMap(recordedIn);
  return inUseOf([...lists.flat(), ...recorded]);
}

/** The objects of a stack's last revisions, and the revisions, which name images also where objects did not fit. */
function recordedIn(parent: KubeObject): unknown[] {
  try {
    const { revisions, objects } = parseHistory(parent);
    return [...revisions, ...[...objects.values()].flat()];
  } catch (cause) {
    throw unknown(`the revisions in ${nameOf(parent)} cannot be read: ${errorText(cause)}`, cause);
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KubeStatusError) throw unknown(error.message, error);
    throw error;
  }
}

function unknown(problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_REGISTRY_IN_USE', `Finding the images that are in use: ${problem}; no image was deleted`, {
    ...(cause === undefined ? {} : { cause }),
    hint: `Run it as somebody who may list, in all namespaces, Secrets and ${KINDS.map(({ kind }) => kind).join(', ')}.`,
  });
}
