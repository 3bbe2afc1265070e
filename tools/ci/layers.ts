// The layers of tools/: which folder, or file right in tools/, may use which, as the tables in tools/README.md say.
import { posix } from 'node:path';

/** In a table: all that is in tools. */
const EVERYTHING = 'everything';

/** What one folder, or file right in tools/, may use. */
export interface Layer {
  readonly loads: ReadonlySet<string>;
  readonly imports: ReadonlySet<string>;
}

/** Reads the tables of a README: folder | what | loads | imports, and file | what | loads. */
export function parseLayers(readme: string): ReadonlyMap<string, Layer> {
  const layers = new Map<string, Layer>();
  for (const line of readme.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, name = '', , loads, imports] = cells;
    const isFolder = cells.length === 6 && /^[a-z0-9_]+$/.test(name) && name !== 'folder';
    const isFile = cells.length === 5 && /^[a-z0-9_]+\.bzl$/.test(name);
    if (isFolder || isFile) layers.set(name, { loads: words(loads), imports: words(isFolder ? imports : '') });
  }
  return layers;
}

function words(cell: string | undefined): ReadonlySet<string> {
  return new Set((cell ?? '').split(/\s+/).filter((word) => word !== ''));
}

const LOAD = /\bload\(\s*"((?:@[a-z_]*)?\/\/[^"]*|:[^"]*)"/g;
const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g;

/**
 * The lines that break the rules in one file; `path` is relative to the workspace (`tools/k8s/apply.ts`, or
 * `tools/packages.bzl`, which is a layer of its own).
 */
export function violations(path: string, text: string, layers: ReadonlyMap<string, Layer>): readonly string[] {
  const folder = path.split('/')[1] ?? '';
  const layer = layers.get(folder);
  if (layer === undefined) return [`${path}: tools/${folder} is not in the tables of tools/README.md`];
  const starlark = path.endsWith('.bzl');
  const used = starlark ? loadedFolders(path, text) : importedFolders(path, text);
  const allowed = starlark ? layer.loads : layer.imports;
  return used
    .filter((other) => {
      if (!other.startsWith('tools/')) return true;
      return other !== `tools/${folder}` && !allowed.has(EVERYTHING) && !allowed.has(other.slice('tools/'.length));
    })
    .map((other) => `${path}: ${starlark ? 'loads' : 'imports'} ${other}, which tools/${folder} may not use`);
}

/** Top folders that a .bzl file loads from: `tools/k8s`, `services`; a file right in tools/ by its own path. */
function loadedFolders(path: string, text: string): readonly string[] {
  return [...text.matchAll(LOAD)]
    .map(([, label = '']) => (label.startsWith(':') ? `//${posix.dirname(path)}${label}` : label))
    .filter((label) => !/^@(?!fathom\/\/)/.test(label))
    .map((label) =>
      folderOf(
        label
          .replace(/^@fathom/, '')
          .slice(2)
          .replace(':', '/'),
      ),
    );
}

function importedFolders(path: string, text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map((match) => folderOf(posix.join(posix.dirname(path), match[1] ?? '')));
}

function folderOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts[0] === 'tools' && parts.length > 1 ? `tools/${parts[1]}` : (parts[0] ?? '');
}

/** Types of toolchains, which the file's own repository gives a meaning, and what a WORKSPACE registers. */
const OF_A_TOOLCHAIN = /[:_]toolchain(_type)?$/;

/**
 * Labels in the code of a .bzl file that name this repository as `@fathom`. A macro's are read in the module that calls
 * it, which may know this one by another name: `absolute_label(Label("//…"))` holds everywhere.
 */
export function apparentLabels(text: string): readonly string[] {
  const code = text.replaceAll(/"""[^]*?"""/g, '');
  return [...code.matchAll(/^(?!\s*#).*?"(@fathom\/\/[^"]*)"/gm)]
    .map(([, label = '']) => label)
    .filter((label) => !OF_A_TOOLCHAIN.test(label));
}
