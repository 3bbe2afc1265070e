// Image targets of a workspace, built on demand: `--against //services/x:image`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { type OciImage, type OciImageIndex, readImageOrIndex } from '../image/oci_image.ts';

/** A Bazel, and the workspace that it builds. */
export interface Builder {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Default: the workspace in which the program was started by `bazel run`. */
  readonly workspace?: string;
  /** Where Bazel keeps what it builds, so that no other Bazel is disturbed. Default: where it always does. */
  readonly outputBase?: string;
  /** Flags of the build. Default: none. */
  readonly flags?: readonly string[];
}

/** Whether an argument is a label rather than a path. */
export function isLabel(text: string): boolean {
  return /^(@|\/\/|:)/.test(text);
}

/** Prints the paths of a target's files; `bazel cquery` has no other form for that in Bazel 4. */
const FILES = String.raw`"\n".join([f.path for f in target.files.to_list()])`;

/** Builds the image's documents, not its blobs, and reads them. Throws OCI_IMAGE_NOT_BUILT, OCI_NOT_AN_IMAGE. */
export async function buildImageTarget(label: string, builder: Builder): Promise<OciImage> {
  await runBazel(builder, label, ['build', '--output_groups=inspect', label]);
  const image = await readBuiltImage(label, builder);
  if ('images' in image) throw notAnImage(label, 'it is an index of images');
  return image;
}

/** Builds images or indexes with all their blobs, and reads their documents. Throws as {@link buildImageTarget}. */
export async function buildWholeImages(
  labels: readonly string[],
  builder: Builder,
): Promise<ReadonlyMap<string, OciImage | OciImageIndex>> {
  await runBazel(builder, labels.join(', '), ['build', ...(builder.flags ?? []), '--', ...labels]);
  const images = new Map<string, OciImage | OciImageIndex>();
  for (const label of labels) images.set(label, await readBuiltImage(label, builder));
  return images;
}

/** Ends the Bazel of an output base. */
export async function endBuilder(builder: Builder): Promise<void> {
  await runBazel(builder, 'nothing', ['shutdown']);
}

async function readBuiltImage(label: string, builder: Builder): Promise<OciImage | OciImageIndex> {
  const flags = builder.flags ?? [];
  const root = (await runBazel(builder, label, ['info', 'execution_root'])).trim();
  const query = ['cquery', ...flags, '--output=starlark', `--starlark:expr=${FILES}`, '--', label];
  const files = (await runBazel(builder, label, query)).split('\n');
  const entry = files.find((file) => file.endsWith('.json') && files.includes(file.replace(/\.json$/, '.digest')));
  if (entry === undefined) throw notAnImage(label, 'the target is no image');
  const output = /^(bazel-out\/[^/]+\/bin)\//.exec(entry)?.[1] ?? 'bazel-bin';
  return readImageOrIndex(join(root, entry), (name) =>
    builtFile({ executionRoot: root, output: join(root, output) }, name),
  );
}

function notAnImage(label: string, problem: string): ToolError {
  return new ToolError('OCI_NOT_AN_IMAGE', `Reading image ${label}: ${problem}`, {
    hint: 'Name a target of oci_image or of a rule that makes one.',
  });
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

/** Runs Bazel in the workspace; its messages go to stderr as they come. `what` is what is built, for errors. */
function runBazel(builder: Builder, what: string, args: readonly string[]): Promise<string> {
  const { env, signal, outputBase } = builder;
  const cwd = builder.workspace ?? env['BUILD_WORKSPACE_DIRECTORY'];
  const program = env['FATHOM_BAZEL'] ?? 'bazel';
  const startup = outputBase === undefined ? [] : [`--output_base=${outputBase}`];
  return new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown) =>
      reject(
        new ToolError('OCI_IMAGE_NOT_BUILT', `Building ${what}: ${problem}`, {
          cause,
          hint: `Run \`bazel build ${what}\`, or set FATHOM_BAZEL to the Bazel to run.`,
        }),
      );
    if (cwd === undefined)
      return fail('it is not known which workspace it is of, as this was not started by `bazel run`');
    const child = spawn(program, [...startup, ...args], { cwd, env, signal, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', (error) => fail(`${program} could not be started`, error));
    child.on('close', (code) =>
      code === 0 ? resolve(output) : fail(`${program} ${args[0]} ended with exit code ${code}`),
    );
  });
}
