// Another image target of this workspace, built on demand: `--against //services/x:image`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { type OciImage, readImage } from '../image/oci_image.ts';

export interface BuiltImageOptions {
  /** As a person types it. */
  readonly label: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Whether an argument is a label rather than a path. */
export function isLabel(text: string): boolean {
  return /^(@|\/\/|:)/.test(text);
}

/** Prints the paths of a target's files; `bazel cquery` has no other form for that in Bazel 4. */
const FILES = String.raw`"\n".join([f.path for f in target.files.to_list()])`;

/** Builds the image's documents, not its blobs, and reads them. Throws OCI_IMAGE_NOT_BUILT, OCI_NOT_AN_IMAGE. */
export async function buildImageTarget(options: BuiltImageOptions): Promise<OciImage> {
  const { label } = options;
  await bazel(options, ['build', '--output_groups=inspect', label]);
  const root = (await bazel(options, ['info', 'execution_root'])).trim();
  const files = (await bazel(options, ['cquery', '--output=starlark', `--starlark:expr=${FILES}`, label])).split('\n');
  const index = files.find(
    (file) => file.endsWith('.json') && files.includes(file.replace(/\.json$/, '.manifest.json')),
  );
  if (index === undefined) {
    throw new ToolError('OCI_NOT_AN_IMAGE', `Reading image ${label}: the target is no image`, {
      hint: 'Name a target of oci_image or of a rule that makes one.',
    });
  }
  const output = /^(bazel-out\/[^/]+\/bin)\//.exec(index)?.[1] ?? 'bazel-bin';
  return readImage(join(root, index), (name) => builtFile({ executionRoot: root, output: join(root, output) }, name));
}

/** Where the file of a build is that its runfiles name: an output of the workspace or a repository, or a source. */
export function builtFile(
  { executionRoot, output }: { readonly executionRoot: string; readonly output: string },
  runfilesPath: string,
): string {
  const slash = runfilesPath.indexOf('/');
  const [repository, path] = [runfilesPath.slice(0, slash), runfilesPath.slice(slash + 1)];
  const places = [
    join(output, path),
    join(output, 'external', repository, path),
    join(executionRoot, 'external', repository, path),
  ];
  return places.find((place) => existsSync(place)) ?? join(output, path);
}

/** Runs Bazel in the workspace in which the program was started; its messages go to stderr as they come. */
function bazel({ env, signal, label }: BuiltImageOptions, args: readonly string[]): Promise<string> {
  const cwd = env['BUILD_WORKSPACE_DIRECTORY'];
  const program = env['FATHOM_BAZEL'] ?? 'bazel';
  return new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown) =>
      reject(
        new ToolError('OCI_IMAGE_NOT_BUILT', `Building ${label}: ${problem}`, {
          cause,
          hint: `Run \`bazel build ${label}\`, or set FATHOM_BAZEL to the Bazel to run.`,
        }),
      );
    if (cwd === undefined)
      return fail('it is not known which workspace it is of, as this was not started by `bazel run`');
    const child = spawn(program, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', (error) => fail(`${program} could not be started`, error));
    child.on('close', (code) =>
      code === 0 ? resolve(output) : fail(`${program} ${args[0]} ended with exit code ${code}`),
    );
  });
}
