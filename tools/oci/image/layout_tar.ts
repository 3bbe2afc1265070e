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
  const { digest, size, mediaType } = image.manifest;
  const annotations = names.map((name) => ({
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(name.includes('@') ? '@' : ':') + 1),
  }));
  const manifests =
    annotations.length === 0
      ? [{ mediaType, digest, size }]
      : annotations.map((annotation) => ({ mediaType, digest, size, annotations: annotation }));
  const entries = [
    text('index.json', JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests })),
    text('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    ...[image.manifest, ...imageBlobs(image)].map((blob): LayerEntry => {
      const blobPath = `blobs/${blob.digest.replace(':', '/')}`;
      const content = [{ file: blob.path, offset: 0, size: blob.size }];
      return { kind: 'file', path: blobPath, mode: 0o644, uid: 0, gid: 0, origin: blob.path, content };
    }),
  ];
  const out = await open(path, 'w');
  try {
    for await (const chunk of tarBytes(arrange(entries))) await out.appendFile(chunk);
  } finally {
    await out.close();
  }
}

function text(path: string, value: string): LayerEntry {
  const content = [{ bytes: Buffer.from(value) }];
  return { kind: 'file', path, mode: 0o644, uid: 0, gid: 0, origin: 'the layout', content };
}
