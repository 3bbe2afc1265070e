// What addons have in common: options, labels, images, where they run. Pure.
import type { KubernetesObject } from '@kubernetes/client-node';

/** Options of `addonObjects`. */
export interface AddonOptions {
  /** Address of the DNS service. */
  readonly dnsAddress: string;
  readonly clusterDomain: string;
  /** Who enforces network policies. */
  readonly networkPolicyUser: string;
  readonly images: {
    readonly coredns: AddonImage;
    readonly localPathProvisioner: AddonImage;
    /** Has a shell: makes and deletes the folders of volumes. */
    readonly helper: AddonImage;
  };
  /** Where the registry is, as KEP-1755 announces it. */
  readonly registry: { readonly reference: string; readonly endpoint: string };
}

/** An image that the nodes hold. */
export interface AddonImage {
  readonly reference: string;
  /** Changes when the image does, while the reference may stay. */
  readonly digest: string;
}

/** The annotations of a pod template, so that a changed image starts new pods. */
export function imageAnnotations(image: AddonImage): Readonly<Record<string, string>> {
  return { 'fathom.internal/image': image.digest };
}

/**
 * Tolerations of an addon that has one pod: it runs on any node, and leaves one that is gone after ten seconds instead of
 * five minutes, as names and new volumes are missing until then.
 */
export const MOVES_SOON = [
  { operator: 'Exists', effect: 'NoSchedule' },
  ...['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 10,
  })),
];

/** An object whose further fields depend on its kind. */
export type AnyObject = KubernetesObject & Readonly<Record<string, unknown>>;

/** The labels of an addon's objects. */
export function addonLabels(name: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'fathom' };
}
