// The exchanges of the distribution specification that a push needs, one function each, named for the protocol's step.
// Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
import { readFile } from 'node:fs/promises';
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import type { BlobFile } from '../image/oci_image.ts';
import { readContent } from '../layer/content.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** Where a blob or manifest is asked for. */
export interface Place {
  readonly transport: Transport;
  readonly repository: string;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** The digest of the manifest that a tag or digest names, or undefined where the registry has none. */
export async function headManifest({ transport, repository }: Place, reference: string): Promise<string | undefined> {
  const response = await transport.send({
    doing: `Asking ${transport.endpoint} for ${nameOf(repository, reference)}`,
    method: 'HEAD',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: MANIFEST_TYPES },
    allowed: [200, 404],
  });
  if (response.status === 404) return undefined;
  const digest = response.headers['docker-content-digest'];
  return typeof digest === 'string' ? digest : reference;
}

/** Whether the repository has a blob. */
export async function headBlob({ transport, repository }: Place, digest: Digest): Promise<boolean> {
  const response = await transport.send({
    doing: `Asking ${transport.endpoint}/${repository} for blob ${digest}`,
    method: 'HEAD',
    url: `/v2/${repository}/blobs/${digest}`,
    allowed: [200, 404],
  });
  return response.status === 200;
}

/** Makes a blob of another repository of the same registry this one's as well. False: the registry did not. */
export async function mountBlob({ transport, repository }: Place, digest: Digest, from: string): Promise<boolean> {
  const response = await transport.send({
    doing: `Mounting blob ${digest} of ${from} in ${transport.endpoint}/${repository}`,
    method: 'POST',
    url: `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`,
    bodySize: 0,
    // 202: it opened an upload instead. The session is not used: the registry drops it in time.
    allowed: [201, 202],
  });
  return response.status === 201;
}

/** Opens an upload and returns where to send the bytes. One try: an upload is repeated as a whole. */
export async function initiateUpload({ transport, repository }: Place): Promise<URL> {
  const doing = `Opening an upload to ${transport.endpoint}/${repository}`;
  const url = `/v2/${repository}/blobs/uploads/`;
  return locationOf(
    await transport.send({ doing, method: 'POST', url, bodySize: 0, allowed: [202], isRepeatable: false }),
    doing,
  );
}

/** Sends a blob's bytes to an open upload, and closes it. One try: the upload is spent afterwards. */
export async function streamBlob(
  place: Place,
  upload: URL,
  blob: BlobFile,
  onBytes: (n: number) => void,
): Promise<void> {
  const url = new URL(upload);
  url.searchParams.set('digest', blob.digest);
  await place.transport.send({
    doing: `Pushing blob ${blob.digest} to ${place.transport.endpoint}/${place.repository}`,
    method: 'PUT',
    url,
    headers: { 'content-type': 'application/octet-stream' },
    bodySize: blob.size,
    body: () => counted(blob, onBytes),
    allowed: [201],
    isRepeatable: false,
  });
}

/** Writes a manifest under a tag or under its digest. All its blobs must be there. */
export async function putManifest(place: Place, manifest: BlobFile, reference: string): Promise<void> {
  const { transport, repository } = place;
  const bytes = await readFile(manifest.path);
  await transport.send({
    doing: `Pushing manifest ${nameOf(repository, reference)} to ${transport.endpoint}`,
    method: 'PUT',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { 'content-type': manifest.mediaType },
    bodySize: bytes.length,
    body: async function* () {
      yield bytes;
    },
    allowed: [201],
  });
}

async function* counted(blob: BlobFile, onBytes: (n: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of readContent([{ file: blob.path, offset: 0, size: blob.size }])) {
    yield chunk;
    onBytes(chunk.length);
  }
}

function locationOf(response: RegistryResponse, doing: string): URL {
  if (response.location !== undefined) return response.location;
  throw new ToolError('OCI_PROTOCOL', `${doing}: the answer ${response.status} has no Location`, {
    hint: 'Check that the address is that of an OCI registry.',
  });
}

function nameOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}
