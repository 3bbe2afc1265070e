// Caches that speak the Remote Execution API: a blob is read through google.bytestream.ByteStream.
// https://github.com/bazelbuild/remote-apis/blob/main/build/bazel/remote/execution/v2/remote_execution.proto
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, Metadata, type ServiceError, credentials, status } from '@grpc/grpc-js';
import { CacheFailure, lacksBlob } from './cache_errors.ts';
import { partOf, watched } from './part_of.ts';
import type { BlobRange, CacheOptions, RemoteCache } from './remote_cache.ts';

/** Answers after which another try may help. */
const TEMPORARY: ReadonlySet<number> = new Set([
  status.ABORTED,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
  status.UNAVAILABLE,
]);

const READ = '/google.bytestream.ByteStream/Read';

interface ReadRequest {
  readonly resourceName: string;
  readonly offset: number;
}

/** Opens a channel; it connects when something is read. */
export function openGrpcCache(options: CacheOptions): RemoteCache {
  const { address } = options;
  const channel = address.isTls ? credentials.createSsl() : credentials.createInsecure();
  // A blob comes in messages of the cache's own size.
  const client = new Client(address.authority, channel, { 'grpc.max_receive_message_length': -1 });
  return { read: (range) => read(client, range, options), close: () => client.close() };
}

async function* read(client: Client, range: BlobRange, options: CacheOptions): AsyncGenerator<Buffer> {
  const { blob, offset, size } = range;
  if (size === 0) return;
  const { address, headers, signal, idleMs } = options;
  const what = { digest: blob.digest, cache: address.text };
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.set(name, value);
  const instance = address.path === '' ? '' : `${address.path}/`;
  const resourceName = `${instance}blobs/${blob.digest.replace(/^sha256:/, '')}/${blob.size}`;
  // No limit: bazel-remote takes the end of one for an error. What is not needed is cancelled.
  const request = { resourceName, offset };
  const call = client.makeServerStreamRequest(READ, encodeRequest, decodeResponse, request, metadata);
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    call.cancel();
  }, idleMs);
  const onAbort = () => call.cancel();
  signal.addEventListener('abort', onAbort);
  try {
    yield* partOf(
      watched(call, () => timer.refresh()),
      0,
      size,
    );
  } catch (error) {
    signal.throwIfAborted();
    if ((error as ServiceError).code === status.NOT_FOUND) throw lacksBlob(what);
    const { code, details } = error as ServiceError;
    const problem = isSilent ? `no byte for ${idleMs / 1000} s` : `${status[code] ?? code}: ${details}`;
    throw new CacheFailure(what, { problem, isTemporary: isSilent || TEMPORARY.has(code), cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    call.cancel();
  }
}

/** ReadRequest: resource_name = 1, read_offset = 2. */
function encodeRequest({ resourceName, offset }: ReadRequest): Buffer {
  const writer = new BinaryWriter();
  writer.uint32(10).string(resourceName).uint32(16).int64(offset);
  return Buffer.from(writer.finish());
}

/** ReadResponse: data = 10. */
function decodeResponse(bytes: Buffer): Buffer {
  const reader = new BinaryReader(bytes);
  const parts: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 10) parts.push(reader.bytes());
    else reader.skip(wireType);
  }
  return Buffer.concat(parts);
}
