// Removing what Bazel and Go made: both write-protect their files.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Removes a folder with all that is in it, also what is write-protected. */
export async function removeTree(folder: string): Promise<void> {
  await promisify(execFile)('chmod', ['-R', 'u+w', folder]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
