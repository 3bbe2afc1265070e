// What other tools may use of tools/oci: images as the build made them, and the way to a registry.
export { type Descriptor } from './image/model.ts';
export {
  type ArtifactFile,
  type BlobFile,
  type OciImage,
  type OciImageIndex,
  imageBlobs,
  imageDigest,
  parseImage,
  readImage,
  readImageOrIndex,
} from './image/oci_image.ts';
export { type CopyOptions, type CopyReport, copyImages, missingParts } from './registry/copy.ts';
export { type CredentialSource, type Credentials, dockerCredentials } from './registry/docker_config.ts';
export { registryAddress } from './registry/address_of.ts';
export { RegistryConnectionError, RegistryStatusError } from './registry/errors.ts';
export {
  type ManifestBytes,
  type Place,
  deleteManifest,
  headManifest,
  isReadOnly,
  putManifest,
} from './registry/exchanges.ts';
export { type RegistryAddress, openRegistry } from './registry/open.ts';
export { type PushItem, type PushOptions, type PushReport, pushImages } from './registry/push.ts';
export { type Reference, checkRepository, parseReference } from './registry/reference.ts';
export { type Referrer, fetchArtifact, listReferrers } from './registry/referrers.ts';
export { type Transport, createTransport } from './registry/transport.ts';
