// Bazel in a benchmark's workspace.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Workspace } from '../../tools/ci/services/workspace.ts';

/** Characters of what a failed command said last: its error is among them. */
const TOLD = 5000;

/** Runs a command of Bazel and resolves to what it printed; rejects with the end of that where it fails. */
export async function runBazel(workspace: Workspace, command: string, ...args: readonly string[]): Promise<string> {
  // The client itself does this one, and knows no options of output.
  const plain = command === 'shutdown' ? [] : ['--color=no', '--curses=no'];
  const { succeeded, output } = await workspace.bazel(command, ...plain, ...args);
  if (!succeeded) throw new Error(output.slice(-TOLD));
  return output;
}

/** Which Bazel it is. Debian's calls itself a development version: there it is that of its package. */
export async function bazelVersion(workspace: Workspace): Promise<string> {
  const release = /^release (\S+)/m.exec(await runBazel(workspace, 'info', 'release'))?.[1];
  if (release !== undefined) return release;
  const query = promisify(execFile)('dpkg-query', ['--show', '--showformat=${Version}', 'bazel-bootstrap']);
  return query.then(
    ({ stdout }) => `${stdout} of Debian`,
    () => 'that names no version',
  );
}
