// The images of a stack: what their digests are, and the one phase that pushes them all.
import { ToolError } from '../../lib/errors.ts';
import { type RegistryState, readClusterState } from '../../lib/state.ts';
import type { OciImage } from '../../oci/index.ts';
import { pinnedReference } from '../model/images.ts';
import type { ImageInput } from '../model/plan_input.ts';
import type { Session } from './session.ts';

/** An image of the stack with its description read. */
interface ReadImage extends ImageInput {
  readonly oci: OciImage;
}

/** The stack's images as they go into manifests. */
export interface StackImages {
  /** Name in the manifest → `registry/repository@digest`. */
  readonly digests: ReadonlyMap<string, string>;
  /** Pushes what registries lack. Throws OCI_* and K8S_REGISTRY_UNKNOWN. */
  push(): Promise<void>;
}

/** Reads the images' digests; the client of registries is loaded only where there are images. */
export async function readImages(session: Session): Promise<StackImages> {
  if (session.images.length === 0) return { digests: new Map(), push: async () => {} };
  const { readImage } = await import('../../oci/index.ts');
  const images = await Promise.all(
    session.images.map(async (input): Promise<ReadImage> => ({
      ...input,
      oci: await readImage(session.resolve(input.image), session.resolve),
    })),
  );
  return {
    digests: new Map(images.map((image) => [image.ref, pinnedReference(image, image.oci.manifest.digest)])),
    push: () => pushAll(images, session),
  };
}

async function pushAll(images: readonly ReadImage[], session: Session): Promise<void> {
  const { pushImages, registryAddress } = await import('../../oci/index.ts');
  const state = await registryState(session);
  const registries = new Map<string, ReadImage[]>();
  for (const image of images) registries.set(image.registry, [...(registries.get(image.registry) ?? []), image]);
  await Promise.all(
    [...registries].map(async ([registry, items]) => {
      const { endpoint, plainHttp } = registryAddress(registry, state);
      await pushImages(
        items.map(({ oci, repository }) => ({ image: oci, repository })),
        { endpoint, plainHttp, registry, log: session.log, signal: session.signal },
      );
    }),
  );
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
