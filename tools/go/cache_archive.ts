// go's cache as one file: what is in it is the same wherever the same modules were compiled, but for the times.
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createZstdDecompress, zstdCompress } from 'node:zlib';
import { extract, pack } from 'tar-stream';

// An entry is an index, `…-a`, or a content, `…-d`, in the folder of its first byte:
// https://pkg.go.dev/cmd/go/internal/cache. All else in the folder is of no use to others.
const ENTRY = /^[0-9a-f]{2}\/[0-9a-f]{64}-[ad]$/;

/** The last field of an index is when it was written, in nanoseconds, padded to 20 characters. */
const INDEX = /^(v1 [0-9a-f]{64} [0-9a-f]{64} [ \d]{20} )[ \d]{20}\n$/;

/** An index without its time; undefined where it is none of the form that this was made for. */
export function timelessIndex(text: string): string | undefined {
  const match = INDEX.exec(text);
  return match === null ? undefined : `${match[1]}${'1'.padStart(20)}\n`;
}

/** Writes the entries of `folder` into the file `output`. */
export async function packCache(folder: string, output: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => ENTRY.test(name)).sort();
  const archive = pack();
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    const content = name.endsWith('-a') ? timelessIndex(bytes.toString('latin1')) : bytes;
    // Without an entry that cannot be read, go compiles once more.
    if (content === undefined) continue;
    archive.entry({ name, mtime: new Date(0), mode: 0o644 }, Buffer.from(content));
  }
  archive.finalize();
  const tar = await buffer(archive);
  // As a whole: what a stream writes last depends on whether its end is known by then, so on how busy the machine is.
  const level = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
  await writeFile(output, await promisify(zstdCompress)(tar, level));
}

/** Writes what packCache packed into `folder`. */
export async function unpackCache(archive: string, folder: string): Promise<void> {
  const entries = extract();
  const folders = new Set<string>();
  const writeAll = async () => {
    for await (const entry of entries) {
      const path = join(folder, entry.header.name);
      if (!folders.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
      folders.add(dirname(path));
      await writeFile(path, entry as AsyncIterable<Buffer>);
    }
  };
  await Promise.all([pipeline(createReadStream(archive), createZstdDecompress(), entries), writeAll()]);
}
