// Where a program's data files are: Bazel's runfiles, by `<workspace>/<path>` names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from './errors.ts';

/**
 * The absolute path of a runfile, named as in a plan or by `$(rlocationpath …)`, or by the repository's name in BUILD
 * files: `fathom/tools/x/y.json`. The launcher sets RUNFILES_DIR. Throws RUNFILES_MISSING outside a launcher.
 */
export function runfile(name: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const root = env['RUNFILES_DIR'];
  if (root === undefined || root === '') {
    throw new ToolError('RUNFILES_MISSING', `Finding runfile ${name}: RUNFILES_DIR is not set`, {
      hint: 'Start the program through its Bazel target (`bazel run`; for its launcher in bazel-bin, build with --build_runfile_links).',
    });
  }
  const slash = name.indexOf('/');
  const repository = slash < 0 ? name : name.slice(0, slash);
  return join(root, repositoryFolders(root).get(repository) ?? repository, name.slice(repository.length));
}

const folders = new Map<string, ReadonlyMap<string, string>>();

/** With modules, repositories have other names in paths than in BUILD files, and Bazel says which. */
function repositoryFolders(root: string): ReadonlyMap<string, string> {
  const known = folders.get(root);
  if (known !== undefined) return known;
  const read = parseRepoMapping(readMapping(join(root, '_repo_mapping')));
  folders.set(root, read);
  return read;
}

/** Name in BUILD files → folder, of lines `repository that names it,name,folder`; the main repository has the first word. */
export function parseRepoMapping(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [source, name = '', folder = ''] = line.split(',');
    if (name !== '' && (source === '' || !found.has(name))) found.set(name, folder);
  }
  return found;
}

/** Empty with WORKSPACE, where the names are the same. */
function readMapping(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** A path that a user typed, resolved against the folder in which they typed it (BUILD_WORKING_DIRECTORY under `bazel run`). */
export function userPath(path: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  return path.startsWith('/') ? path : join(env['BUILD_WORKING_DIRECTORY'] ?? process.cwd(), path);
}
