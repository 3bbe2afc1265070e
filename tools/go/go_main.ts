// What the rules of Go run: a request as a JSON file.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { carryOut } from './compile.ts';
import type { GoRequest } from './request.ts';

await runMain(async ({ argv, signal }) => {
  // Written by the rules themselves, so its form is known.
  const request = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as GoRequest;
  // Below the action's own folder: go's cache does not belong into a small /tmp.
  const work = await mkdtemp(join(process.cwd(), 'go-'));
  try {
    await carryOut(request, { work, signal });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});
