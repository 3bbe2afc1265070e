// How inspection shows files and numbers.
import { formatBytes } from '../../lib/log.ts';
import type { ContentsEntry } from '../layer/contents.ts';

/** `0644`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The first 12 digits of a digest. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** `1 file`, `12 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** What an entry is, in words: `1.2 kB, 0644 0:0, sha256:0123456789ab`. */
export function describeEntry({ type, mode, uid, gid, size, digest, target }: ContentsEntry): string {
  const owned = `${formatMode(mode)} ${uid}:${gid}`;
  if (type === 'symlink') return `link to ${target ?? ''}`;
  if (type !== 'file') return `${type === 'directory' ? 'folder' : 'device or pipe'}, ${owned}`;
  return `${formatBytes(size ?? 0)}, ${owned}${digest === undefined ? '' : `, ${shortDigest(digest)}`}`;
}
