// The bills of materials of images, by which a pin says what is in what it pins.
import { readFile } from 'node:fs/promises';
import { digestOfFile } from '../../lib/digest.ts';
import type { OciImage, OciImageIndex } from '../../oci/index.ts';
import { textAt } from '../model/object.ts';
import type { Pin } from '../model/pins.ts';

const SBOM_TYPE = 'application/spdx+json';

/** The digest of an image's bill of materials; of an index, platform → digest. */
export async function sbomOf(image: OciImage | OciImageIndex): Promise<Pin['sbom']> {
  if (!('images' in image)) {
    const document = image.artifacts?.find(({ artifactType }) => artifactType === SBOM_TYPE);
    return document === undefined ? undefined : digestOfFile(document.path);
  }
  const entries = await Promise.all(
    image.images.map(async (one) => [await platformOf(one), await sbomOf(one)] as const),
  );
  const known = entries.flatMap(([platform, digest]) =>
    typeof digest === 'string' ? [[platform, digest] as const] : [],
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

async function platformOf({ config }: OciImage): Promise<string> {
  const value: unknown = JSON.parse(await readFile(config.path, 'utf8'));
  const parts = ['os', 'architecture', 'variant'].map((field) => textAt(value, field) ?? '');
  return parts.filter((part) => part !== '').join('/');
}
