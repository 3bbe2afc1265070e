// The exchanges of the distribution specification, one function each, named for the protocol's step.
// Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { MANIFEST_MEDIA_TYPES } from '../image/media_types.ts';
import { RegistryStatusError, isAnswer } from './errors.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** Where a blob or manifest is asked for. */
export interface Place {
  readonly transport: Transport;
  readonly repository: string;
}

/** A manifest's bytes as they go over the wire. */
export interface ManifestBytes {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** An open upload. */
export interface UploadSession {
  /** Where the next bytes go. */
  readonly url: URL;
  /** The bytes that the registry has. */
  readonly offset: number;
  /** Chunks but the last must not be smaller, in bytes. */
  readonly minChunkBytes: number;
}

/** Bytes of a blob that are sent. */
export interface BlobRange {
  readonly digest: Digest;
  readonly offset: number;
  readonly size: number;
  readonly read: () => AsyncIterable<Buffer>;
}

/** What a registry may need to close an upload: some copy the whole blob then, in a store of objects. */
const COMPLETE_MS = 300_000;

const OCTETS = { 'content-type': 'application/octet-stream' };

/** The digest of the manifest that a tag or digest names, or undefined where the registry has none. */
export async function headManifest({ transport, repository }: Place, reference: string): Promise<string | undefined> {
  const response = await transport.send({
    doing: `Asking ${transport.endpoint} for ${nameOf(repository, reference)}`,
    method: 'HEAD',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: MANIFEST_MEDIA_TYPES.join(', ') },
    scopes: pullScopes(repository),
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
    scopes: pushScopes(repository),
    allowed: [200, 404],
  });
  return response.status === 200;
}

/** Makes a blob of another repository of the same registry this one's as well. */
export async function mountBlob(
  place: Place,
  digest: Digest,
  from: string,
): Promise<'mounted' | UploadSession | undefined> {
  const { transport, repository } = place;
  const doing = `Mounting blob ${digest} of ${from} in ${transport.endpoint}/${repository}`;
  try {
    const response = await transport.send({
      doing,
      method: 'POST',
      url: `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`,
      scopes: [...pushScopes(repository), ...pullScopes(from)],
      bodySize: 0,
      allowed: [201, 202],
    });
    // 202: it opened an upload instead.
    return response.status === 201 ? 'mounted' : sessionOf(response, doing);
  } catch (error) {
    // Who may not read the other repository may still write to this one.
    if (isAnswer(error, [401, 403, 404, 405])) return undefined;
    throw error;
  }
}

/** Opens an upload. One try: an upload is repeated as a whole. */
export async function initiateUpload({ transport, repository }: Place): Promise<UploadSession> {
  const doing = `Opening an upload to ${transport.endpoint}/${repository}`;
  const response = await transport.send({
    doing,
    method: 'POST',
    url: `/v2/${repository}/blobs/uploads/`,
    scopes: pushScopes(repository),
    bodySize: 0,
    allowed: [202],
    isRepeatable: false,
  });
  return sessionOf(response, doing);
}

/** Asks how much of an upload the registry has. Undefined: it does not know the upload any more, or can't tell. */
export async function askUpload(place: Place, session: UploadSession): Promise<UploadSession | undefined> {
  const { transport, repository } = place;
  try {
    const response = await transport.send({
      doing: `Asking ${transport.endpoint}/${repository} how far an upload is`,
      method: 'GET',
      url: session.url,
      scopes: pushScopes(repository),
      allowed: [204],
    });
    return { ...session, url: response.location ?? session.url, offset: offsetOf(response) ?? 0 };
  } catch (error) {
    if (error instanceof RegistryStatusError && error.status < 500 && error.status !== 429) return undefined;
    throw error;
  }
}

/** Sends a part of a blob. One try: what came of it must be asked for. */
export async function sendChunk(place: Place, session: UploadSession, range: BlobRange): Promise<UploadSession> {
  const { transport, repository } = place;
  const end = range.offset + range.size;
  const response = await transport.send({
    doing: `Pushing bytes ${range.offset} to ${end} of blob ${range.digest} to ${transport.endpoint}/${repository}`,
    method: 'PATCH',
    url: session.url,
    headers: { ...OCTETS, 'content-range': `${range.offset}-${end - 1}` },
    scopes: pushScopes(repository),
    bodySize: range.size,
    body: range.read,
    // 204 and 201: older registries.
    allowed: [202, 201, 204],
    isRepeatable: false,
  });
  return { ...session, url: response.location ?? session.url, offset: offsetOf(response) ?? end };
}

/** Closes an upload with the last of its bytes (none: size 0). One try: the upload is spent afterwards. */
export async function completeUpload(place: Place, session: UploadSession, range: BlobRange): Promise<void> {
  const url = new URL(session.url);
  url.searchParams.set('digest', range.digest);
  await place.transport.send({
    doing: `Pushing blob ${range.digest} to ${place.transport.endpoint}/${place.repository}`,
    method: 'PUT',
    url,
    headers: OCTETS,
    scopes: pushScopes(place.repository),
    bodySize: range.size,
    ...(range.size === 0 ? {} : { body: range.read }),
    answerMs: COMPLETE_MS,
    allowed: [201],
    isRepeatable: false,
  });
}

/**
 * Writes a manifest under a tag or under its digest. All that it names must be there. True: the registry has taken
 * note of its subject, so that it is listed among that one's referrers.
 */
export async function putManifest(place: Place, manifest: ManifestBytes, reference: string): Promise<boolean> {
  const { transport, repository } = place;
  const { bytes, mediaType } = manifest;
  const response = await transport.send({
    doing: `Pushing manifest ${nameOf(repository, reference)} to ${transport.endpoint}`,
    method: 'PUT',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { 'content-type': mediaType },
    scopes: pushScopes(repository),
    bodySize: bytes.length,
    body: async function* () {
      yield bytes;
    },
    allowed: [201],
  });
  return response.headers['oci-subject'] !== undefined;
}

/** Takes a manifest away, with the tags that name it; false: there was none. Its blobs stay. */
export async function deleteManifest({ transport, repository }: Place, digest: Digest): Promise<boolean> {
  const response = await transport.send({
    doing: `Deleting ${nameOf(repository, digest)} in ${transport.endpoint}`,
    method: 'DELETE',
    url: `/v2/${repository}/manifests/${digest}`,
    scopes: [`repository:${repository}:delete`],
    allowed: [202, 404],
  });
  return response.status === 202;
}

/** Whether the registry takes nothing now: it refuses to open an upload, which is not left open. */
export async function isReadOnly(place: Place): Promise<boolean> {
  const { transport, repository } = place;
  try {
    const { url } = await initiateUpload(place);
    const doing = `Closing an upload to ${transport.endpoint}/${repository}`;
    await transport.send({ doing, method: 'DELETE', url, scopes: pushScopes(repository), allowed: [204, 404] });
    return false;
  } catch (error) {
    if (isAnswer(error, [405])) return true;
    throw error;
  }
}

/** What reading a repository takes. */
export function pullScopes(repository: string): string[] {
  return [`repository:${repository}:pull`];
}

function pushScopes(repository: string): string[] {
  return [`repository:${repository}:pull,push`];
}

function sessionOf(response: RegistryResponse, doing: string): UploadSession {
  const { location } = response;
  if (location === undefined) {
    throw new ToolError('OCI_PROTOCOL', `${doing}: the answer ${response.status} has no Location`, {
      hint: 'Check that the address is that of an OCI registry.',
    });
  }
  const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
  return { url: location, offset: 0, minChunkBytes: Number.isSafeInteger(least) && least > 0 ? least : 0 };
}

/** `Range: 0-99` is 100 bytes; `0-0` is none (or one: nothing is lost by sending it again). */
function offsetOf(response: RegistryResponse): number | undefined {
  const { range } = response.headers;
  const end = /^(?:bytes=)?0-(\d{1,15})$/.exec(typeof range === 'string' ? range : '')?.[1];
  if (end === undefined) return undefined;
  return end === '0' ? 0 : Number(end) + 1;
}

/** `repository:tag` or `repository@digest`. */
export function nameOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}
