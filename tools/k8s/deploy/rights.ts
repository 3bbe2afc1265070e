// The least rights with which a stack can be applied, deleted and looked at, as RBAC's objects. Pure.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
import type { Resource } from '../kube/discovery.ts';
import type { Target } from '../kube/objects.ts';
import { type KubeObject, groupOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { podSpecOf } from '../model/pod_spec.ts';
import { parentName } from './applyset.ts';
import { templatesOf } from './claims.ts';
import type { Desired } from './desired.ts';
import { type Rule, grantedRules } from './granted_rights.ts';

/** What must be allowed, by namespace; the rules of the whole cluster have an empty namespace. */
export type Rights = ReadonlyMap<string, readonly Rule[]>;

/** What {@link rightsOf} counts. */
export interface RightsOptions {
  readonly wanted: readonly Desired[];
  readonly sets: readonly LoadedSet[];
  /** Objects that the stack had before: they are pruned, or put back, by their names. */
  readonly former: readonly Target[];
  /** Namespaces that apply makes where they are missing. */
  readonly made: readonly string[];
  /** What guards a personal namespace. */
  readonly guards: readonly Target[];
}

/** The rights that apply, delete, diff, status and rollback need for a stack. */
export function rightsOf({ wanted, sets, former, made, guards }: RightsOptions): Rights {
  const rules = new Map<string, Rule[]>();
  const add = (namespace: string, rule: Rule) => rules.set(namespace, [...(rules.get(namespace) ?? []), rule]);
  const stacks = sets.filter(({ stack }) => stack !== '');
  const namespaces = new Set([
    ...wanted.flatMap(({ object }) => object.metadata.namespace ?? []),
    ...stacks.map(({ namespace }) => namespace),
  ]);
  for (const [namespace, resources] of namesByNamespace([...wanted, ...former], wanted, stacks)) {
    for (const rule of objectRules(resources)) add(namespace, rule);
  }
  for (const { namespace, stack } of stacks) {
    const resourceNames = [parentName(stack)];
    add(namespace, { apiGroups: [''], resources: ['secrets'], verbs: ['create'] });
    add(namespace, { apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['delete', 'get', 'patch'] });
    // What is told of deploys; without these they are not told of, and no deploy fails for it.
    add(namespace, { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] });
    add(namespace, { apiGroups: [''], resources: ['configmaps'], resourceNames, verbs: ['delete', 'get', 'patch'] });
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
    // A delete tells which claims it leaves.
    if (templatesOf(object).length > 0) {
      add(namespace, { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['list'] });
    }
  }
  for (const { namespace, rule } of grantedRules(wanted.map(({ object }) => object))) add(namespace, rule);
  for (const { object, resource } of guards) {
    const namespace = object.metadata.namespace ?? '';
    const rule = { apiGroups: [''], resources: [resource.plural] };
    add(namespace, { ...rule, verbs: ['create'] });
    add(namespace, { ...rule, resourceNames: [object.metadata.name], verbs: ['get', 'patch'] });
  }
  const resourceNames = [...namespaces].sort();
  add('', { apiGroups: [''], resources: ['namespaces'], resourceNames, verbs: ['get'] });
  const missing = made.filter((name) => namespaces.has(name)).sort();
  if (missing.length > 0) {
    add('', { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] });
    add('', { apiGroups: [''], resources: ['namespaces'], resourceNames: missing, verbs: ['patch'] });
  }
  return new Map([...rules].map(([namespace, list]) => [namespace, unique(list)]));
}

/** Resources by their place in RBAC, `apps/deployments`, and the names of the objects that may be touched. */
type Names = Map<string, { readonly resource: Resource; readonly names: Set<string> }>;

/** Members of a set are looked for in all of its namespaces, whatever their kind: there may be none by any name. */
function namesByNamespace(
  targets: readonly Target[],
  wanted: readonly Desired[],
  stacks: readonly LoadedSet[],
): Map<string, Names> {
  const found = new Map<string, Names>();
  const namesOf = (namespace: string, resource: Resource): Set<string> => {
    const names: Names = found.get(namespace) ?? new Map();
    found.set(namespace, names);
    const key = `${groupOf(resource.apiVersion)}/${resource.plural}`;
    const entry = names.get(key) ?? { resource, names: new Set<string>() };
    names.set(key, entry);
    return entry.names;
  };
  for (const { object, resource } of targets)
    namesOf(object.metadata.namespace ?? '', resource).add(object.metadata.name);
  for (const set of stacks) {
    const own = wanted.filter((one) => one.set === set);
    const namespaces = [set.namespace, ...own.flatMap(({ object }) => object.metadata.namespace ?? [])];
    for (const { resource } of own.filter((one) => one.resource.isNamespaced)) {
      for (const namespace of namespaces) namesOf(namespace, resource);
    }
  }
  return found;
}

/**
 * Neither create nor list can be limited by name: at a creation there is no object yet whose name could be asked for.
 * Server-side apply of what is not there asks for patch, by name, and for create.
 */
function objectRules(names: Names): Rule[] {
  const entries = [...names].sort(([a], [b]) => a.localeCompare(b)).map(([, entry]) => entry);
  const groups = [...new Set(entries.map(({ resource }) => groupOf(resource.apiVersion)))];
  return groups.flatMap((group) => {
    const own = entries.filter(({ resource }) => groupOf(resource.apiVersion) === group);
    const [touched, listed] = [own.filter((one) => one.names.size > 0), own.filter((one) => one.names.size === 0)];
    const plurals = (list: typeof own) => list.map(({ resource }) => resource.plural);
    return [
      ...(touched.length > 0 ? [{ apiGroups: [group], resources: plurals(touched), verbs: ['create', 'list'] }] : []),
      ...(listed.length > 0 ? [{ apiGroups: [group], resources: plurals(listed), verbs: ['list'] }] : []),
      ...touched.map(({ resource, names: touchable }) => ({
        ...{ apiGroups: [group], resources: [resource.plural], resourceNames: [...touchable].sort() },
        verbs: ['delete', 'get', 'patch'],
      })),
    ];
  });
}

function unique(rules: readonly Rule[]): Rule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

/** Whose rights they are, and of what. */
export interface RbacOptions {
  /** The stack. */
  readonly stack: string;
  /** Its environment's namespace; empty where it has none. */
  readonly namespace: string;
  readonly subject: Readonly<Record<string, string>>;
}

/** The rights as objects: a Role and its binding for each namespace, a ClusterRole and its binding for the rest. */
export function rbacObjects(rights: Rights, { stack, namespace: home, subject }: RbacOptions): KubeObject[] {
  return [...rights].flatMap(([namespace, rules]): KubeObject[] => {
    const prefix = namespace === '' ? 'Cluster' : '';
    // The same stack of another environment has another ClusterRole.
    const name = ['fathom-deploy', ...(namespace === '' && home !== '' ? [home] : []), stack].join('-');
    const metadata = namespace === '' ? { name } : { name, namespace };
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: `${prefix}Role`, name };
    return [
      { apiVersion, kind: `${prefix}Role`, metadata, rules },
      { apiVersion, kind: `${prefix}RoleBinding`, metadata, roleRef, subjects: [subject] },
    ];
  });
}
