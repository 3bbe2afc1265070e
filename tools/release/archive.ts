// A .tar.gz whose bytes follow from its files alone.
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { TreeEntry } from './git_tree.ts';

/** 1980-01-01: the earliest that every format has; GNU tar finds 1970 implausible. */
const MTIME = new Date(315_532_800_000);

const OWNER = { uid: 0, gid: 0, uname: '', gname: '', mtime: MTIME } as const;

/** Packs `entries` below the folder `prefix`. */
export async function packArchive(entries: readonly TreeEntry[], prefix: string): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  for (const { path, kind, content } of entries) {
    const name = `${prefix}/${path}`;
    if (kind === 'link')
      tar.entry({ ...OWNER, name, mode: 0o777, type: 'symlink', linkname: content.toString('utf8') });
    else tar.entry({ ...OWNER, name, mode: kind === 'program' ? 0o755 : 0o644, type: 'file' }, content);
  }
  tar.finalize();
  return gzipSync(await bytes, { level: 9 });
}

/** What is to be compared with a download, in the two forms in which Bazel takes it. */
export function hashesOf(archive: Buffer): { readonly sha256: string; readonly integrity: string } {
  const hash = createHash('sha256').update(archive).digest();
  return { sha256: hash.toString('hex'), integrity: `sha256-${hash.toString('base64')}` };
}
