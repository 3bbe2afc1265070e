// Who signs. A key is one way; a signer that gets a certificate for an identity (keyless) is another implementation.
import { type KeyObject, createPublicKey, sign, verify } from 'node:crypto';

/** A signature, and what proves whose it is. */
export interface Signature {
  /** Over the payload; of ECDSA in DER. */
  readonly bytes: Buffer;
  /** PEM: the certificate of the key, of a keyless signer. Default: none. */
  readonly certificate?: string;
  /** PEM: the certificates above it. Default: none. */
  readonly chain?: string;
  /** JSON: the transparency log's proof. Default: none. */
  readonly bundle?: string;
}

export interface Signer {
  sign(payload: Buffer): Promise<Signature>;
  /** Whether a signature is this signer's, so that nothing need be signed again. */
  isOwn(payload: Buffer, signature: Buffer): boolean;
}

/** Signs with a private key: ECDSA (cosign's), RSA or Ed25519. */
export function keySigner(key: KeyObject): Signer {
  const publicKey = createPublicKey(key);
  return {
    sign: (payload) => Promise.resolve({ bytes: sign(hashOf(key), payload, key) }),
    isOwn: (payload, signature) => isSignedBy(publicKey, payload, signature),
  };
}

/** Whether `signature` over `payload` was made with the key that belongs to `publicKey`. */
export function isSignedBy(publicKey: KeyObject, payload: Buffer, signature: Buffer): boolean {
  return verify(hashOf(publicKey), payload, publicKey, signature);
}

/** Ed25519 hashes by itself. */
function hashOf(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ed25519' ? undefined : 'sha256';
}
