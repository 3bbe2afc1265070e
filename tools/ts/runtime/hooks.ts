// Preloaded (`node --import`) into programs that are not bundled: puts resolve.ts in front of node's own resolution.
import { createRequire, registerHooks } from 'node:module';
import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readRuntime } from './manifests.ts';
import { resolveImport } from './resolve.ts';

const root = process.env['RUNFILES_DIR'];
const list = process.env['FATHOM_RUNTIME_MANIFESTS'];
if (root === undefined || list === undefined)
  throw new Error('start this program through its Bazel launcher: RUNFILES_DIR is not set');
const runtime = readRuntime(root, list);
const realNames = new Map([...runtime.byFile.keys()].map((name) => [realName(name), name]));
const testModule = new URL('./sharding.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const importer = context.parentURL === undefined ? undefined : runfilesName(context.parentURL);
    if (context.parentURL === undefined || importer === undefined) {
      // Programs and test files by path: under their runfiles name, not where the link leads.
      const entry = specifier.startsWith('file:') ? runfilesName(specifier) : undefined;
      return entry === undefined ? next(specifier, context) : found(`${root}/${entry}`);
    }
    if (specifier === 'node:test' && process.env['FATHOM_TEST_CASES'] !== undefined) return next(testModule, context);
    const resolution = resolveImport(specifier, importer, runtime);
    if (resolution.kind === 'file') return found(resolution.path);
    if (resolution.kind === 'package') {
      // A require() is looked up from its own file, whatever parentURL is handed on.
      if (context.conditions.includes('require'))
        return next(createRequire(resolution.from).resolve(specifier), context);
      return next(specifier, { ...context, parentURL: pathToFileURL(resolution.from).href });
    }
    return next(specifier, context);
  },
});

function found(path: string) {
  const format = path.endsWith('.json') ? 'json' : 'module';
  return {
    url: pathToFileURL(path).href,
    format,
    shortCircuit: true,
    ...(format === 'json' ? { importAttributes: { type: 'json' } } : {}),
  };
}

/** The runfiles name of a first-party module's URL, or undefined. */
function runfilesName(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const path = fileURLToPath(url);
  const name = relative(root ?? '', path);
  if (runtime.byFile.has(name)) return name;
  return realNames.get(path);
}

function realName(name: string): string {
  try {
    return realpathSync(`${root}/${name}`);
  } catch {
    return name;
  }
}
