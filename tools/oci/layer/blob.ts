// One pass from entries to a layer's blob: tar, digest of the tar, compression, digest of the blob.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { type Digest } from '../../lib/digest.ts';
import { type Compression, LAYER_MEDIA_TYPE } from '../image/media_types.ts';
import type { LayerDescriptor } from '../image/model.ts';
import { contentSize, readContent } from './content.ts';
import { type LayerEntry, arrange } from './entries.ts';
import { END_OF_ARCHIVE, encodeHeader, padding } from './tar_header.ts';

const CHUNK_BYTES = 256 * 1024;

export interface WriteLayerOptions {
  readonly entries: readonly LayerEntry[];
  /** The file to write. */
  readonly path: string;
  readonly compression: Compression;
  /** The compressor's level. Default: 3 for zstd, 6 for gzip. */
  readonly level?: number;
  /** The label that made the layer. */
  readonly createdBy: string;
  /** Seconds since 1970, of entries without a time of their own. Default: 0. */
  readonly mtime?: number;
  /** Told of each entry when it is written. Default: nobody is. */
  readonly onEntry?: OnEntry;
}

/** Told of an entry when it is written; `digest` is that of a file's content. */
export type OnEntry = (entry: LayerEntry, digest?: Digest) => void;

/** Writes a layer's blob and returns its descriptor. Throws what {@link arrange} throws. */
export async function writeLayer(options: WriteLayerOptions): Promise<LayerDescriptor> {
  const mtime = options.mtime ?? 0;
  const entries = (await arrange(options.entries)).map((entry) => ({ mtime, ...entry }));
  const tarHash = createHash('sha256');
  const blobHash = createHash('sha256');
  let size = 0;
  const out = await open(options.path, 'w');
  try {
    const sink = async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        blobHash.update(chunk);
        size += chunk.length;
        await out.appendFile(chunk);
      }
    };
    const source = hashed(evenChunks(tarBytes(entries, options.onEntry)), tarHash);
    const compressor = createCompressor(options.compression, options.level);
    if (compressor === undefined) await sink(source);
    else await pipeline(source, compressor, sink);
  } finally {
    await out.close();
  }
  const digest: Digest = `sha256:${blobHash.digest('hex')}`;
  return {
    mediaType: LAYER_MEDIA_TYPE[options.compression],
    digest,
    size,
    diffId: `sha256:${tarHash.digest('hex')}`,
    createdBy: options.createdBy,
  };
}

/** The bytes of a tar archive of entries that are {@link arrange}d. */
export async function* tarBytes(entries: readonly LayerEntry[], onEntry?: OnEntry): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const size = entry.kind === 'file' ? contentSize(entry.content) : 0;
    const target = entry.kind === 'symlink' ? { target: entry.target } : {};
    yield encodeHeader({ ...entry, ...target, type: entry.kind, size });
    if (entry.kind === 'file') {
      const hash = createHash('sha256');
      const content = readContent(entry.content);
      yield* onEntry === undefined ? content : hashed(content, hash);
      yield padding(size);
      onEntry?.(entry, `sha256:${hash.digest('hex')}`);
    } else {
      onEntry?.(entry);
    }
  }
  yield END_OF_ARCHIVE;
}

/** Compressors may put block borders where a write ends, so every write but the last has the same size. */
async function* evenChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const count = Math.min(chunk.length - offset, CHUNK_BYTES - filled);
      chunk.copy(buffer, filled, offset, offset + count);
      filled += count;
      offset += count;
      if (filled === CHUNK_BYTES) {
        yield buffer;
        buffer = Buffer.allocUnsafe(CHUNK_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

// No write may wait in the compressor's buffer, so its mark stays below a chunk: the last write is packed in another way
// where the end is known by then, and whether it is would depend on how busy the machine is.
function createCompressor(compression: Compression, level: number | undefined): Transform | undefined {
  switch (compression) {
    case 'zstd':
      return createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: level ?? 3 },
        chunkSize: CHUNK_BYTES,
      });
    case 'gzip':
      return createGzip({ level: level ?? 6, chunkSize: CHUNK_BYTES });
    case 'none':
      return undefined;
  }
}
