// The image for this machine, of a built index.
import { invalid } from './model.ts';
import type { OciImage, OciImageIndex } from './oci_image.ts';
import { choosePlatform } from './platform.ts';
import { readJson } from './read_json.ts';

/** Go's names of node's processors, where they differ. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The platform of the images that run on this machine: `linux/amd64`. */
export function machinePlatform(architecture: string = process.arch): string {
  return `linux/${ARCHITECTURES[architecture] ?? architecture}`;
}

/** The image itself, or the one of an index that is for `platform`. Throws OCI_PLATFORM_MISSING. */
export async function imageForPlatform(image: OciImage | OciImageIndex, platform: string): Promise<OciImage> {
  if (!('images' in image)) return image;
  const { path } = image.manifest;
  const { digest } = choosePlatform(await readJson(path), platform, image.repository);
  const found = image.images.find(({ manifest }) => manifest.digest === digest);
  if (found === undefined) throw invalid(path, `names ${digest}, which is none of its images`);
  return found;
}
