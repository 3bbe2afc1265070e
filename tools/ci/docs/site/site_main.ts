// Builds the site: `site <plan.json>`, see site.bzl for its fields.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { runMain } from '../../../lib/cli.ts';
import { parseSettings } from './settings.ts';
import { buildSite } from './site.ts';

/** A file: where it is in the workspace, and where the action finds it. */
interface Input {
  readonly name: string;
  readonly path: string;
}

interface Plan {
  readonly settings: Input;
  readonly pages: readonly Input[];
  readonly assets: readonly Input[];
  readonly style: Input;
  readonly script: Input;
  readonly files: readonly string[];
  readonly repository: string;
  readonly output: string;
}

/** The script of the pages as one file, with what it imports. */
async function bundleScript(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    alias: { minisearch: fileURLToPath(import.meta.resolve('minisearch')) },
  });
  return outputFiles[0]?.text ?? '';
}

await runMain(async ({ argv }) => {
  const plan = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as Plan;
  const read = ({ path }: Input) => readFile(path, 'utf8');
  const pages = new Map(await Promise.all(plan.pages.map(async (page) => [page.name, await read(page)] as const)));
  const settings = parseSettings(await read(plan.settings), plan.settings.name);
  const files = buildSite({
    settings: plan.repository === '' ? settings : { ...settings, repository: plan.repository },
    pages,
    assets: new Set(plan.assets.map(({ name }) => name)),
    files: new Set(plan.files),
  });
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(plan.output, name)), { recursive: true });
    await writeFile(join(plan.output, name), text);
  };
  for (const [name, text] of files) await write(name, text);
  await write('style.css', await read(plan.style));
  await write('site.js', await bundleScript(plan.script.path));
  for (const { name, path } of plan.assets) {
    await mkdir(dirname(join(plan.output, name)), { recursive: true });
    await copyFile(path, join(plan.output, name));
  }
});
