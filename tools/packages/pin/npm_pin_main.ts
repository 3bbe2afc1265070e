// `bazel run //tools/packages:npm_pin -- package.json [name@version …]`: takes versions into package.json, where some
// are named, and writes package-lock.json; prints what changed. npm itself resolves.
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compare } from 'semver';
import { runMain } from '../../lib/cli.ts';
import { systemErrorCode } from '../../lib/errors.ts';
import { createLog, step } from '../../lib/log.ts';
import { parseLock } from '../npm_lock.ts';
import { parsePinArguments, textBefore } from './arguments.ts';
import { applyChanges, type PinnedVersions } from './changes.ts';
import { runTool } from './run_tool.ts';

const FILES = ['package.json', 'package-lock.json'];

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { shown, listPath, rest, allowDowngrade } = parsePinArguments(argv, 'package.json');
  const source = dirname(listPath);
  const folder = await mkdtemp(join(tmpdir(), 'fathom-npm-'));
  try {
    for (const file of [...FILES, '.npmrc']) await copyIfThere(join(source, file), join(folder, file));
    const npm = (doing: string, args: readonly string[]) =>
      runTool(
        'npm',
        [...args, `--prefix=${folder}`, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
        {
          doing,
          // Relative paths of .npmrc are of where npm runs.
          cwd: source,
          env: { ...env, npm_config_update_notifier: 'false' },
          signal,
          hint: 'Correct the package or version that npm names, or npm’s configuration (`npm config list`).',
          missingHint: 'Run `./fathom doctor`, or install node and npm.',
        },
      );
    // Without download addresses: the registry is each machine's own.
    const pinning = ['install', '--package-lock-only', '--save-exact', '--omit-lockfile-registry-resolved', ...rest];
    await step(`resolving ${shown} with npm`, () => npm(`Resolving the packages of ${shown}`, pinning), { log });
    const [before, after] = await Promise.all([source, folder].map(readLock));
    const contents = new Map<string, string>();
    for (const file of FILES) contents.set(join(source, file), await readFile(join(folder, file), 'utf8'));
    const present = await Promise.all(FILES.map((file) => textBefore(join(source, file))));
    await applyChanges({
      before: before ?? new Map(),
      after: after ?? new Map(),
      compare,
      allowDowngrade,
      files: contents,
      isUnchanged: [...contents.values()].every((text, index) => text === present[index]),
      log,
      verify: async () => {
        const install = () => npm(`Installing the packages of ${shown}`, ['ci', '--prefer-offline']);
        await step('installing what was pinned, to see that it is there and whole', install, { log });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function readLock(folder: string): Promise<PinnedVersions> {
  const path = join(folder, 'package-lock.json');
  const text = await textBefore(path);
  if (text === '') return new Map();
  return new Map(
    parseLock(text, path).map(({ location, version, integrity }) => {
      return [location.replaceAll(/(^|\/)node_modules\//g, '$1'), { version, hash: integrity }];
    }),
  );
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
}
