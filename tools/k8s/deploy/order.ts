// The order of things: phases by kind, and depends-on within a phase. Pure.
// https://kubernetes.io/docs/reference/labels-annotations-taints/#config-kubernetes-io-depends-on (kpt's annotation)
import { ToolError } from '../../lib/errors.ts';
import { type KubeObject, groupKind, keyOf, nameOf } from '../model/object.ts';

const DEPENDS_ON = 'config.kubernetes.io/depends-on';

/** Namespaces, then CRDs, then all the rest, then what reroutes requests of others. */
export const PHASES = ['namespaces', 'definitions', 'objects', 'interceptors'] as const;
export type Phase = (typeof PHASES)[number];

const PHASE_OF: Readonly<Record<string, Phase>> = {
  'APIService.apiregistration.k8s.io': 'interceptors',
  'CustomResourceDefinition.apiextensions.k8s.io': 'definitions',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': 'interceptors',
  Namespace: 'namespaces',
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io': 'interceptors',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': 'interceptors',
};

/** Kinds that hold what cannot be made again: kept unless asked for. */
const DATA_KINDS: ReadonlySet<string> = new Set([
  'CustomResourceDefinition.apiextensions.k8s.io',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
]);

/** The phase in which an object is applied. */
export function phaseOf(object: KubeObject): Phase {
  return PHASE_OF[groupKind(object)] ?? 'objects';
}

/**
 * Who pods run as, who may reach them, and what they read: a pod that comes before is refused, open to all, or starts
 * with what was there until now.
 */
const BEFORE_PODS: ReadonlySet<string> = new Set([
  'ConfigMap',
  'NetworkPolicy.networking.k8s.io',
  'PersistentVolumeClaim',
  'Secret',
  'ServiceAccount',
]);

/** Whether an object is applied before the others of its phase. One that depends on some of them is not. */
export function isBeforePods(object: KubeObject): boolean {
  return BEFORE_PODS.has(groupKind(object)) && referencesOf(object).length === 0;
}

/** Whether deleting the object loses data. */
export function holdsData(object: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return DATA_KINDS.has(groupKind(object));
}

/** Options of {@link dependencies}. */
export interface DependencyOptions {
  /** Whether references to what is not there, or comes later, count as none and are not refused. Default: false. */
  readonly isLenient?: boolean;
}

/**
 * For each object the keys of those that must be ready before it, by its depends-on annotation. Throws K8S_DEPENDS_ON
 * (syntax, an object that is not in the stack, or one of a later phase) and K8S_DEPENDENCY_CYCLE (with the cycle).
 */
export function dependencies(
  objects: readonly KubeObject[],
  { isLenient = false }: DependencyOptions = {},
): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map(objects.map((object) => [keyOf(object), object]));
  const edges = isLenient
    ? liveDependencies(objects)
    : new Map(objects.map((object) => [keyOf(object), dependsOn(object, byKey)]));
  refuseCycles(edges, byKey);
  return edges;
}

/** As {@link dependencies}, of objects that are in a cluster: what is not among them, or is no reference, is left out. */
export function liveDependencies(objects: readonly KubeObject[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(objects.map(keyOf));
  const keysOf = (object: KubeObject) => referencesOf(object).map(parseDependency);
  return new Map(
    objects.map((object) => [
      keyOf(object),
      keysOf(object).filter((key): key is string => key !== undefined && known.has(key)),
    ]),
  );
}

/** Objects in layers: what others of them depend on comes in a later layer. A circle is one layer, the last. */
export function dependentsFirst<T extends { readonly object: KubeObject }>(
  all: readonly T[],
  edges: ReadonlyMap<string, readonly string[]>,
): T[][] {
  const layers: T[][] = [];
  let left = [...all];
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ object }) => edges.get(keyOf(object)) ?? []));
    const free = left.filter(({ object }) => !needed.has(keyOf(object)));
    const layer = free.length === 0 ? left : free;
    layers.push(layer);
    left = left.filter((one) => !layer.includes(one));
  }
  return layers;
}

function referencesOf(object: KubeObject): string[] {
  const text = object.metadata.annotations?.[DEPENDS_ON] ?? '';
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function dependsOn(object: KubeObject, byKey: ReadonlyMap<string, KubeObject>): string[] {
  return referencesOf(object).map((reference) => {
    const key = parseDependency(reference);
    const other = key === undefined ? undefined : byKey.get(key);
    if (key !== undefined && other !== undefined) {
      if (isAfter(other, object)) throw tooLate(object, other);
      return key;
    }
    const problem = key === undefined ? 'is no group/[namespaces/NAMESPACE/]kind/name' : 'is not in this stack';
    throw new ToolError('K8S_DEPENDS_ON', `Ordering ${nameOf(object)}: depends-on '${reference}' ${problem}`, {
      hint: `Correct the annotation ${DEPENDS_ON}, for example apps/namespaces/prod/Deployment/db.`,
    });
  });
}

function isAfter(a: KubeObject, b: KubeObject): boolean {
  return PHASES.indexOf(phaseOf(a)) > PHASES.indexOf(phaseOf(b));
}

function tooLate(object: KubeObject, other: KubeObject): ToolError {
  const [name, later] = [nameOf(object), nameOf(other)];
  return new ToolError('K8S_DEPENDS_ON', `Ordering ${name}: depends-on names ${later}, which is always applied later`, {
    hint: `Take ${later} out of the annotation ${DEPENDS_ON} of ${name}: webhook configurations, policy bindings and APIServices come last, namespaces and then definitions first.`,
  });
}

/** `apps/namespaces/ns/Deployment/x`, `/namespaces/ns/Service/x`, `rbac.authorization.k8s.io/ClusterRole/x`. */
function parseDependency(reference: string): string | undefined {
  const parts = reference.split('/');
  const isNamespaced = parts.length === 5 && parts[1] === 'namespaces';
  if (!isNamespaced && parts.length !== 3) return undefined;
  const [group = '', kind = '', name = ''] = isNamespaced ? [parts[0], parts[3], parts[4]] : parts;
  const namespace = isNamespaced ? (parts[2] ?? '') : '';
  return `${group === '' ? kind : `${kind}.${group}`}/${namespace}/${name}`;
}

function refuseCycles(edges: ReadonlyMap<string, readonly string[]>, byKey: ReadonlyMap<string, KubeObject>): void {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (key: string): void => {
    if (done.has(key)) return;
    const start = path.indexOf(key);
    if (start >= 0) {
      const names = [...path.slice(start), key].map((one) => nameOf(byKey.get(one) as KubeObject));
      throw new ToolError('K8S_DEPENDENCY_CYCLE', `Ordering objects: ${names.join(' → ')}`, {
        hint: `Remove one of these ${DEPENDS_ON} annotations.`,
      });
    }
    path.push(key);
    for (const next of edges.get(key) ?? []) visit(next);
    path.pop();
    done.add(key);
  };
  for (const key of edges.keys()) visit(key);
}
