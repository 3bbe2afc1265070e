// The entries of a tar archive, compressed or not. Contents are spooled to a file beside the output, because a layer
// is sorted and an archive is not; entries refer to ranges of it.
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Header, extract } from 'tar-stream';
import xz from 'xz-decompress';
import { ToolError, errorText } from '../../lib/errors.ts';
import { invalidArchive } from './ar.ts';
import { type Piece } from './content.ts';
import { type LayerEntry, checkTarget, entryPath, nameNotUtf8 } from './entries.ts';
import { keepXattrBytes, xattrsOf } from './pax.ts';

/** Which bytes of which file are an archive. */
export interface ArchiveOptions {
  readonly path: string;
  /** The range of the archive in the file. Default: the whole file. */
  readonly range?: { readonly offset: number; readonly size: number };
  /** Put before every path. Default: none. */
  readonly prefix?: string;
  /** For messages. */
  readonly origin: string;
}

/** One member of an archive, with names that are known to be UTF-8. */
export interface ArchiveMember {
  /** As the entries of layers have it; the root is the empty string. */
  readonly path: string;
  /**
   * As tar-stream names it: `file`, `directory`, `symlink`, `link`, `character-device`, … `sparse`: a file of which GNU
   * tar has left out the holes, so that its body has other bytes than the file. `unknown`: a type of no standard.
   */
  readonly type: string;
  /** Of a symlink or hard link, as it stands in the archive; of anything else, the empty string. */
  readonly linkname: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Extended attributes by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** May be read once, before the next member is asked for; what is not read is skipped. */
  readonly body: AsyncIterable<Buffer>;
}

/** So that no byte of a name is lost before it is looked at; an option that the types of tar-stream lack. */
const BYTES_AS_CHARACTERS: object = { filenameEncoding: 'latin1' };

/** The members in the archive's order. Throws OCI_ARCHIVE_INVALID, OCI_NAME_NOT_UTF8, OCI_PATH_INVALID. */
export async function* archiveMembers(options: ArchiveOptions): AsyncGenerator<ArchiveMember> {
  const { path: file, origin } = options;
  try {
    const archive = extract(BYTES_AS_CHARACTERS);
    keepXattrBytes(archive);
    const feeding = pipeline(await decompressed(options), archive);
    // The loop below reports what goes wrong in either; without this a rejection could go unhandled first.
    feeding.catch(() => undefined);
    for await (const entry of archive) {
      const { header } = entry;
      const pax = paxOf(header);
      const name = nameOf(header.name, pax['GNU.sparse.name'] ?? pax['path'], origin);
      const { body, skip } = readerOf(entry as AsyncIterable<Buffer>, file);
      yield {
        path: entryPath(`${options.prefix ?? ''}/${name}`, origin),
        type: Object.keys(pax).some((key) => key.startsWith('GNU.sparse.')) ? 'sparse' : (header.type ?? 'unknown'),
        linkname: nameOf(header.linkname ?? '', pax['linkpath'], origin),
        mode: header.mode ?? 0o644,
        uid: ownerOf(header, 'uid'),
        gid: ownerOf(header, 'gid'),
        mtime: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
        xattrs: xattrsOf(pax),
        body: body(),
      };
      await skip();
    }
    await feeding;
  } catch (error) {
    throw damaged(error, file);
  }
}

/**
 * A member's content, whose errors its reader meets in the words of the archive's, and a way to pass over what the
 * reader leaves. Both share one iterator that is never told to end early: that would end the whole archive.
 */
function readerOf(entry: AsyncIterable<Buffer>, file: string) {
  const chunks = entry[Symbol.asyncIterator]();
  return {
    body: async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        const { done, value } = await chunks.next().catch((error: unknown) => {
          throw damaged(error, file);
        });
        if (done === true) return;
        yield value as Buffer;
      }
    },
    skip: async () => {
      while ((await chunks.next()).done !== true);
    },
  };
}

function damaged(error: unknown, file: string): ToolError {
  if (error instanceof ToolError) return error;
  return invalidArchive(file, `its content is damaged (${errorText(error)})`, error);
}

export interface ReadArchiveOptions extends ArchiveOptions {
  /** A file that is written and that must live until the layer is. */
  readonly spool: string;
  /** Whether an entry is wanted. Default: all are. */
  readonly want?: (path: string) => boolean;
  /** Whether entries keep their times. Default: false. */
  readonly keepTimes?: boolean;
}

/**
 * The entries of a tar archive with their own modes, owners and extended attributes; the last of a path counts, as for
 * tar. Throws what {@link archiveMembers} throws, and OCI_ARCHIVE_INVALID for what no layer can have.
 */
export async function readArchive(options: ReadArchiveOptions): Promise<LayerEntry[]> {
  const entries = new Map<string, LayerEntry>();
  const spool = await open(options.spool, 'w');
  let spooled = 0;
  try {
    for await (const member of archiveMembers(options)) {
      const wanted = options.want?.(member.path) ?? true;
      const start = spooled;
      if (!wanted) continue;
      for await (const chunk of member.body) {
        await spool.appendFile(chunk);
        spooled += chunk.length;
      }
      const content: Piece = { file: options.spool, offset: start, size: spooled - start };
      const made = toEntry(member, options, content, entries);
      if (made === undefined) throw notPacked(member, options.path);
      entries.set(made.path, made);
    }
  } finally {
    await spool.close();
  }
  return [...entries.values()];
}

function notPacked({ path, type, linkname }: ArchiveMember, archive: string): ToolError {
  const problem = type === 'link' ? `a hard link to ${linkname}, which is no file before it` : `of type ${type}`;
  // The older of GNU tar's formats has a type of its own for sparse files.
  const isSparse = type === 'sparse' || type === 'unknown';
  return new ToolError('OCI_ARCHIVE_INVALID', `Reading archive ${archive}: ${path} is ${problem}`, {
    hint: `Make the archive anew${isSparse ? ', without --sparse' : ''}: of folders, files and links to files in it alone.`,
  });
}

function paxOf(header: Header): Readonly<Record<string, string | undefined>> {
  return (header.pax as Readonly<Record<string, string>> | null | undefined) ?? {};
}

/** A name of a member. pax records are UTF-8 by definition; what is not, the reader has replaced already. */
function nameOf(bytes: string, pax: string | undefined, origin: string): string {
  if (pax !== undefined) {
    if (pax.includes('\ufffd')) throw nameNotUtf8(Buffer.from(pax), origin);
    return pax;
  }
  const name = Buffer.from(bytes, 'latin1');
  if (!isUtf8(name)) throw nameNotUtf8(name, origin);
  return name.toString('utf8');
}

/** The numeric owner; one that does not fit the header is in the pax record, which the reader leaves alone. */
function ownerOf(header: Header, field: 'uid' | 'gid'): number {
  return Number(paxOf(header)[field] ?? header[field] ?? 0);
}

function toEntry(
  member: ArchiveMember,
  options: ReadArchiveOptions,
  content: Piece,
  before: ReadonlyMap<string, LayerEntry>,
): LayerEntry | undefined {
  const { path, mode, uid, gid, linkname, mtime, xattrs } = member;
  const { origin } = options;
  const owned = {
    ...{ path, mode, uid, gid, origin },
    ...(options.keepTimes === true ? { mtime } : {}),
    ...(xattrs.size > 0 ? { xattrs } : {}),
  };
  switch (member.type) {
    case 'file':
    case 'contiguous-file':
      return { ...owned, kind: 'file', content: [content] };
    case 'directory':
      return { ...owned, kind: 'directory' };
    case 'symlink':
      return { ...owned, kind: 'symlink', target: checkTarget(path, linkname, origin) };
    case 'link': {
      // A hard link becomes a file of its own: its target may be sorted behind it or be left out.
      const found = before.get(entryPath(`${options.prefix ?? ''}/${linkname}`, origin));
      if (found?.kind !== 'file') return undefined;
      // What the file has, tar does not write a second time.
      const same = found.xattrs === undefined ? {} : { xattrs: found.xattrs };
      return { ...same, ...owned, kind: 'file', content: found.content };
    }
    default:
      return undefined;
  }
}

const MAGIC_BYTES = 6;

async function decompressed({ path, range }: ArchiveOptions): Promise<Readable | AsyncIterable<Uint8Array>> {
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
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // The decoder reuses its memory, so a chunk is only good until the next one is asked for.
      if (value !== undefined) yield Buffer.from(value);
    }
  } finally {
    // Whoever reads no further leaves the file open.
    raw.destroy();
  }
}
