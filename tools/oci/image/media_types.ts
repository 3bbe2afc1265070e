// The media types that this toolkit writes, by the OCI image specification 1.1 (media-types.md).

export const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** How a layer's tar is compressed. */
export type Compression = 'zstd' | 'gzip' | 'none';

/** The media type of a layer by its compression. */
export const LAYER_MEDIA_TYPE: Readonly<Record<Compression, string>> = {
  zstd: MEDIA_TYPE.layerZstd,
  gzip: MEDIA_TYPE.layerGzip,
  none: MEDIA_TYPE.layer,
};

/** What a registry may answer when it is asked for a manifest: OCI's types and Docker's. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [
  MEDIA_TYPE.manifest,
  MEDIA_TYPE.index,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
