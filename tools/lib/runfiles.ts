// Where a program's data files are: Bazel's runfiles, by `<workspace>/<path>` names.
import { join } from 'node:path';
import { ToolError } from './errors.ts';

/**
 * The absolute path of a runfile, named as in a plan or by `$(rlocationpath …)`: `fathom/tools/x/y.json`.
 * The launcher sets RUNFILES_DIR. Throws RUNFILES_MISSING outside a launcher.
 */
export function runfile(name: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const root = env['RUNFILES_DIR'];
  if (root === undefined || root === '') {
    throw new ToolError('RUNFILES_MISSING', `Finding runfile ${name}: RUNFILES_DIR is not set`, {
      hint: 'Start the program through its Bazel target (`bazel run` or the launcher in bazel-bin).',
    });
  }
  return join(root, name);
}

/** A path that a user typed, resolved against the folder in which they typed it (BUILD_WORKING_DIRECTORY under `bazel run`). */
export function userPath(path: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  return path.startsWith('/') ? path : join(env['BUILD_WORKING_DIRECTORY'] ?? process.cwd(), path);
}
