// A bundle as one file: tar, compressed by gzip.
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ToolError, errorText, systemErrorCode } from '../../../lib/errors.ts';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../../../oci/layer/tar_header.ts';

/** The bytes of an archive that has these files, by path, below a folder. */
export async function archiveOf(folder: string, files: ReadonlyMap<string, string>, nowMs: number): Promise<Buffer> {
  const mtime = Math.floor(nowMs / 1000);
  const parts = [...files].flatMap(([path, text]) => {
    const content = Buffer.from(text);
    const owned = { mode: 0o600, uid: 0, gid: 0, mtime };
    const header = encodeHeader({ ...owned, path: `${folder}/${path}`, type: 'file', size: content.length });
    return [header, content, padding(content.length)];
  });
  return promisify(gzip)(Buffer.concat([...parts, END_OF_ARCHIVE]));
}

/** Writes a file that is not there yet, for its owner alone. Throws BUNDLE_OUTPUT. */
export async function writeNew(path: string, content: Buffer): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  } catch (error) {
    const isThere = systemErrorCode(error) === 'EEXIST';
    throw new ToolError('BUNDLE_OUTPUT', `Writing ${path}: ${isThere ? 'there is such a file' : errorText(error)}`, {
      cause: error,
      hint: isThere ? 'Move it away, or choose another name.' : 'Name a file that can be written: --output=FILE.',
    });
  }
}
