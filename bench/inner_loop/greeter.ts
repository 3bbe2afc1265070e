// The service whose line changes: what `bazel run //tools/new:service` writes, in a copy of the checkout.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NestedBazel, endNested, nestedBazel } from '../../tools/ci/nested/nested_bazel.ts';
import { copySources } from '../../tools/ci/reproducible/builds.ts';

/** The service's name, and that of its Deployment and container. */
export const NAME = 'hello';
export const METHOD = '/hello.v1.Hello/Greet';
export const PORT = 50051;
/** Where the line is, below the root of a workspace. */
export const SOURCE = `services/${NAME}/${NAME}.ts`;

const LINE = /return `[^`]*`;/;

/** What the service answers once `version` is saved. */
export const greetingOf = (version: string) => `Hello ${version}, Ada!`;

/** Saves another version of the line. */
export async function saveLine(root: string, version: string): Promise<void> {
  const path = join(root, SOURCE);
  const text = await readFile(path, 'utf8');
  const changed = text.replace(LINE, () => `return \`Hello ${version}, \${name}!\`;`);
  if (changed === text) throw new Error(`${SOURCE} has no line to change`);
  await writeFile(path, changed);
}

/** A workspace with the service. */
export interface GreeterWorkspace extends AsyncDisposable {
  readonly root: string;
  readonly bazel: NestedBazel;
  /** Bazel's outputs. */
  readonly bin: string;
  readonly executionRoot: string;
}

/** Copies the checkout into a folder and writes the service there. */
export async function createGreeter(
  checkout: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<GreeterWorkspace> {
  const root = join(folder, 'workspace');
  await copySources(checkout, root, AbortSignal.timeout(60_000));
  const bazel = nestedBazel({ folder, workspace: root, env });
  const workspace = { root, bazel, [Symbol.asyncDispose]: () => endNested(folder, bazel) };
  try {
    await bazel('run', '//tools/new:service', '--', `--name=${NAME}`, '--no-goldens');
    await bazel('build', `//services/${NAME}:image`);
    const lines = (await bazel('info', 'bazel-bin', 'execution_root')).split('\n');
    const infoOf = (key: string) => lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2) ?? '';
    return { ...workspace, bin: infoOf('bazel-bin'), executionRoot: infoOf('execution_root') };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

/** The TypeScript sources of a package, tests left out. */
export async function sourcesOf(root: string, folder: string): Promise<readonly string[]> {
  const names = await readdir(join(root, folder));
  return names.filter((name) => name.endsWith('.ts') && !name.endsWith('_test.ts')).map((name) => `${folder}/${name}`);
}
