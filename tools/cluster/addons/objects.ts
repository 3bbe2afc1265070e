// The objects that make a bare control plane a usable cluster. Pure.
import type { AddonOptions, AnyObject } from './addon.ts';
import { corednsObjects } from './coredns.ts';
import { localPathObjects } from './local_path.ts';
import { networkPolicyObjects } from './network_policy.ts';

/** The Deployments among the addons: a cluster is usable once they are available. */
export const ADDON_DEPLOYMENTS = [
  { namespace: 'kube-system', name: 'coredns' },
  { namespace: 'local-path-storage', name: 'local-path-provisioner' },
] as const;

/** All addons, in an order in which they can be applied. */
export function addonObjects(options: AddonOptions): readonly AnyObject[] {
  return [
    ...networkPolicyObjects(options),
    ...corednsObjects(options),
    ...localPathObjects(options),
    registryHosting(options.registry),
  ];
}

/** `kube-public/local-registry-hosting`: how tools find the registry of a local cluster (KEP-1755). */
export function registryHosting(registry: AddonOptions['registry']) {
  const quoted = (text: string) => JSON.stringify(text);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'local-registry-hosting', namespace: 'kube-public' },
    data: {
      'localRegistryHosting.v1': [
        `host: ${quoted(registry.endpoint)}`,
        `hostFromContainerRuntime: ${quoted(registry.reference)}`,
        '',
      ].join('\n'),
    },
  };
}
