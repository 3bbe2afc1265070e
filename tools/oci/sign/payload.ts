// What is signed: cosign's "simple signing" payload, which binds an image's digest to the name that it was signed under.
// Form: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#payload
import { type Digest, isDigest } from '../../lib/digest.ts';

/** What a signature says. */
export interface Claim {
  /** `registry/repository`. */
  readonly reference: string;
  readonly digest: Digest;
}

const TYPE = 'cosign container image signature';

/** The bytes that are signed. */
export function encodePayload({ reference, digest }: Claim): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: TYPE,
      },
      optional: null,
    }),
  );
}

/** What a payload claims; undefined where it is none. */
export function parsePayload(bytes: Buffer): Claim | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const critical = fieldOf(value, 'critical');
  const digest = fieldOf(fieldOf(critical, 'image'), 'docker-manifest-digest');
  const reference = fieldOf(fieldOf(critical, 'identity'), 'docker-reference');
  if (fieldOf(critical, 'type') !== TYPE || !isDigest(digest) || typeof reference !== 'string') return undefined;
  return { reference, digest };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
