// An image's signatures in a registry: the manifest under the tag `sha256-<hex>.sig`, one layer for each signature.
// Form: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#storage
import { type Digest, digestOf, isDigest } from '../../lib/digest.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { type Descriptor, asArray, asObject, invalid, parseDescriptor } from '../image/model.ts';
import { type BlobBytes, blobOfBytes } from '../registry/blob_source.ts';
import type { Place } from '../registry/exchanges.ts';
import { getBlob, getManifest } from '../registry/fetch.ts';
import type { ArtifactManifest } from '../registry/referrers.ts';
import type { Signature } from './signer.ts';

const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
/** What cosign looks for among an image's referrers. */
export const SIGNATURE_TYPE = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/** A signature in a registry: the payload is a blob, the signature an annotation of its descriptor. */
export interface StoredSignature {
  readonly payload: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `sha256:…` → `sha256-….sig`. */
export function signatureTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** A new signature in the form that is stored. */
export function storedSignature(payload: Buffer, { bytes, certificate, chain, bundle }: Signature): StoredSignature {
  const annotations = {
    [SIGNATURE]: bytes.toString('base64'),
    ...(certificate === undefined ? {} : { 'dev.sigstore.cosign/certificate': certificate }),
    ...(chain === undefined ? {} : { 'dev.sigstore.cosign/chain': chain }),
    ...(bundle === undefined ? {} : { 'dev.sigstore.cosign/bundle': bundle }),
  };
  return { payload, annotations };
}

/** The signature's own bytes. */
export function signatureBytes({ annotations }: StoredSignature): Buffer {
  return Buffer.from(annotations[SIGNATURE] ?? '', 'base64');
}

/** The signatures of an image; each payload is checked against its digest. Throws OCI_DOCUMENT_INVALID. */
export async function readSignatures(place: Place, digest: Digest): Promise<StoredSignature[]> {
  const manifest = await getManifest(place, signatureTag(digest));
  return manifest === undefined ? [] : parseSignatures(place, manifest.bytes, signatureTag(digest));
}

/** The signatures of a manifest that holds some. */
export async function parseSignatures(place: Place, manifest: Buffer, name: string): Promise<StoredSignature[]> {
  const where = `${place.repository}:${name}`;
  let document: unknown;
  try {
    document = JSON.parse(manifest.toString('utf8'));
  } catch {
    throw invalid(where, 'is not JSON');
  }
  const layers = asArray(asObject(document, where)['layers'], `${where}.layers`).map((layer, index) => ({
    descriptor: parseDescriptor(layer, `${where}.layers[${index}]`),
    annotations: (asObject(layer, where)['annotations'] ?? {}) as Readonly<Record<string, string>>,
  }));
  return Promise.all(
    layers
      .filter(({ descriptor, annotations }) => descriptor.mediaType === PAYLOAD_TYPE && SIGNATURE in annotations)
      .map(async ({ descriptor, annotations }) => ({ payload: await getBlob(place, descriptor), annotations })),
  );
}

/** A manifest of signatures. With a subject it is a referrer of the image, without one what the tag names. */
export function signatureManifest(signatures: readonly StoredSignature[], subject?: Descriptor): ArtifactManifest {
  const payloads = signatures.map(({ payload }): BlobBytes => blobOfBytes(PAYLOAD_TYPE, payload));
  const diffIds = payloads.map(({ digest }) => digest).filter(isDigest);
  const document = { architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: diffIds } };
  const config = blobOfBytes(
    subject === undefined ? MEDIA_TYPE.config : SIGNATURE_TYPE,
    Buffer.from(JSON.stringify(document)),
  );
  const named = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      ...(subject === undefined ? {} : { artifactType: SIGNATURE_TYPE }),
      config: named(config),
      layers: payloads.map((payload, index) => ({ ...named(payload), annotations: signatures[index]?.annotations })),
      ...(subject === undefined ? {} : { subject: named(subject) }),
    }),
  );
  const referrer = {
    mediaType: MEDIA_TYPE.manifest,
    digest: digestOf(bytes),
    size: bytes.length,
    artifactType: SIGNATURE_TYPE,
  };
  return { referrer, bytes, blobs: [config, ...payloads] };
}
