// A part of a stream, for sources that send the whole whatever was asked for.

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
