// Where the bytes of a blob that is pushed come from: a file, memory, another registry, or Bazel's remote cache.
import { access, stat } from 'node:fs/promises';
import { digestOf, digestOfFile } from '../../lib/digest.ts';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { BlobSource, Descriptor } from '../image/model.ts';
import type { BlobFile } from '../image/oci_image.ts';
import { type Content, readContent } from '../layer/content.ts';
import type { Place } from './exchanges.ts';
import { streamBlob } from './fetch.ts';
import { endpointOf } from './reference.ts';
import { type RemoteCache, openRemoteCache } from './remote_cache.ts';
import { type Transport, createTransport } from './transport.ts';
import type { CredentialSource } from './docker_config.ts';

/** A blob with its bytes in memory. */
export interface BlobBytes extends Descriptor {
  readonly bytes: Buffer;
}

/** A blob that can be sent. */
export type PushBlob = BlobFile | BlobBytes;

export interface BlobReader {
  /** `size` bytes of a blob from an offset on. Throws OCI_SOURCE_CHANGED, OCI_FILE_UNREADABLE and a registry's errors. */
  read(blob: PushBlob, offset: number, size: number): AsyncIterable<Buffer>;
  close(): void;
}

/** Reads blobs; `credentials` are asked for registries that blobs are read from. */
export function createBlobReader(options: {
  readonly signal: AbortSignal;
  readonly credentials: (registry: string) => CredentialSource;
}): BlobReader {
  const transports = new Map<string, Transport>();
  const caches = new Map<string, Promise<RemoteCache>>();
  const cacheOf = (url: string) => {
    const cache = caches.get(url) ?? openRemoteCache(url, { signal: options.signal });
    caches.set(url, cache);
    return cache;
  };
  const placeOf = ({ registry, repository, plainHttp }: BlobSource): Place => {
    const { signal } = options;
    const credentials = options.credentials(registry);
    const transport =
      transports.get(registry) ?? createTransport({ endpoint: endpointOf(registry), plainHttp, signal, credentials });
    transports.set(registry, transport);
    return { transport, repository };
  };
  return {
    read: async function* (blob, offset, size) {
      const content = await contentOf(blob, offset, size);
      if (content !== undefined) yield* readContent(content);
      else if ('path' in blob && blob.source !== undefined) {
        yield* streamBlob(placeOf(blob.source), blob, { offset, size });
      } else if ('path' in blob && blob.remoteCache !== undefined) {
        yield* (await cacheOf(blob.remoteCache)).read({ blob, offset, size });
      }
    },
    close: () => {
      // One that could not be opened has failed a read already.
      for (const cache of caches.values()) void cache.then((open) => open.close()).catch(() => undefined);
      for (const transport of transports.values()) transport.close();
    },
  };
}

/** The part of a blob that is on this machine; undefined: it is in another registry, or in a remote cache. */
async function contentOf(blob: PushBlob, offset: number, size: number): Promise<Content | undefined> {
  if ('bytes' in blob) return [{ bytes: blob.bytes.subarray(offset, offset + size) }];
  const { path, source, remoteCache } = blob;
  try {
    await access(path);
  } catch (error) {
    if (source !== undefined || remoteCache !== undefined) return undefined;
    throw unreadable(path, error);
  }
  return [{ file: path, offset, size }];
}

/** Bytes as a blob. */
export function blobOfBytes(mediaType: string, bytes: Buffer): BlobBytes {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes };
}

/** A file as a blob. Throws OCI_FILE_UNREADABLE. */
export async function blobOfFile(mediaType: string, path: string): Promise<BlobFile> {
  try {
    const [digest, { size }] = await Promise.all([digestOfFile(path), stat(path)]);
    return { mediaType, digest, size, path };
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): ToolError {
  return new ToolError('OCI_FILE_UNREADABLE', `Reading ${path}: ${systemErrorCode(cause) ?? 'it failed'}`, {
    cause,
    hint: 'Build the target again.',
  });
}
