// The rights that applying stacks takes, as far as they don't depend on the stack: `.rbac` prints those of one. Pure.

/** Something that must be allowed. */
export interface Need {
  readonly group: string;
  /** With a subresource after a slash: `pods/log`. */
  readonly resource: string;
  readonly verb: string;
}

const CHANGE = ['create', 'delete', 'get', 'list', 'patch'];

/** In each namespace that stacks are applied to: objects of the components, and what the engine itself keeps there. */
export const NAMESPACE_NEEDS: readonly Need[] = [
  ...needs('', ['configmaps', 'persistentvolumeclaims', 'secrets', 'serviceaccounts', 'services'], CHANGE),
  ...needs('apps', ['deployments', 'statefulsets'], CHANGE),
  ...needs('batch', ['cronjobs', 'jobs'], CHANGE),
  ...needs('networking.k8s.io', ['networkpolicies'], CHANGE),
  ...needs('policy', ['poddisruptionbudgets'], CHANGE),
  ...needs('coordination.k8s.io', ['leases'], ['create', 'delete', 'get', 'update']),
  ...needs('', ['events', 'pods'], ['list']),
  ...needs('', ['pods/log'], ['get']),
];

/** In the whole cluster, for `//prod:kinds` and for personal namespaces: others may do this for you. */
export const CLUSTER_NEEDS: readonly Need[] = [
  ...needs('', ['namespaces'], ['create', 'get', 'list', 'patch']),
  ...needs('apiextensions.k8s.io', ['customresourcedefinitions'], ['create', 'get', 'list', 'patch']),
];

function needs(group: string, resources: readonly string[], verbs: readonly string[]): readonly Need[] {
  return resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb })));
}

/** Needs as people read them: `create, patch deployments.apps, services; list pods`. */
export function shownNeeds(list: readonly Need[]): string {
  const verbs = groups(
    list,
    ({ group, resource }) => (group === '' ? resource : `${resource}.${group}`),
    ({ verb }) => verb,
  );
  return [
    ...groups(
      [...verbs],
      ([, of]) => of.join(', '),
      ([name]) => name,
    ),
  ]
    .map(([shared, names]) => `${shared} ${names.join(', ')}`)
    .join('; ');
}

function groups<T>(list: readonly T[], keyOf: (one: T) => string, valueOf: (one: T) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of list) found.set(keyOf(one), [...(found.get(keyOf(one)) ?? []), valueOf(one)]);
  return found;
}
