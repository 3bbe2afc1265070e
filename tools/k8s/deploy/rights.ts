// The least rights with which a stack can be applied, deleted and looked at, as RBAC's objects. Pure.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
import type { Resource } from '../kube/discovery.ts';
import { type KubeObject, groupOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { podSpecOf } from '../model/pod_spec.ts';
import { parentName } from './applyset.ts';
import type { Desired } from './desired.ts';

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What must be allowed, by namespace; the rules of the whole cluster have an empty namespace. */
export type Rights = ReadonlyMap<string, readonly Rule[]>;

// Server-side apply of what is not there yet asks for create as well; without create nothing can be limited by name.
const WRITE = ['create', 'delete', 'get', 'list', 'patch'] as const;

/** The rights that the verbs need for a stack; `personal` is a namespace that apply makes itself. */
export function rightsOf(wanted: readonly Desired[], sets: readonly LoadedSet[], personal: string | undefined): Rights {
  const rules = new Map<string, Rule[]>();
  const add = (namespace: string, rule: Rule) => rules.set(namespace, [...(rules.get(namespace) ?? []), rule]);
  const stacks = sets.filter(({ stack }) => stack !== '');
  const namespaces = new Set([
    ...wanted.flatMap(({ object }) => object.metadata.namespace ?? []),
    ...stacks.map(({ namespace }) => namespace),
  ]);
  for (const [namespace, resources] of resourcesByNamespace(wanted, stacks)) {
    for (const rule of writeRules(resources)) add(namespace, rule);
  }
  for (const { namespace, stack } of stacks) {
    const resourceNames = [parentName(stack)];
    add(namespace, { apiGroups: [''], resources: ['secrets'], verbs: ['create'] });
    add(namespace, { apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['delete', 'get', 'patch'] });
    add(namespace, { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] });
    add(namespace, {
      ...{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames },
      verbs: ['delete', 'get', 'update'],
    });
  }
  for (const { object } of wanted.filter(({ object: one }) => podSpecOf(one) !== undefined)) {
    const namespace = object.metadata.namespace ?? '';
    add(namespace, { apiGroups: [''], resources: ['events', 'pods'], verbs: ['list'] });
    add(namespace, { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] });
  }
  const resourceNames = [...namespaces].sort();
  add('', { apiGroups: [''], resources: ['namespaces'], resourceNames, verbs: ['get'] });
  if (personal !== undefined) {
    add('', { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] });
    add('', { apiGroups: [''], resources: ['namespaces'], resourceNames: [personal], verbs: ['patch'] });
  }
  return new Map([...rules].map(([namespace, list]) => [namespace, unique(list)]));
}

/** Members of a set are looked for in all of its namespaces, whatever their kind. */
function resourcesByNamespace(wanted: readonly Desired[], stacks: readonly LoadedSet[]): Map<string, Set<Resource>> {
  const found = new Map<string, Set<Resource>>();
  const add = (namespace: string, resource: Resource) =>
    found.set(namespace, (found.get(namespace) ?? new Set()).add(resource));
  for (const { object, resource } of wanted) add(object.metadata.namespace ?? '', resource);
  for (const set of stacks) {
    const own = wanted.filter((one) => one.set === set);
    const namespaces = [set.namespace, ...own.flatMap(({ object }) => object.metadata.namespace ?? [])];
    for (const { resource } of own.filter((one) => one.resource.isNamespaced)) {
      for (const namespace of namespaces) add(namespace, resource);
    }
  }
  return found;
}

function writeRules(resources: ReadonlySet<Resource>): Rule[] {
  const groups = new Map<string, Set<string>>();
  for (const { apiVersion, plural } of resources) {
    const group = groupOf(apiVersion);
    groups.set(group, (groups.get(group) ?? new Set()).add(plural));
  }
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([group, plurals]) => ({ apiGroups: [group], resources: [...plurals].sort(), verbs: [...WRITE] }));
}

function unique(rules: readonly Rule[]): Rule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

/** The rights as objects: a Role and its binding for each namespace, a ClusterRole and its binding for the rest. */
export function rbacObjects(rights: Rights, name: string, subject: Readonly<Record<string, string>>): KubeObject[] {
  return [...rights].flatMap(([namespace, rules]): KubeObject[] => {
    const prefix = namespace === '' ? 'Cluster' : '';
    const metadata = namespace === '' ? { name } : { name, namespace };
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: `${prefix}Role`, name };
    return [
      { apiVersion, kind: `${prefix}Role`, metadata, rules },
      { apiVersion, kind: `${prefix}RoleBinding`, metadata, roleRef, subjects: [subject] },
    ];
  });
}
