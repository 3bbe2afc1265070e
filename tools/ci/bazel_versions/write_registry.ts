// Puts the module registry onto the machine.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { INSTALLED, REGISTRY, RULE_SETS } from './plan.ts';
import { registryFiles } from './registry.ts';

/** Writes what the MODULE.bazel files in `asking`, relative to the machine's root, need beside those of Bazel itself. */
export async function writeRegistry(root: string, asking: readonly string[]): Promise<void> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const folders = RULE_SETS.map((folder) => `${INSTALLED}/${folder}`).filter((folder) =>
    existsSync(join(root, folder, 'MODULE.bazel')),
  );
  const files = registryFiles({
    asking: await Promise.all([`${INSTALLED}/embedded_tools/MODULE.bazel`, ...asking].map(read)),
    installed: await Promise.all(folders.map(async (path) => ({ path, text: await read(`${path}/MODULE.bazel`) }))),
  });
  for (const [path, content] of files) {
    const file = join(root, REGISTRY, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
