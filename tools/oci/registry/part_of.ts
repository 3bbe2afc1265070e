// Parts of streams: of sources that send the whole whatever was asked for, and that may fall silent.

/** `size` bytes after the first `skip` ones. */
export async function* partOf(chunks: AsyncIterable<Buffer>, skip: number, size: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, skip - at), Math.max(0, skip + size - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at >= skip + size) return;
  }
}

/** The same chunks; `onChunk` is called for each, such as to wind up the clock of a silence. */
export async function* watched(chunks: AsyncIterable<Uint8Array>, onChunk: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk();
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
