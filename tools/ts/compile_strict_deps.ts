// A target may import what it declares, not what its dependencies happen to need. The compiler has to see all of it
// for the types; what the sources really refer to stands in its build info.
import { readFileSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type CompileParams, INFO_FILE } from './compile_layout.ts';
import { missingDependency, packageName } from './compile_diagnostics.ts';

interface BuildInfo {
  readonly fileNames: readonly string[];
  readonly fileIdsList?: readonly (readonly number[])[];
  readonly referencedMap?: readonly (readonly [file: number, list: number])[];
}

// Specifiers as they stand in the text. Only together with the compiler's word do they count.
const SPECIFIER = /(?:\bfrom|\bimport|\brequire|\bmodule)\s*\(?\s*(['"])([^'"\n]+)\1/g;
const IN_STORE = /\/store\/[^/]+\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const ABOVE = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** A line for each import of a file or package that `params` does not declare. */
export function undeclaredImports(params: CompileParams, root: string): string[] {
  const info: BuildInfo = JSON.parse(readFileSync(join(root, INFO_FILE), 'utf8'));
  const files = info.fileNames.map((name) => describe(resolve(root, name), root));
  const own = new Set(params.srcs.map((src) => src.name));
  const declared = new Set(params.owners.flatMap((owner) => owner.files));
  const lines: string[] = [];
  for (const [fileId, listId] of info.referencedMap ?? []) {
    const importer = files[fileId - 1];
    if (importer?.name === undefined || !own.has(importer.name)) continue;
    const specifiers = specifiersOf(join(root, importer.name));
    for (const referenced of info.fileIdsList?.[listId - 1] ?? []) {
      const target = files[referenced - 1];
      const specifier =
        target === undefined ? undefined : undeclared(target, importer.name, specifiers, { own, declared, params });
      if (specifier !== undefined)
        lines.push(
          `${importer.name}: error: undeclared import\n  ${missingDependency(specifier, importer.name, params)}`,
        );
    }
  }
  return [...new Set(lines)];
}

/** A file of the program: first-party by name, or of an npm package. */
interface ProgramFile {
  readonly name?: string;
  readonly npm?: string;
  /** The package, where it lies in a folder above all that was laid out. */
  readonly above?: string;
}

function describe(path: string, root: string): ProgramFile {
  const npm = IN_STORE.exec(path)?.[1];
  if (npm !== undefined) return { npm };
  const name = relative(root, path);
  if (!name.startsWith('..')) return { name };
  // The compiler looks for packages in all folders above: what is there is nobody's dependency.
  const above = ABOVE.exec(path)?.[1];
  return above === undefined ? {} : { above };
}

/** By what names a package may be imported: its own, and that of the package whose types it has. */
function importedNames(name: string): readonly string[] {
  return name.startsWith('@types/') ? [name, name.slice('@types/'.length).replace('__', '/')] : [name];
}

function undeclared(
  target: ProgramFile,
  importer: string,
  specifiers: readonly string[],
  known: { readonly own: ReadonlySet<string>; readonly declared: ReadonlySet<string>; readonly params: CompileParams },
): string | undefined {
  if (target.above !== undefined)
    return specifiers.find((specifier) => importedNames(target.above ?? '').includes(packageName(specifier)));
  if (target.npm !== undefined) {
    const name = target.npm;
    const names = importedNames(name);
    if (names.some((one) => known.params.directPackages.includes(one))) return undefined;
    // Ambient declarations make every file refer to every file of their package: the text decides.
    return specifiers.find((specifier) => names.includes(packageName(specifier)));
  }
  if (target.name === undefined || known.own.has(target.name) || known.declared.has(target.name)) return undefined;
  const stem = target.name.replace(/(\.d)?\.[cm]?tsx?$/, '');
  return specifiers.find(
    (specifier) => specifier.startsWith('.') && join(importer, '..', specifier).replace(/\.[cm]?[jt]sx?$/, '') === stem,
  );
}

function specifiersOf(path: string): readonly string[] {
  return [...readFileSync(realpathSync(path), 'utf8').matchAll(SPECIFIER)].map((match) => match[2] ?? '');
}
