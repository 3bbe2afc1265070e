// What a stack wants: its objects with namespace, resource and membership. Pure.
import type { Resource, Resources } from '../kube/discovery.ts';
import { resourcesOfDefinition } from '../kube/objects.ts';
import { type KubeObject, groupKind, keyOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { PART_OF, applySetId } from './applyset.ts';
import * as problems from './problems.ts';

/** A wanted object. */
export interface Desired {
  readonly object: KubeObject;
  readonly resource: Resource;
  /** False where only a CRD of the same stack makes the cluster serve it, or nothing does. */
  readonly isServed: boolean;
  readonly label: string;
  readonly set: LoadedSet;
}

/** What {@link desiredObjects} needs of the cluster. */
export interface DesiredOptions {
  readonly resources: Resources;
  /** The context's namespace, for objects that name none and whose target names none. */
  readonly defaultNamespace: string | undefined;
  /**
   * What objects are that nobody serves, in their version or at all. `absent`: as what is there in another version, else as
   * what is not there, for whoever deletes or reads what is there. Default: `refused`.
   */
  readonly unknownKinds?: 'refused' | 'absent';
}

/**
 * The objects of all sets; what several sets share is taken once.
 * Throws K8S_UNKNOWN_KIND and K8S_DUPLICATE_OBJECT.
 */
export function desiredObjects(
  sets: readonly LoadedSet[],
  { resources, defaultNamespace, unknownKinds = 'refused' }: DesiredOptions,
): Desired[] {
  const inputs = sets.flatMap((set) => set.objects.map((input) => ({ set, input })));
  const definitions = inputs.flatMap(({ input }) => input.objects).flatMap(resourcesOfDefinition);
  const promised = new Map(definitions.map((resource) => [`${resource.apiVersion} ${resource.kind}`, resource]));
  const wanted = new Map<string, Desired>();
  for (const { set, input } of inputs) {
    for (const object of input.objects) {
      const isAbsent = unknownKinds === 'absent';
      const preferred = resources.findGroupKind(groupKind(object));
      const served = resources.find(object) ?? (isAbsent ? preferred : undefined);
      const known = served ?? promised.get(`${object.apiVersion} ${object.kind}`);
      if (known === undefined && !isAbsent) throw problems.unknownKind(object, input.label, preferred?.apiVersion);
      const resource = known ?? unserved(object);
      const namespace = object.metadata.namespace ?? (input.connection.namespace || defaultNamespace || 'default');
      const placed = place(object, resource.isNamespaced ? namespace : undefined);
      const other = wanted.get(keyOf(placed));
      if (other !== undefined && other.label !== input.label)
        throw problems.duplicate(placed, [other.label, input.label]);
      if (other === undefined) {
        wanted.set(keyOf(placed), {
          object: placed,
          resource,
          isServed: served !== undefined,
          label: input.label,
          set,
        });
      }
    }
  }
  return [...wanted.values()];
}

/** Of a kind of which nothing is known, but that most have a namespace; nobody is asked for what is not served. */
function unserved({ apiVersion, kind }: KubeObject): Resource {
  return { apiVersion, kind, plural: '', isNamespaced: true };
}

function place(object: KubeObject, namespace: string | undefined): KubeObject {
  if (object.metadata.namespace === namespace) return object;
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata: namespace === undefined ? metadata : { ...metadata, namespace } };
}

/** The object with the label of its set; one that is applied alone stays in the set that it is in. */
export function withMembership({ object, set }: Desired, live: KubeObject | undefined): KubeObject {
  const id = set.stack === '' ? live?.metadata.labels?.[PART_OF] : applySetId(set.stack, set.namespace);
  if (id === undefined) return object;
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [PART_OF]: id } } };
}
