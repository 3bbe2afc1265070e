// Checking an image's signatures against a public key.
import { type KeyObject, createPublicKey } from 'node:crypto';
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import type { Place } from '../registry/exchanges.ts';
import { getManifest } from '../registry/fetch.ts';
import { listReferrers } from '../registry/referrers.ts';
import { type Claim, parsePayload } from './payload.ts';
import { SIGNATURE_TYPE, type StoredSignature, parseSignatures, readSignatures, signatureBytes } from './signatures.ts';
import { isSignedBy } from './signer.ts';

/** A public key out of PEM. Throws OCI_KEY_UNREADABLE. */
export function parsePublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new ToolError('OCI_KEY_UNREADABLE', 'Reading a public key: it is no PEM', {
      cause: error,
      hint: 'Name the file that holds `-----BEGIN PUBLIC KEY-----`.',
    });
  }
}

/**
 * What was signed of an image with the key's private half: one claim at least, each about this digest and, where
 * `reference` (`registry/repository`) is given, under this name.
 * Throws OCI_SIGNATURE_MISSING, OCI_SIGNATURE_INVALID.
 */
export async function verifyImage(options: {
  readonly place: Place;
  readonly digest: Digest;
  readonly publicKey: KeyObject;
  readonly reference?: string;
}): Promise<readonly Claim[]> {
  const { place, digest, publicKey, reference } = options;
  const tagged = await readSignatures(place, digest);
  const signatures = tagged.length > 0 ? tagged : await attachedSignatures(place, digest);
  const doing = `Verifying ${place.transport.endpoint}/${place.repository}@${digest}`;
  if (signatures.length === 0) {
    throw new ToolError('OCI_SIGNATURE_MISSING', `${doing}: it has no signature`, {
      hint: 'Push it with a signing key, or do not use it.',
    });
  }
  const found = signatures.map((signature) => check(signature, { digest, publicKey, reference }));
  const claims = found.filter((result) => typeof result !== 'string');
  if (claims.length > 0) return claims;
  throw new ToolError('OCI_SIGNATURE_INVALID', `${doing}: ${[...new Set(found)].join('; ')}`, {
    hint: 'Do not use this image: it is not what the holder of the key has signed.',
  });
}

/** The claim of a signature that holds, or why it does not. */
function check(
  signature: StoredSignature,
  wanted: { readonly digest: Digest; readonly publicKey: KeyObject; readonly reference: string | undefined },
): Claim | string {
  if (!isSignedBy(wanted.publicKey, signature.payload, signatureBytes(signature))) return 'signed with another key';
  const claim = parsePayload(signature.payload);
  if (claim === undefined) return 'what is signed is no statement about an image';
  if (claim.digest !== wanted.digest) return `signed is ${claim.digest}`;
  if (wanted.reference !== undefined && claim.reference !== wanted.reference) return `signed as ${claim.reference}`;
  return claim;
}

async function attachedSignatures(place: Place, digest: Digest): Promise<StoredSignature[]> {
  const found = await listReferrers(place, digest, SIGNATURE_TYPE);
  const all = await Promise.all(
    found.map(async (referrer) => {
      const manifest = await getManifest(place, referrer.digest);
      return manifest === undefined ? [] : parseSignatures(place, manifest.bytes, referrer.digest);
    }),
  );
  return all.flat();
}
