// The layers of tools/: which folder may use which, as the table in tools/README.md says.
import { posix } from 'node:path';

/** What one folder may use. */
export interface Layer {
  readonly loads: ReadonlySet<string>;
  readonly imports: ReadonlySet<string>;
}

/** Reads the table of a README: folder | what | loads | imports. */
export function parseLayers(readme: string): ReadonlyMap<string, Layer> {
  const layers = new Map<string, Layer>();
  for (const line of readme.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, folder, , loads, imports] = cells;
    if (cells.length !== 6 || folder === undefined || !/^[a-z0-9_]+$/.test(folder) || folder === 'folder') continue;
    layers.set(folder, { loads: words(loads), imports: words(imports) });
  }
  return layers;
}

function words(cell: string | undefined): ReadonlySet<string> {
  return new Set((cell ?? '').split(/\s+/).filter((word) => word !== ''));
}

const LOAD = /\bload\(\s*"((?:@[a-z_]*)?\/\/[^"]*|:[^"]*)"/g;
const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g;

/** The lines that break the rules in one file; `path` is relative to the workspace (`tools/k8s/apply.ts`). */
export function violations(path: string, text: string, layers: ReadonlyMap<string, Layer>): readonly string[] {
  const folder = path.split('/')[1] ?? '';
  const layer = layers.get(folder);
  if (layer === undefined) return [`${path}: folder tools/${folder} is not in the table of tools/README.md`];
  const starlark = path.endsWith('.bzl');
  const used = starlark ? loadedFolders(text) : importedFolders(path, text);
  const allowed = starlark ? layer.loads : layer.imports;
  return used
    .filter(
      (other) =>
        other !== `tools/${folder}` && !(other.startsWith('tools/') && allowed.has(other.slice('tools/'.length))),
    )
    .map((other) => `${path}: ${starlark ? 'loads' : 'imports'} ${other}, which tools/${folder} may not use`);
}

/** Top folders that a .bzl file loads from: `tools/k8s`, `services`, `@fathom_environments`. */
function loadedFolders(text: string): readonly string[] {
  const folders = [...text.matchAll(LOAD)].map((match) => match[1] ?? '').filter((label) => !label.startsWith(':'));
  return folders
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
