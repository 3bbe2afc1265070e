// Puts the module registry onto the machine.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { INSTALLED, REGISTRY, RULE_SETS } from './plan.ts';
import { PROTOBUF, PROTOBUF_FILES, PROTOBUF_MODULE } from './protobuf_module.ts';
import { registryFiles } from './registry.ts';

/** Writes what the MODULE.bazel files in `asking`, relative to the machine's root, need beside those of Bazel itself. */
export async function writeRegistry(root: string, asking: readonly string[]): Promise<void> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const folders = RULE_SETS.map((folder) => `${INSTALLED}/${folder}`).filter((folder) =>
    existsSync(join(root, folder, 'MODULE.bazel')),
  );
  const files = registryFiles({
    asking: await Promise.all([`${INSTALLED}/embedded_tools/MODULE.bazel`, ...asking].map(read)),
    installed: [
      ...(await Promise.all(folders.map(async (path) => ({ path, text: await read(`${path}/MODULE.bazel`) })))),
      { path: PROTOBUF, text: PROTOBUF_MODULE },
    ],
  });
  const all = new Map([...files].map(([path, content]) => [join(REGISTRY, path), content]));
  all.set(join(PROTOBUF, 'MODULE.bazel'), PROTOBUF_MODULE);
  for (const [path, source] of PROTOBUF_FILES) all.set(join(PROTOBUF, path), source === null ? '' : await read(source));
  for (const [path, content] of all) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
