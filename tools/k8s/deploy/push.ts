// The images of a stack: what their digests are, and the one phase that pushes them all.
import type { RegistryState } from '../../lib/state.ts';
import { type RegistryContext, registryDown, registryState } from './cluster_registry.ts';
import type { StackImage } from './digests.ts';
import type { Session } from './session.ts';

/** The stack's images as they go into manifests. */
export interface StackImages {
  /** `imageKey` → `registry/repository@digest`. */
  readonly digests: ReadonlyMap<string, string>;
  /** Pushes what registries lack. Throws OCI_* and K8S_REGISTRY_*. */
  push(): Promise<void>;
}

/** Reads the images' digests; the client of registries is loaded only where there are images. */
export async function readImages(session: Session): Promise<StackImages> {
  if (session.images.length === 0) return { digests: new Map(), push: async () => {} };
  const { digestsOf, readStackImages } = await import('./digests.ts');
  const images = await readStackImages(session.images, session.resolve);
  return { digests: digestsOf(images), push: () => pushAll(images, registryContext(session)) };
}

/** What a session's images are pushed with. */
export function registryContext({ connection: { cluster }, env, log, signal }: Session): RegistryContext {
  return { cluster, env, log, signal };
}

/** Pushes images with their artifacts, those of all registries at once. Throws OCI_* and K8S_REGISTRY_*. */
export async function pushAll(images: readonly StackImage[], context: RegistryContext): Promise<void> {
  const state = await registryState(context);
  const registries = new Map<string, StackImage[]>();
  for (const image of images) registries.set(image.registry, [...(registries.get(image.registry) ?? []), image]);
  await Promise.all([...registries].map(([registry, items]) => pushTo(registry, items, { ...context, state })));
}

interface PushContext extends RegistryContext {
  /** The registry of the cluster; undefined where it has none of ours. */
  readonly state: RegistryState | undefined;
}

async function pushTo(registry: string, items: readonly StackImage[], context: PushContext): Promise<void> {
  const { RegistryConnectionError, pushImages, registryAddress } = await import('../../oci/index.ts');
  const { state, log, signal } = context;
  const { endpoint, plainHttp } = registryAddress(registry, state);
  try {
    await pushImages(
      items.map(({ oci, repository }) => ({ image: oci, repository })),
      { endpoint, plainHttp, registry, log, signal },
    );
  } catch (error) {
    if (error instanceof RegistryConnectionError && endpoint === state?.endpoint) throw registryDown(error);
    throw error;
  }
}
