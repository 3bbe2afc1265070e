// What the rules of Go run: a request as a JSON file, and after it the sources that it is about.
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isWorker, runTool } from '../lib/worker.ts';
import { carryOut } from './compile.ts';
import { NO_CACHES, keepCaches } from './kept_cache.ts';
import { type GoRequest, goSource } from './request.ts';

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
  const [file = '', ...sources] = argv;
  // Written by the rules themselves, so its form is known.
  const request = { ...JSON.parse(await readFile(file, 'utf8')), sources: sources.map(goSource) } as GoRequest;
  work = await mkdtemp(join(process.cwd(), 'go-'));
  try {
    await carryOut(request, { work, caches, signal });
  } finally {
    await rm(work, { recursive: true, force: true });
    work = undefined;
  }
});
