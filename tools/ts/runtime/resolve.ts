// Decides what an import of first-party code means: what its target declares, and nothing else.
import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import type { Runtime, RuntimeManifest } from './manifests.ts';
import { labelOf, packageName } from '../compile_diagnostics.ts';

/** What an import leads to: a runfile, an npm package to be looked up from `from`, or node's own business. */
export type Resolution =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'package'; readonly from: string }
  | { readonly kind: 'default' };

/**
 * Resolves `specifier` as imported by `importer`, a runfiles name. Throws TS_UNDECLARED_IMPORT with the missing label.
 */
export function resolveImport(specifier: string, importer: string, runtime: Runtime): Resolution {
  const target = runtime.byFile.get(importer);
  if (target === undefined || isBuiltin(specifier) || specifier.startsWith('data:')) return { kind: 'default' };
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('file:'))
    return resolveFile(specifier, importer, target, runtime);
  const folder = target.npm[packageName(specifier)];
  if (folder === undefined) throw undeclared(specifier, importer, target);
  // Node looks a package up from the folder of whoever asks: ask from beside the package, in its own store folder.
  return { kind: 'package', from: join(realpathSync(join(runtime.root, folder)), 'package.json') };
}

function resolveFile(specifier: string, importer: string, target: RuntimeManifest, runtime: Runtime): Resolution {
  if (!specifier.startsWith('.')) return { kind: 'default' };
  // What the compiler sees as external/<repository>/ in a workspace has a folder of its own among the runfiles.
  const written = posix.join(posix.dirname(importer), specifier).replace(/^[^/]+\/external\//, '');
  const name = [written, written.replace(/\.(m?)ts$/, '.$1js')]
    .map((one) => runtime.aliases.get(one) ?? one)
    .find((one) => runtime.byFile.has(one));
  const owner = name === undefined ? undefined : runtime.byFile.get(name);
  if (name === undefined || owner === undefined || (owner !== target && !target.deps.includes(owner.label)))
    throw undeclared(specifier, importer, target, owner);
  return { kind: 'file', path: join(runtime.root, name) };
}

function undeclared(specifier: string, importer: string, target: RuntimeManifest, owner?: RuntimeManifest): ToolError {
  const inWorkspace = importer.slice(importer.indexOf('/') + 1);
  const label = owner?.label ?? labelOf(specifier, inWorkspace, target.npmRepository);
  return new ToolError(
    'TS_UNDECLARED_IMPORT',
    `Importing '${specifier}' from ${inWorkspace}: not in deps of ${target.label}`,
    {
      hint: `Add ${JSON.stringify(label)} to deps of ${target.label}.`,
    },
  );
}
