// The actions: modules once, packages of the workspace on top of them.
import { realpathSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packCache } from './cache_archive.ts';
import { compileError, missingImportError, missingImports } from './explain.ts';
import { cacheFolder, COMPILE_FLAGS, type GoCommandOptions, LINK_FLAGS, runGo } from './go_command.ts';
import type { KeptCaches } from './kept_cache.ts';
import { layOutModule, layOutSources } from './layout.ts';
import type { CompileRequest, GoRequest, ModulesRequest } from './request.ts';

/** What an action may use beside its request. */
export interface Workplace {
  /** An empty folder. */
  readonly work: string;
  /** Of compiled modules. */
  readonly caches: KeptCaches;
  readonly signal: AbortSignal;
}

/** Does what `request` asks for. Throws GO_COMPILE_FAILED and GO_IMPORT_MISSING. */
export async function carryOut(request: GoRequest, place: Workplace): Promise<void> {
  const options: GoCommandOptions = {
    goroot: realpathSync(request.sdk),
    goos: request.goos,
    goarch: request.goarch,
    cwd: join(place.work, 'src'),
    work: place.work,
  };
  if (request.kind === 'modules') await compileModules(request, options, place.signal);
  else await compilePackage(request, options, place);
}

/** A package with one test: what all tests need is compiled with the modules. */
const A_TEST = 'package prefill\n\nimport "testing"\n\nfunc TestNothing(t *testing.T) {}\n';

async function compileModules(request: ModulesRequest, options: GoCommandOptions, signal: AbortSignal): Promise<void> {
  const { cwd, work } = options;
  const own = (await readdir(request.src)).filter((name) => name.endsWith('.go'));
  await layOutModule(request.src, cwd, own);
  await mkdir(join(cwd, 'prefill'));
  await writeFile(join(cwd, 'prefill', 'prefill_test.go'), A_TEST);
  for (const args of [
    ['build', ...COMPILE_FLAGS, '.'],
    ['vet', ...COMPILE_FLAGS, '.', './prefill'],
    ['test', '-c', ...COMPILE_FLAGS, ...LINK_FLAGS, '-o', join(work, 'prefill.test'), './prefill'],
  ]) {
    const outcome = await runGo(args, options, signal);
    if (outcome.status !== 0) throw compileError('Compiling the modules of', request.lock, outcome);
  }
  await packCache(cacheFolder(work), request.output);
}

async function compilePackage(request: CompileRequest, general: GoCommandOptions, place: Workplace): Promise<void> {
  const { caches, signal } = place;
  const { kind, label } = request;
  const { cwd, work } = general;
  await layOutModule(request.src, cwd);
  await layOutSources(request.sources, cwd);
  // Go reads the heads of all sources of its library otherwise, a sixth of the time that a small program takes. It is as
  // good without: where the index cannot be made, nothing fails.
  const index = async (cache: string) => {
    await runGo(['list', '-mod=vendor', 'std'], { ...general, cache, usesIndex: true }, signal);
  };
  const cache = await caches.folderOf(request.cache, work, index);
  const options = { ...general, cache, usesIndex: caches.areKept };
  const folder = `./${request.package}`;
  const run = async (doing: string, args: readonly string[]) => {
    const outcome = await runGo(args, options, signal);
    if (outcome.status === 0) return;
    const asked = ['list', '-e', '-deps', ...(kind === 'test' ? ['-test'] : []), '-json=ImportPath,Dir,Error', folder];
    const missing = missingImports(
      (await runGo([asked[0] ?? '', '-mod=vendor', ...asked.slice(1)], options, signal)).stdout,
    );
    throw missing.length > 0 ? missingImportError(missing, request) : compileError(doing, label, outcome);
  };
  // What go puts beside its output is not the action's: it is moved at the end.
  const made = join(work, 'made');
  if (kind === 'check') await run('Compiling', ['build', ...COMPILE_FLAGS, '-o', '/dev/null', folder]);
  else if (kind === 'program') await run('Compiling', ['build', ...COMPILE_FLAGS, ...LINK_FLAGS, '-o', made, folder]);
  else await run('Compiling', ['test', '-c', ...COMPILE_FLAGS, ...LINK_FLAGS, '-o', made, folder]);
  if (kind !== 'program') await run('Vetting', ['vet', ...COMPILE_FLAGS, folder]);
  if (kind === 'check') await writeFile(request.output, '');
  else await rename(made, resolve(request.output));
}
