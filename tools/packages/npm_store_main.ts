// Stage 0: run by the npm_packages repository rule after `npm ci`, in the repository's folder.
//   node npm_store_main.ts <lock file> <label of npm_package's .bzl file> <label prefix for errors>
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { parseLock } from './npm_lock.ts';
import { buildFiles } from './npm_build_files.ts';
import { buildStore, planStore } from './npm_store.ts';

await runMain(async ({ argv }) => {
  const [lock = '', rules = '', shownLock = lock] = argv;
  const root = process.cwd();
  const plan = planStore(parseLock(readFileSync(lock, 'utf8'), shownLock), (location) =>
    existsSync(join(root, location, 'package.json')),
  );
  buildStore(root, plan);
  const exported = ['node'].filter((file) => existsSync(join(root, file)));
  for (const [path, content] of buildFiles(plan.values(), { rules, exported })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
});
