// Signing an image that is in a registry.
import type { Digest } from '../../lib/digest.ts';
import type { Descriptor } from '../image/model.ts';
import type { BlobBytes } from '../registry/blob_source.ts';
import { type Place, headBlob, putManifest } from '../registry/exchanges.ts';
import { attachManifests } from '../registry/referrers.ts';
import { uploadBlob } from '../registry/upload.ts';
import { encodePayload } from './payload.ts';
import { readSignatures, signatureBytes, signatureManifest, signatureTag, storedSignature } from './signatures.ts';
import type { Signer } from './signer.ts';

export interface SignOptions {
  readonly place: Place;
  /** The image's manifest. */
  readonly image: Descriptor;
  /** `registry/repository` as users of the image write it. */
  readonly reference: string;
  readonly signer: Signer;
  readonly signal: AbortSignal;
  /** How long failed requests are repeated, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
}

/**
 * Signs an image, unless this signer has signed it under this name before: beside the signatures that it has, under
 * cosign's tag and as a referrer. False: it was signed. Throws what the transport and the signer throw.
 */
export async function signImage(options: SignOptions): Promise<boolean> {
  const { place, image, reference, signer } = options;
  const payload = encodePayload({ reference, digest: image.digest });
  const known = await readSignatures(place, image.digest);
  const isSigned = known.some(
    (signature) => signature.payload.equals(payload) && signer.isOwn(payload, signatureBytes(signature)),
  );
  if (isSigned) return false;
  const added = storedSignature(payload, await signer.sign(payload));
  const tagged = signatureManifest([...known, added]);
  const attached = signatureManifest([added], image);
  const blobs = new Map([...tagged.blobs, ...attached.blobs].map((blob) => [blob.digest, blob]));
  for (const blob of blobs.values()) if ('bytes' in blob) await upload(blob, options);
  await attachManifests(place, image.digest, [attached]);
  const { mediaType } = tagged.referrer;
  await putManifest(place, { mediaType, bytes: tagged.bytes }, signatureTag(image.digest));
  return true;
}

async function upload(blob: BlobBytes, { place, signal, retryDeadlineMs = 30_000 }: SignOptions): Promise<void> {
  const digest: Digest = blob.digest;
  if (await headBlob(place, digest)) return;
  const read = async function* (offset: number, size: number) {
    yield blob.bytes.subarray(offset, offset + size);
  };
  await uploadBlob(place, blob, { signal, retryDeadlineMs, chunkBytes: Infinity, read });
}
