// The checkout's TypeScript as an editor sees it after `npm ci` and `bazel run //tools/ts:sync_ide`, in a folder of its
// own: sources, the code of protos, and a node_modules of the pinned packages. So linting needs nothing in the checkout.
import { copyFile, mkdir, mkdtemp, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mapLimited } from '../../lib/limit.ts';
import { runfile } from '../../lib/runfiles.ts';
import { generate } from '../../proto/generate.ts';

/** Examples are workspaces of their own: their sources are looked at with the packages and settings of the checkout. */
const EXAMPLE = /^examples\/[^/]+(?=\/)/;

// A program of its own, such as what browsers load, has settings of its own.
const COPIED = /\.tsx?$|^package\.json$|(^|\/)tsconfig\.json$|^\.oxlintrc\.jsonc$/;

/** Those of the checkout's files that are in the folder too. */
export function copiedFiles(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => COPIED.test(path) && (!EXAMPLE.test(path) || /\.tsx?$/.test(path)));
}

/** The folders of the examples that have TypeScript: each is a program. */
export function examplesOf(paths: readonly string[]): readonly string[] {
  const folders = paths.filter((path) => /\.tsx?$/.test(path)).flatMap((path) => EXAMPLE.exec(path)?.[0] ?? []);
  return [...new Set(folders)].toSorted();
}

/** Makes the folder, which is the caller's to remove; `paths` are the checkout's files. */
export async function makeTree(workspace: string, paths: readonly string[]): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'fathom-lint-'));
  const copied = copiedFiles(paths);
  for (const folder of new Set(copied.map((path) => dirname(join(tree, path)))))
    await mkdir(folder, { recursive: true });
  await mapLimited(copied, 16, (path) => copyFile(join(workspace, path), join(tree, path)));
  const protos = paths.filter((path) => path.endsWith('.proto'));
  await generateProtos(
    workspace,
    tree,
    protos.filter((path) => !EXAMPLE.test(path)),
  );
  for (const folder of examplesOf(copied)) {
    const own = protos.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
    await prepareExample(tree, folder);
    await generateProtos(join(workspace, folder), join(tree, folder), own);
  }
  await linkPackages(workspace, tree);
  return tree;
}

/** What a workspace has that loads this one: settings, and this one as a repository. */
async function prepareExample(tree: string, folder: string): Promise<void> {
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: { rootDirs: ['.', './.ide'] },
    include: ['**/*.ts'],
    exclude: ['external'],
  };
  await writeFile(join(tree, folder, 'tsconfig.json'), JSON.stringify(settings));
  // Not the whole of it, of which the example is a part: there would be no end of folders.
  await mkdir(join(tree, folder, 'external/fathom'), { recursive: true });
  await symlink(join(tree, 'tools'), join(tree, folder, 'external/fathom/tools'));
}

/** Code of all protos at once: which target is for which of them matters to builds alone. */
async function generateProtos(workspace: string, tree: string, protos: readonly string[]): Promise<void> {
  if (protos.length === 0) return;
  const modules = protos.map((proto) => ({ proto, module: proto.slice(0, -'.proto'.length) }));
  const generated = join(tree, '.ide');
  for (const proto of protos) await mkdir(dirname(join(generated, proto)), { recursive: true });
  await generate({
    label: 'the checkout',
    // From the BUILD file: the path has a version in it.
    protoc: runfile((process.env['PROTOC'] ?? '').replace(/^(external|\.\.)\//, '')),
    plugin: runfile('fathom/tools/proto/protoc_gen_ts_proto'),
    roots: [workspace],
    options: [],
    files: modules.map(({ proto, module }) => ({
      proto,
      module,
      code: join(generated, `${module}.ts`),
      descriptor: join(generated, `${module}_descriptor.ts`),
    })),
    modules,
  });
}

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** A node_modules with what package.json names; what those need is beside them in the store of @fathom_npm. */
async function linkPackages(workspace: string, tree: string): Promise<void> {
  const read = async (name: string) => JSON.parse(await readFile(join(workspace, name), 'utf8')) as unknown;
  const { dependencies, devDependencies } = (await read('package.json')) as PackageJson;
  const lock = (await read('package-lock.json')) as { packages: Record<string, { readonly version: string }> };
  const store = await storeFolder();
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const key = `${name.replace('/', '+')}@${lock.packages[`node_modules/${name}`]?.version ?? ''}`;
    const link = join(tree, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(store, key, 'node_modules', name), link);
  }
}

/** The folder of all packages: `<store>/<key>/node_modules/<name>`. */
async function storeFolder(): Promise<string> {
  return join(await packageFolder('oxlint'), '..', '..', '..');
}

/** Where a pinned package is, beside what it needs. */
export async function packageFolder(name: string): Promise<string> {
  return dirname(await realpath(fileURLToPath(import.meta.resolve(`${name}/package.json`))));
}
