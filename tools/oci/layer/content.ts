// A file's content as pieces that are read only when the layer is written: a layer of any size takes little memory.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';

/** Bytes in memory, or a range of a file on disk. */
export type Piece =
  { readonly bytes: Buffer } | { readonly file: string; readonly offset: number; readonly size: number };

export type Content = readonly Piece[];

const CHUNK_BYTES = 256 * 1024;

/** The number of bytes of a content. */
export function contentSize(content: Content): number {
  return content.reduce((sum, piece) => sum + ('bytes' in piece ? piece.bytes.length : piece.size), 0);
}

/**
 * The bytes of a content, in chunks whose borders depend on nothing but the content. The caller may keep a chunk.
 * Throws OCI_SOURCE_CHANGED where a file is shorter than it was.
 */
export async function* readContent(content: Content): AsyncGenerator<Buffer> {
  for (const piece of content) {
    if ('bytes' in piece) {
      if (piece.bytes.length > 0) yield piece.bytes;
    } else {
      yield* readRange(piece.file, piece.offset, piece.size);
    }
  }
}

/** The sha256 of a content's bytes, in hex. Throws what {@link readContent} throws. */
export async function contentHash(content: Content): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readContent(content)) hash.update(chunk);
  return hash.digest('hex');
}

async function* readRange(file: string, offset: number, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  const handle = await open(file, 'r');
  try {
    for (let done = 0; done < size;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - done));
      for (let filled = 0; filled < chunk.length;) {
        const { bytesRead } = await handle.read(chunk, filled, chunk.length - filled, offset + done + filled);
        if (bytesRead === 0) {
          throw new ToolError('OCI_SOURCE_CHANGED', `Reading ${file}: it ends before byte ${offset + size}`, {
            hint: 'Build again, and let nothing write to the file meanwhile.',
          });
        }
        filled += bytesRead;
      }
      done += chunk.length;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}
