// Files in a checkout: those of before that are no longer wanted go, and what others have written stays.
import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';

/** Options of {@link writeFiles}. */
export interface WriteOptions {
  /** The checkout. */
  readonly checkout: string;
  /** The folder in it that is Fathom's; empty: the root. */
  readonly folder: string;
  /** Path below the checkout → text. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether files that something else has written are replaced. */
  readonly isAdopting: boolean;
}

/** The list of files that Fathom has written; no name that a tool for manifests would take for one. */
const LIST = '.fathom-files';

const HEADER = '# The files of this folder that Fathom has written, and may replace and remove.';

/** Writes the files, and removes those that an earlier run has written. Throws K8S_GITOPS_FOREIGN. */
export async function writeFiles({ checkout, folder, files, isAdopting }: WriteOptions): Promise<void> {
  const list = posix.join(folder, LIST);
  for (const path of [list, ...files.keys()]) await refuseLinks(checkout, path);
  const owned = new Set(parseList(await readText(join(checkout, list))).map((path) => posix.join(folder, path)));
  for (const [path, text] of files) {
    const there = await readText(join(checkout, path));
    if (there === undefined || there === text || owned.has(path) || isAdopting) continue;
    throw new ToolError(
      'K8S_GITOPS_FOREIGN',
      `Writing ${path}: the branch has such a file, which Fathom has not written`,
      {
        hint: 'Remove it, choose another folder with `--path`, or replace it with `--adopt`.',
      },
    );
  }
  for (const path of owned) {
    if (files.has(path)) continue;
    await refuseLinks(checkout, path);
    await rm(join(checkout, path), { force: true });
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), text);
  }
  if (files.size > 0) {
    const lines = [...files.keys()].map((path) => posix.relative(folder, path)).sort();
    await mkdir(dirname(join(checkout, list)), { recursive: true });
    await writeFile(join(checkout, list), `${[HEADER, ...lines].join('\n')}\n`);
  } else {
    await rm(join(checkout, list), { force: true });
  }
}

/** The paths of a list; what leads out of the folder is none. */
function parseList(text: string | undefined): string[] {
  const lines = (text ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.filter((line) => !posix.isAbsolute(line) && posix.normalize(line) === line && !line.startsWith('..'));
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** A link in the branch would lead writes to wherever its author wants. */
async function refuseLinks(checkout: string, path: string): Promise<void> {
  let place = checkout;
  for (const part of path.split('/')) {
    place = join(place, part);
    const found = await lstat(place).catch(() => undefined);
    if (found === undefined) return;
    if (!found.isSymbolicLink()) continue;
    throw new ToolError('K8S_GITOPS_FOREIGN', `Writing ${path}: the branch has a symbolic link at '${part}'`, {
      hint: 'Remove the link from the branch, or choose another folder with `--path`.',
    });
  }
}
