// The cluster of `./fathom`.

export const CLUSTER = 'fathom';
/** The registry's name in manifests (cluster_constants.bzl). */
export const REGISTRY = 'registry.fathom.internal';
