// What the rules of Go run: a request as a JSON file.
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isWorker, runTool } from '../lib/worker.ts';
import { carryOut } from './compile.ts';
import { NO_CACHES, keepCaches } from './kept_cache.ts';
import type { GoRequest } from './request.ts';

// Below the action's own folder: go's cache does not belong into a small /tmp. Bazel takes away what is there before each
// build, but for names that begin like this.
const caches = isWorker() ? keepCaches(process.cwd(), 'bazel-go-') : NO_CACHES;
let work: string | undefined;
// A signal ends the process without what `finally` would do.
process.on('exit', () => {
  caches.remove();
  if (work !== undefined) rmSync(work, { recursive: true, force: true });
});

await runTool(async ({ argv, signal }) => {
  // Written by the rules themselves, so its form is known.
  const request = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as GoRequest;
  work = await mkdtemp(join(process.cwd(), 'go-'));
  try {
    await carryOut(request, { work, caches, signal });
  } finally {
    await rm(work, { recursive: true, force: true });
    work = undefined;
  }
});
