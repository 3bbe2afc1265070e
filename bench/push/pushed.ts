// Whether a registry has what was pushed: it is asked outside of the clock, by no code that pushes.
import { digestOf } from '../../tools/lib/digest.ts';
import { mapLimited } from '../../tools/lib/limit.ts';
import { MANIFEST_MEDIA_TYPES } from '../../tools/oci/image/media_types.ts';
import type { Pusher } from './contenders.ts';
import { type BenchImage, TAG } from './images.ts';

const QUESTIONS_AT_ONCE = 8;
const ANSWERS_WITHIN_MS = 30_000;

/**
 * Whoever did not push all of it is not compared. Manifests are enough: distribution's registry takes none whose blobs it
 * lacks.
 */
export async function checkPushed(pusher: Pusher, images: readonly BenchImage[], endpoint: string): Promise<void> {
  await mapLimited(images, QUESTIONS_AT_ONCE, async (wanted) => {
    const found = await manifestOf(wanted, endpoint);
    const problem = typeof found === 'string' ? found : mistakeIn(found, wanted, pusher);
    if (problem === undefined) return;
    throw new Error(`${pusher.name} has not pushed ${wanted.repository}:${TAG}: the registry has ${problem}`);
  });
}

/** The manifest of an image's tag; or, as text, what is there in its place. */
async function manifestOf({ repository }: BenchImage, endpoint: string): Promise<Buffer | string> {
  const response = await fetch(`http://${endpoint}/v2/${repository}/manifests/${TAG}`, {
    headers: { accept: MANIFEST_MEDIA_TYPES.join(', ') },
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  });
  const body = Buffer.from(await response.arrayBuffer());
  return response.status === 200 ? body : `no manifest, it answers ${response.status} ${body.toString().trim()}`;
}

/** What is wrong with a manifest; undefined: nothing. */
function mistakeIn(manifest: Buffer, { image }: BenchImage, { keepsManifests }: Pusher): string | undefined {
  if (keepsManifests) {
    const digest = digestOf(manifest);
    return digest === image.manifest.digest ? undefined : `the manifest ${digest}, not ${image.manifest.digest}`;
  }
  // The configuration is kept as it is. It names what the layers unpack to, and no two versions of an image have the same.
  const { config, layers } = JSON.parse(manifest.toString()) as DockerManifest;
  if (config?.digest !== image.config.digest)
    return `a manifest with the configuration ${config?.digest}, not ${image.config.digest}`;
  const count = layers?.length;
  return count === image.layers.length ? undefined : `a manifest of ${count} layers, not of ${image.layers.length}`;
}

interface DockerManifest {
  readonly config?: { readonly digest?: string };
  readonly layers?: readonly unknown[];
}
