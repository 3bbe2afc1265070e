// Stage 0: the driver of one TsBundle action. `node bundle.mjs <params.json>`, see driver.bzl; bundle.bzl has the fields.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { spawnSync } from 'node:child_process';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';

interface BundleParams {
  readonly esbuild: string;
  readonly entry: string;
  readonly js: readonly { readonly path: string; readonly name: string }[];
  /** The packages that first-party code imports. */
  readonly roots: readonly { readonly name: string; readonly key: string }[];
  readonly packages: readonly {
    readonly name: string;
    readonly key: string;
    readonly path: string;
    readonly meta: string;
  }[];
  readonly output: string;
  readonly platform: 'node' | 'browser';
  /** Style sheets, each a bundle of its own. */
  readonly styles: readonly { readonly path: string; readonly name: string; readonly output: string }[];
}

// CommonJS packages in an ESM bundle call `require` for node's own modules.
const BANNER =
  "import { createRequire as fathomCreateRequire } from 'node:module'; const require = fathomCreateRequire(import.meta.url);";

const FLAGS = {
  node: ['--platform=node', '--target=node24', '--minify-whitespace', '--minify-syntax', `--banner:js=${BANNER}`],
  browser: ['--platform=browser', '--target=es2022,chrome120,firefox121,safari17', '--minify'],
} as const;

await runMain(async ({ argv }) => {
  const params: BundleParams = JSON.parse(readFileSync(argv[0] ?? '', 'utf8'));
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'bundle-')));
  try {
    layOut(params, root);
    bundle(params, root, { entry: params.entry, output: params.output, flags: FLAGS[params.platform] });
    for (const { name, output } of params.styles) bundle(params, root, { entry: name, output, flags: FLAGS.browser });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

/** Copies all inputs below `root`: the bundle quotes paths, which must not tell where this machine keeps them. */
function layOut(params: BundleParams, root: string): void {
  // Our code is ES modules: without this, a CommonJS package's default import is not what node makes of it.
  writeFileSync(join(root, 'package.json'), '{"type":"module"}\n');
  for (const { path, name } of [...params.js, ...params.styles]) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    copyFileSync(path, join(root, name));
  }
  const folder = (key: string, name: string) => join(root, 'node_modules', '.store', key, 'node_modules', name);
  const names = new Map(params.packages.map(({ key, name }) => [key, name]));
  // Two repositories of packages may have the same version of one, as what services and what tools import do here.
  const packages = [...new Map(params.packages.map((one) => [one.key, one])).values()];
  for (const { path, key, name } of packages) cpSync(realpathSync(path), folder(key, name), { recursive: true });
  const links = new Map<string, string>();
  const link = (from: string, key: string) => {
    const known = links.get(from);
    if (known === key) return;
    if (known !== undefined) {
      throw new ToolError('TS_TWO_VERSIONS', `Bundling ${params.entry}: it imports ${known} and ${key}`, {
        hint: 'Take the same version in both locks.',
      });
    }
    links.set(from, key);
    mkdirSync(dirname(from), { recursive: true });
    symlinkSync(relative(dirname(from), folder(key, names.get(key) ?? '')), from);
  };
  for (const { key, meta } of packages) {
    const { deps }: { deps: Record<string, string> } = JSON.parse(readFileSync(meta, 'utf8'));
    for (const [name, dependency] of Object.entries(deps)) {
      if (names.has(dependency) && dependency !== key) link(folder(key, name), dependency);
    }
  }
  for (const { name, key } of params.roots) link(join(root, 'node_modules', name), key);
}

/** One run of the bundler. */
interface Bundle {
  readonly entry: string;
  readonly output: string;
  readonly flags: readonly string[];
}

function bundle(params: BundleParams, root: string, { entry, output, flags }: Bundle): void {
  const common = ['--bundle', '--format=esm', '--charset=utf8', '--legal-comments=none', '--log-level=warning'];
  const result = spawnSync(
    realpathSync(params.esbuild),
    [entry, ...common, ...flags, `--outfile=${join(process.cwd(), output)}`],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  if (result.error !== undefined)
    throw new ToolError('TS_BUNDLER_MISSING', `Starting the bundler ${params.esbuild}`, {
      cause: result.error,
      hint: 'On another platform than linux/amd64, declare a ts_toolchain for it.',
    });
  if (result.status !== 0) {
    throw new ToolError('TS_BUNDLE_FAILED', `Bundling ${entry}:\n${result.stderr}`, {
      hint: 'Add the package that is missing to deps, or build with bundle = False.',
    });
  }
}
