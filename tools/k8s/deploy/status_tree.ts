// The state of a stack as data: service sets, their objects, and the pods of these. Only reads.
import { mapLimited } from '../../lib/limit.ts';
import { getObject } from '../kube/objects.ts';
import { type KubeObject, keyOf, textAt } from '../model/object.ts';
import { imagesOf } from '../model/pod_spec.ts';
import { type ReadyCount, readyCount } from '../readiness/counts.ts';
import { type Status, statusOf } from '../readiness/readiness.ts';
import { podTrouble } from '../readiness/workloads.ts';
import { causesOf, podsOf } from './cause.ts';
import { type Desired, desiredObjects } from './desired.ts';
import { reasonsToKeep } from './kept.ts';
import { readSets } from './read_sets.ts';
import type { Connected, Session } from './session.ts';

/** `missing`: it was never applied, or somebody deleted it. */
export type NodeState = 'ready' | 'progressing' | 'failed' | 'terminating' | 'missing';

/** An object or a pod, as a line of the tree. */
export interface StatusNode {
  readonly state: NodeState;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Parts that are ready, for kinds that have any. */
  readonly ready?: ReadyCount;
  /** When it was made, RFC 3339. */
  readonly created?: string;
  readonly images: readonly string[];
  /** Why it is not ready; of what is ready, empty. */
  readonly message: string;
  /** What events and logs say about it. */
  readonly causes: readonly string[];
  readonly pods: readonly StatusNode[];
  /** Whether the manifests no longer have it: the next apply prunes it, unless it is kept. */
  readonly isLeftOver: boolean;
  /** Why a prune keeps what is left over. Default: it does not. */
  readonly keptFor?: string;
}

/** A shallow stack, or the objects that are applied alone. */
export interface StatusSet {
  /** Empty for objects that are applied alone. */
  readonly stack: string;
  readonly namespace: string;
  readonly label: string;
  readonly objects: readonly StatusNode[];
}

const CONCURRENCY = 16;

/** Reads the state of every object of the session's stack. Throws K8S_* errors. */
export async function readStatus(session: Session, connected: Connected): Promise<StatusSet[]> {
  const { client, resources } = connected;
  const wanted = desiredObjects(session.sets, {
    resources,
    defaultNamespace: client.access.namespace,
    unknownKinds: 'absent',
  });
  const states = new Map((await readSets(connected, session.sets, wanted)).map((state) => [state.set, state.members]));
  return mapLimited(session.sets, 4, async (set): Promise<StatusSet> => {
    const own = wanted.filter((one) => one.set === set);
    const members = states.get(set) ?? [];
    const known = new Map(members.map(({ object }) => [keyOf(object), object]));
    const keys = new Set(own.map(({ object }) => keyOf(object)));
    const leftOver = members.filter(({ object }) => !keys.has(keyOf(object)));
    const objects = await mapLimited(own, CONCURRENCY, (one) => readNode(one, known, connected));
    const reasons = reasonsToKeep(
      leftOver.map(({ object }) => object),
      false,
    );
    const others = await mapLimited(leftOver, CONCURRENCY, async ({ object }): Promise<StatusNode> => {
      const keptFor = reasons.get(object);
      return { ...(await describe(object, connected, true)), ...(keptFor === undefined ? {} : { keptFor }) };
    });
    return { stack: set.stack, namespace: set.namespace, label: set.label, objects: [...objects, ...others] };
  });
}

async function readNode(
  one: Desired,
  known: ReadonlyMap<string, KubeObject>,
  connected: Connected,
): Promise<StatusNode> {
  const live = known.get(keyOf(one.object)) ?? (one.isServed ? await getObject(connected.client, one) : undefined);
  if (live !== undefined) return describe(live, connected, false);
  const message = one.isServed ? 'it is not in the cluster' : `the cluster has no ${one.object.kind}`;
  return { ...identity(one.object), state: 'missing', images: [], message, causes: [], pods: [], isLeftOver: false };
}

async function describe(live: KubeObject, { client }: Connected, isLeftOver: boolean): Promise<StatusNode> {
  const status = statusOf(live);
  const [pods, causes] = await Promise.all([
    live.kind === 'Pod' ? [] : podsOf(client, live),
    status.state === 'current' ? [] : causesOf(client, live),
  ]);
  return { ...nodeOf(live, status), causes, pods: pods.map(podNode), isLeftOver };
}

function podNode(pod: KubeObject): StatusNode {
  const status = statusOf(pod);
  const trouble = podTrouble(pod);
  return nodeOf(pod, status.state === 'current' || trouble === undefined ? status : { ...status, message: trouble });
}

function nodeOf(live: KubeObject, status: Status): StatusNode {
  const ready = readyCount(live);
  const created = live.metadata.creationTimestamp;
  return {
    ...identity(live),
    state: status.state === 'current' ? 'ready' : status.state,
    ...(ready === undefined ? {} : { ready }),
    ...(created === undefined ? {} : { created }),
    images: imagesOf(live),
    message: status.message,
    causes: [],
    pods: [],
    isLeftOver: false,
  };
}

function identity(object: KubeObject): Pick<StatusNode, 'kind' | 'namespace' | 'name'> {
  const namespace = textAt(object, 'metadata', 'namespace');
  return { kind: object.kind, ...(namespace === undefined ? {} : { namespace }), name: object.metadata.name };
}

/** Whether everything that the manifests have is there and ready. */
export function isAllReady(sets: readonly StatusSet[]): boolean {
  return sets.every(({ objects }) => objects.every(({ state, isLeftOver }) => isLeftOver || state === 'ready'));
}
