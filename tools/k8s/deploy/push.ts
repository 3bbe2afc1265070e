// The images of a stack: what their digests are, and the one phase that pushes them all.
import { ToolError } from '../../lib/errors.ts';
import { type RegistryState, readClusterState } from '../../lib/state.ts';
import type { StackImage } from './digests.ts';
import type { Session } from './session.ts';

/** The stack's images as they go into manifests. */
export interface StackImages {
  /** Name in the manifest → `registry/repository@digest`. */
  readonly digests: ReadonlyMap<string, string>;
  /** Pushes what registries lack. Throws OCI_* and K8S_REGISTRY_*. */
  push(): Promise<void>;
}

/** Reads the images' digests; the client of registries is loaded only where there are images. */
export async function readImages(session: Session): Promise<StackImages> {
  if (session.images.length === 0) return { digests: new Map(), push: async () => {} };
  const { digestsOf, readStackImages } = await import('./digests.ts');
  const images = await readStackImages(session.images, session.resolve);
  return { digests: digestsOf(images), push: () => pushAll(images, session) };
}

/** Pushes images with their artifacts, those of all registries at once. Throws OCI_* and K8S_REGISTRY_*. */
export async function pushAll(images: readonly StackImage[], session: Session): Promise<void> {
  const state = await registryState(session);
  const registries = new Map<string, StackImage[]>();
  for (const image of images) registries.set(image.registry, [...(registries.get(image.registry) ?? []), image]);
  await Promise.all([...registries].map(([registry, items]) => pushTo(registry, items, { session, state })));
}

interface PushContext {
  readonly session: Session;
  /** The registry of the session's cluster; undefined where it has none of ours. */
  readonly state: RegistryState | undefined;
}

async function pushTo(registry: string, items: readonly StackImage[], { session, state }: PushContext): Promise<void> {
  const { RegistryConnectionError, pushImages, registryAddress } = await import('../../oci/index.ts');
  const { endpoint, plainHttp } = registryAddress(registry, state);
  try {
    await pushImages(
      items.map(({ oci, repository }) => ({ image: oci, repository })),
      { endpoint, plainHttp, registry, log: session.log, signal: session.signal },
    );
  } catch (error) {
    // The registry of a cluster is one of its own workloads: what mends it is known here.
    if (!(error instanceof RegistryConnectionError) || endpoint !== state?.endpoint) throw error;
    throw new ToolError('K8S_REGISTRY_DOWN', error.message, {
      cause: error,
      hint: 'Run `./fathom up`, which starts the cluster where it is down. Where it is up, `bazel run //prod:status` says what is wrong with the registry, and `bazel run //prod:apply` puts it back.',
    });
  }
}

async function registryState(session: Session): Promise<RegistryState | undefined> {
  const { cluster } = session.connection;
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(cluster)) return undefined;
  const state = await readClusterState(cluster, session.env);
  if (state !== undefined && state.registry === undefined) {
    throw new ToolError('K8S_REGISTRY_UNKNOWN', `Pushing images: cluster '${cluster}' has no registry yet`, {
      hint: 'Run `./fathom up`, which ends when the registry answers.',
    });
  }
  return state?.registry;
}
