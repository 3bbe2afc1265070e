// The entries of a tar archive, compressed or not. Contents are spooled to a file beside the output, because a layer
// is sorted and an archive is not; entries refer to ranges of it.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Header, extract } from 'tar-stream';
import xz from 'xz-decompress';
import { errorText } from '../../lib/errors.ts';
import { invalidArchive } from './ar.ts';
import { type Piece } from './content.ts';
import { type LayerEntry, checkTarget, entryPath } from './entries.ts';

/** Which bytes of a file are the archive, and where its contents may be written. */
export interface ReadArchiveOptions {
  readonly path: string;
  /** The range of the archive in the file. Default: the whole file. */
  readonly range?: { readonly offset: number; readonly size: number };
  /** A file that is written and that must live until the layer is. */
  readonly spool: string;
  /** Put before every path. Default: none. */
  readonly prefix?: string;
  /** For messages. */
  readonly origin: string;
  /** Whether an entry is wanted. Default: all are. */
  readonly want?: (path: string) => boolean;
}

/** The entries of a tar archive with their own modes and owners. Throws OCI_ARCHIVE_INVALID. */
export async function readArchive(options: ReadArchiveOptions): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  const spool = await open(options.spool, 'w');
  let spooled = 0;
  try {
    const archive = extract();
    const feeding = pipeline(await decompressed(options), archive);
    // The loop below reports what goes wrong in either; without this a rejection could go unhandled first.
    feeding.catch(() => undefined);
    for await (const entry of archive) {
      const { header } = entry;
      const path = entryPath(`${options.prefix ?? ''}/${header.name}`, options.origin);
      const wanted = options.want?.(path) ?? true;
      const start = spooled;
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        if (!wanted) continue;
        await spool.appendFile(chunk);
        spooled += chunk.length;
      }
      if (!wanted) continue;
      const owned = { path, mode: header.mode ?? 0o644, uid: ownerOf(header, 'uid'), gid: ownerOf(header, 'gid') };
      const content: Piece = { file: options.spool, offset: start, size: spooled - start };
      const made = toEntry(
        header.type ?? 'file',
        { ...owned, origin: options.origin },
        content,
        header.linkname,
        entries,
      );
      if (made === undefined) throw invalidArchive(options.path, `${header.name} is of type ${header.type}`);
      entries.push(made);
    }
    await feeding;
  } catch (error) {
    if (error instanceof Error && 'hint' in error) throw error;
    throw invalidArchive(options.path, `its content is damaged (${errorText(error)})`, error);
  } finally {
    await spool.close();
  }
  return entries;
}

/** The numeric owner; one that does not fit the header is in the pax record, which the reader leaves alone. */
function ownerOf(header: Header, field: 'uid' | 'gid'): number {
  const pax = header.pax as Readonly<Record<string, string>> | null | undefined;
  return Number(pax?.[field] ?? header[field] ?? 0);
}

type Owned = Pick<LayerEntry, 'path' | 'mode' | 'uid' | 'gid' | 'origin'>;

function toEntry(
  type: string,
  owned: Owned,
  content: Piece,
  linkname: string | null | undefined,
  before: readonly LayerEntry[],
): LayerEntry | undefined {
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return { ...owned, kind: 'file', content: [content] };
    case 'directory':
      return { ...owned, kind: 'directory' };
    case 'symlink':
      return { ...owned, kind: 'symlink', target: checkTarget(owned.path, linkname ?? '', owned.origin) };
    case 'link': {
      // A hard link becomes a file of its own: its target may be sorted behind it or be left out.
      const target = entryPath(linkname ?? '', owned.origin);
      const found = before.findLast((entry) => entry.path === target || entry.path.endsWith(`/${target}`));
      return found?.kind === 'file' ? { ...owned, kind: 'file', content: found.content } : undefined;
    }
    default:
      return undefined;
  }
}

const MAGIC_BYTES = 6;

async function decompressed({ path, range }: ReadArchiveOptions): Promise<Readable | AsyncIterable<Uint8Array>> {
  const start = range?.offset ?? 0;
  const handle = await open(path, 'r');
  const magic = Buffer.alloc(MAGIC_BYTES);
  try {
    await handle.read(magic, 0, MAGIC_BYTES, start);
  } finally {
    await handle.close();
  }
  if (range !== undefined && range.size === 0) throw invalidArchive(path, 'it is empty');
  const end = range === undefined ? {} : { end: start + range.size - 1 };
  const raw = createReadStream(path, { start, ...end, highWaterMark: 256 * 1024 });
  const hex = magic.toString('hex');
  if (hex.startsWith('1f8b')) return raw.pipe(createGunzip()).on('error', () => raw.destroy());
  if (hex.startsWith('28b52ffd')) return raw.pipe(createZstdDecompress()).on('error', () => raw.destroy());
  if (hex === 'fd377a585a00') return unxz(raw);
  return raw;
}

async function* unxz(raw: Readable): AsyncGenerator<Uint8Array> {
  const compressed = ReadableStream.from(raw) as ReadableStream<Uint8Array>;
  const reader = new xz.XzReadableStream(compressed as never).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // The decoder reuses its memory, so a chunk is only good until the next one is asked for.
    if (value !== undefined) yield Buffer.from(value);
  }
}
