// What the nodes' enforcers of network policies may read. They run on the nodes themselves (tools/cluster/policy).
import { addonLabels, type AddonOptions, type AnyObject } from './addon.ts';

const NAME = 'fathom:network-policy';

/** The rights of the enforcers' user. */
export function networkPolicyObjects({ networkPolicyUser }: AddonOptions): readonly AnyObject[] {
  const metadata = { name: NAME, labels: addonLabels('network-policy') };
  const reading = ['list', 'watch'];
  const rbac = 'rbac.authorization.k8s.io';
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: reading },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: reading },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'User', apiGroup: rbac, name: networkPolicyUser }],
    },
  ];
}
