// An image as one tar file in the OCI image layout, which `ctr images import`, skopeo and podman read.
// Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { open } from 'node:fs/promises';
import { tarBytes } from '../layer/blob.ts';
import { type LayerEntry, arrange } from '../layer/entries.ts';
import { MEDIA_TYPE } from './media_types.ts';
import { type OciImage, imageBlobs } from './oci_image.ts';

/**
 * Writes the tar. `names` are full names (`registry/repository:tag` or `…@sha256:…`) under which containerd records
 * the image on import. The same input gives the same bytes.
 */
export async function writeOciLayoutTar(image: OciImage, path: string, names: readonly string[] = []): Promise<void> {
  const out = await open(path, 'w');
  try {
    const entries = await arrange(layoutEntries(image, names));
    for await (const chunk of tarBytes(entries)) await out.appendFile(chunk);
  } finally {
    await out.close();
  }
}

/** The files of the layout; blobs that `isPresent` are left out, for a reader that has them. */
export function layoutEntries(
  image: OciImage,
  names: readonly string[],
  isPresent: (digest: string) => boolean = () => false,
): LayerEntry[] {
  const { digest, size, mediaType } = image.manifest;
  const annotations = names.map((name) => ({
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(name.includes('@') ? '@' : ':') + 1),
  }));
  const manifests =
    annotations.length === 0
      ? [{ mediaType, digest, size }]
      : annotations.map((annotation) => ({ mediaType, digest, size, annotations: annotation }));
  // The manifest is small, and no reader can do without it.
  const all = [image.manifest, ...imageBlobs(image).filter((blob) => !isPresent(blob.digest))];
  // A layer may be in an image twice; a file of the layout is there once.
  const blobs = all.filter(({ digest }, index) => all.findIndex((blob) => blob.digest === digest) === index);
  return [
    text('index.json', JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests })),
    text('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    ...blobs.map((blob): LayerEntry => {
      const blobPath = `blobs/${blob.digest.replace(':', '/')}`;
      const content = [{ file: blob.path, offset: 0, size: blob.size }];
      return { kind: 'file', path: blobPath, mode: 0o644, uid: 0, gid: 0, origin: blob.path, content };
    }),
  ];
}

function text(path: string, value: string): LayerEntry {
  const content = [{ bytes: Buffer.from(value) }];
  return { kind: 'file', path, mode: 0o644, uid: 0, gid: 0, origin: 'the layout', content };
}
