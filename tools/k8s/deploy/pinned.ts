// Pinned images: nothing is pushed for them, so they must be where the nodes will look for them.
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { pinnedReference } from '../model/images.ts';
import { pinsTarget } from '../model/pins.ts';
import type { PinnedImage } from '../model/plan_input.ts';
import { registryDown, registryState } from './cluster_registry.ts';
import { registryContext } from './push.ts';
import type { Session } from './session.ts';

const CONCURRENCY = 8;

/** The pinned images of a stack, each once. */
export function pinnedImages({ sets }: Pick<Session, 'sets'>): PinnedImage[] {
  const all = sets.flatMap(({ objects }) => objects).flatMap(({ pinned = [] }) => pinned);
  return [...new Map(all.map((image) => [pinnedReference(image, image.digest), image])).values()];
}

/** The error for a pin whose image the registry does not have (any more). */
export function pinGone(image: PinnedImage, lacks: string, cause?: unknown): ToolError {
  const { commit, environment, file, digest } = image;
  const reference = pinnedReference(image, digest);
  const built =
    commit === undefined ? 'its pin does not say of which commit it was built' : `it was built of commit ${commit}`;
  return new ToolError(
    'K8S_PIN_GONE',
    `Finding ${reference}, pinned for '${environment}' in ${file}: the registry has no ${lacks}; ${built}`,
    {
      hint: `Run \`bazel run ${pinsTarget(file, 'restore')} -- --env=${environment}\`, which builds that commit, checks the digest and pushes it.`,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/**
 * Requires that the registries have the pinned images. A registry of others that cannot be asked is a warning: the
 * nodes may reach it where this machine does not. Throws K8S_PIN_GONE, K8S_REGISTRY_DOWN.
 */
export async function requirePinned(images: readonly PinnedImage[], session: Session): Promise<void> {
  const { RegistryConnectionError, RegistryStatusError, headManifest, openRegistry, registryAddress } =
    await import('../../oci/index.ts');
  const state = await registryState(registryContext(session));
  const { log, signal } = session;
  const registries = Map.groupBy(images, ({ registry }) => registry);
  await Promise.all(
    [...registries].map(async ([registry, own]) => {
      const address = registryAddress(registry, state);
      const transport = openRegistry({ ...address, registry }, { signal });
      try {
        await mapLimited(own, CONCURRENCY, async (image) => {
          const found = await headManifest({ transport, repository: image.repository }, image.digest);
          if (found === undefined) throw pinGone(image, 'such image');
        });
      } catch (error) {
        const isConnection = error instanceof RegistryConnectionError;
        if (isConnection && address.endpoint === state?.endpoint) throw registryDown(error);
        if (!isConnection && !(error instanceof RegistryStatusError)) throw error;
        log.warn(`${error.message}; whether the pinned images are there is not known`);
      } finally {
        transport.close();
      }
    }),
  );
}
