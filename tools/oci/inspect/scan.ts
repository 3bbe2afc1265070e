// What is in a layer of which only the blob is there: one that another builder made.
import { createHash } from 'node:crypto';
import { archiveMembers } from '../layer/archive.ts';
import type { ContentsEntry, LayerContents } from '../layer/contents.ts';

/** Reads a layer's blob, compressed or not. Throws what `archiveMembers` throws. */
export async function scanLayer(path: string, createdBy: string): Promise<LayerContents> {
  const entries: ContentsEntry[] = [];
  const byPath = new Map<string, ContentsEntry>();
  for await (const member of archiveMembers({ path, origin: path })) {
    if (member.path === '') continue;
    const { mode, uid, gid, type, linkname } = member;
    const owned = { path: member.path, mode, uid, gid };
    let entry: ContentsEntry;
    if (type === 'file' || type === 'contiguous-file') {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of member.body) {
        hash.update(chunk);
        size += chunk.length;
      }
      entry = { ...owned, type: 'file', size, digest: `sha256:${hash.digest('hex')}` };
    } else if (type === 'link') {
      // A second name of a file that stands before it.
      const target = byPath.get(
        linkname
          .split('/')
          .filter((part) => part !== '' && part !== '.')
          .join('/'),
      );
      entry = target === undefined ? { ...owned, type: 'other' } : { ...target, path: member.path };
    } else if (type === 'symlink') {
      entry = { ...owned, type: 'symlink', target: linkname };
    } else {
      entry = { ...owned, type: type === 'directory' ? 'directory' : 'other' };
    }
    entries.push(entry);
    byPath.set(entry.path, entry);
  }
  return { createdBy, packages: [], inputs: [], entries };
}
