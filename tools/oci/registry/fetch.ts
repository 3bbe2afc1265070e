// Reading from a registry; nothing is handed on whose bytes are not those of its digest.
// Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull
import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, digestOf, isDigest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { MANIFEST_MEDIA_TYPES } from '../image/media_types.ts';
import type { Descriptor } from '../image/model.ts';
import { retryReason } from './errors.ts';
import { type ManifestBytes, type Place, nameOf, pullScopes } from './exchanges.ts';
import { partOf } from './part_of.ts';

/** A manifest and the digest of its bytes. */
export interface FetchedManifest extends ManifestBytes {
  readonly digest: Digest;
}

/**
 * A manifest or index by tag or digest; undefined: there is none. Throws OCI_DIGEST_MISMATCH where it is asked for by
 * digest and something else comes.
 */
export async function getManifest(place: Place, reference: string): Promise<FetchedManifest | undefined> {
  const { transport, repository } = place;
  const response = await transport.send({
    doing: `Reading ${transport.endpoint}/${nameOf(repository, reference)}`,
    method: 'GET',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: MANIFEST_MEDIA_TYPES.join(', ') },
    scopes: pullScopes(repository),
    allowed: [200, 404],
  });
  if (response.status === 404) return undefined;
  const digest = digestOf(response.body);
  if (isDigest(reference) && digest !== reference) throw mismatch(place, reference, digest);
  const mediaType = response.headers['content-type'];
  return { bytes: response.body, digest, mediaType: typeof mediaType === 'string' ? mediaType : '' };
}

/** A small blob. Throws OCI_DIGEST_MISMATCH, and OCI_NOT_FOUND where there is none. */
export async function getBlob(place: Place, blob: Descriptor): Promise<Buffer> {
  const { body } = await place.transport.send({ ...blobRequest(place, blob), allowed: [200] });
  const digest = digestOf(body);
  if (digest !== blob.digest) throw mismatch(place, blob.digest, digest);
  return body;
}

/**
 * `size` bytes of a blob from an offset on, as they come. One try; the bytes are not checked: whoever takes them knows
 * the digest.
 */
export async function* streamBlob(
  place: Place,
  blob: Descriptor,
  range: { readonly offset: number; readonly size: number },
): AsyncGenerator<Buffer> {
  const { offset, size } = range;
  if (size === 0) return;
  const pass = new PassThrough();
  const isWhole = offset === 0 && size === blob.size;
  const request = place.transport.send({
    ...blobRequest(place, blob),
    ...(isWhole ? {} : { headers: { range: `bytes=${offset}-${offset + size - 1}` } }),
    allowed: [200, 206],
    isRepeatable: false,
    // 200: the whole blob, whatever was asked for.
    receive: (chunks, status) => pipeline(partOf(chunks, status === 206 ? 0 : offset, size), pass),
  });
  const failure = request.then(
    () => undefined,
    (error: Error) => {
      pass.destroy(error);
      return error;
    },
  );
  try {
    yield* pass as AsyncIterable<Buffer>;
  } finally {
    pass.destroy();
    await failure;
  }
}

/**
 * Downloads a blob into a file, which appears when it is complete and has the right digest. A broken download goes on
 * where it broke. Throws OCI_DIGEST_MISMATCH and what the transport throws.
 */
export async function downloadBlob(
  place: Place,
  blob: Descriptor,
  options: { readonly path: string; readonly signal: AbortSignal; readonly onPosition?: (bytes: number) => void },
): Promise<void> {
  const { path, signal } = options;
  const draft = `${path}.part`;
  const file = await open(draft, 'w');
  const hash = createHash('sha256');
  let offset = 0;
  try {
    await retry(
      async () => {
        for await (const chunk of streamBlob(place, blob, { offset, size: blob.size - offset })) {
          await file.appendFile(chunk);
          hash.update(chunk);
          offset += chunk.length;
          options.onPosition?.(offset);
        }
        if (offset < blob.size) throw mismatch(place, blob.digest, `${offset} of ${blob.size} bytes`);
      },
      { signal, reason: retryReason, deadlineMs: Infinity },
    );
  } finally {
    await file.close();
  }
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== blob.digest) throw mismatch(place, blob.digest, digest);
  await rename(draft, path);
}

function blobRequest({ transport, repository }: Place, blob: Descriptor) {
  return {
    doing: `Reading blob ${blob.digest} of ${transport.endpoint}/${repository}`,
    method: 'GET',
    url: `/v2/${repository}/blobs/${blob.digest}`,
    scopes: pullScopes(repository),
  } as const;
}

function mismatch({ transport, repository }: Place, expected: string, found: string): ToolError {
  return new ToolError(
    'OCI_DIGEST_MISMATCH',
    `Reading ${transport.endpoint}/${repository}@${expected}: the registry sends ${found}`,
    { hint: 'Do not use this registry: what it has was changed or is broken. Push the image again.' },
  );
}
