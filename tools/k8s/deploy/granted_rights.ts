// What somebody must have who writes Roles and bindings: an API server lets nobody grant what they do not have. Pure.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
import { type KubeObject, asList, at, groupOf, keyOf, textAt } from '../model/object.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** A rule and where it must hold; an empty namespace is the whole cluster. */
export interface PlacedRule {
  readonly namespace: string;
  readonly rule: Rule;
}

/** Keys of Roles and ClusterRoles. */
export const ROLE = /^(Cluster)?Role\.rbac\.authorization\.k8s\.io\//;

/** The key of the role that a binding binds; undefined for an object that is no binding. */
export function roleKeyOf(binding: KubeObject): string | undefined {
  const { apiVersion, kind, metadata } = binding;
  if (groupOf(apiVersion) !== RBAC || (kind !== 'RoleBinding' && kind !== 'ClusterRoleBinding')) return undefined;
  const [role = '', name = ''] = ['kind', 'name'].map((field) => textAt(binding, 'roleRef', field));
  const place = role === 'Role' && metadata.namespace !== undefined ? { namespace: metadata.namespace } : {};
  return keyOf({ apiVersion, kind: role, metadata: { name, ...place } });
}

/** The rules with which `objects` can be applied as far as they grant rights: those of their Roles, and `bind`. */
export function grantedRules(objects: readonly KubeObject[]): PlacedRule[] {
  const roles = objects.filter((object) => ROLE.test(keyOf(object)));
  const known = new Set(roles.map(keyOf));
  const ofRoles = roles.flatMap((role) => {
    const namespace = role.metadata.namespace ?? '';
    return asList(at(role, 'rules')).map((rule) => ({ namespace, rule: rule as Rule }));
  });
  const ofBindings = objects.flatMap((binding): PlacedRule[] => {
    const key = roleKeyOf(binding);
    // Whoever has all rules of a role may bind it.
    if (key === undefined || known.has(key)) return [];
    const resources = [textAt(binding, 'roleRef', 'kind') === 'Role' ? 'roles' : 'clusterroles'];
    const resourceNames = [textAt(binding, 'roleRef', 'name') ?? ''];
    const rule = { apiGroups: [RBAC], resources, resourceNames, verbs: ['bind'] };
    return [{ namespace: binding.metadata.namespace ?? '', rule }];
  });
  return [...ofRoles, ...ofBindings];
}
