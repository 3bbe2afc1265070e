// The npm packages of one service as parts of a layer, laid out so that each sees what it declares and nothing else:
// node_modules/.store/<key>/node_modules/<name>, and beside it a link for each package that it needs.
import { posix } from 'node:path';
import { asArray, asObject, asString } from '../oci/image/model.ts';
import { readJson } from '../oci/image/read_json.ts';
import type { LayerSource } from '../oci/layer/sources.ts';

/** A package of the closure, as npm_layer.bzl lists it. */
export interface NpmInput {
  readonly key: string;
  readonly name: string;
  /** The unpacked package. */
  readonly directory: string;
  /** Its description: JSON with deps: {name: key}. */
  readonly meta: string;
}

/** A package that the service itself imports. */
export interface NpmRoot {
  readonly key: string;
  readonly name: string;
}

/** What no program reads at run time: declarations, sources, maps, texts other than licences. */
const NOT_NEEDED = String.raw`\.[cm]?ts$|\.map$|(?<!licen[cs]e|notice|copying|LICEN[CS]E|NOTICE|COPYING)\.(md|markdown)$`;

const STORE = 'node_modules/.store';

export interface NpmLayout {
  readonly roots: readonly NpmRoot[];
  /** Where node_modules goes. */
  readonly folder: string;
  /** Keys of packages that another layer has, with their links: only links to them are made. */
  readonly elsewhere: ReadonlySet<string>;
}

/** The parts of the layer. Packages that only hold types are left out. */
export async function npmSources(packages: readonly NpmInput[], layout: NpmLayout): Promise<LayerSource[]> {
  const { roots, folder, elsewhere } = layout;
  // Two repositories of packages may have the same version of one, as what services and what tools import do here.
  const byKey = new Map(packages.map((one) => [one.key, one]));
  const packed = [...byKey.values()].filter(({ name }) => !name.startsWith('@types/'));
  const nameOf = new Map(packed.map(({ key, name }) => [key, name]));
  const place = (key: string) => posix.join(folder, STORE, key, 'node_modules', nameOf.get(key) ?? '');
  const link = (path: string, key: string): LayerSource => ({
    kind: 'symlink',
    path,
    target: posix.relative(posix.dirname(path), place(key)),
  });
  const sources: LayerSource[] = [];
  for (const { key, directory, meta } of packed) {
    if (elsewhere.has(key)) continue;
    sources.push({ kind: 'tree', path: place(key), source: directory, exclude: NOT_NEEDED, npmMeta: meta });
    for (const [name, dependency] of Object.entries(await readDependencies(meta))) {
      // A package may need itself by name; a dependency may be of another platform, and so not be there.
      if (dependency === key || !nameOf.has(dependency)) continue;
      sources.push(link(posix.join(folder, STORE, key, 'node_modules', name), dependency));
    }
  }
  for (const { name, key } of roots) {
    if (nameOf.has(key)) sources.push(link(posix.join(folder, 'node_modules', name), key));
  }
  return sources;
}

async function readDependencies(meta: string): Promise<Record<string, string>> {
  const deps = asObject(asObject(await readJson(meta), meta)['deps'], `${meta}: deps`);
  return Object.fromEntries(Object.entries(deps).map(([name, key]) => [name, asString(key, `${meta}: deps.${name}`)]));
}

/** Packages and roots out of a parameter file. */
export function parseNpmParameters(
  value: unknown,
  where: string,
): { packages: NpmInput[]; roots: NpmRoot[]; elsewhere: string[] } {
  const object = asObject(value, where);
  const field = (item: unknown, name: string, at: string) => asString(asObject(item, at)[name], `${at}.${name}`);
  return {
    packages: asArray(object['packages'], `${where}.packages`).map((item, index) => {
      const at = `${where}.packages[${index}]`;
      const [key, name, directory, meta] = ['key', 'name', 'directory', 'meta'].map((part) => field(item, part, at));
      return { key: key ?? '', name: name ?? '', directory: directory ?? '', meta: meta ?? '' };
    }),
    elsewhere: asArray(object['elsewhere'], `${where}.elsewhere`).map((item) => asString(item, `${where}.elsewhere`)),
    roots: asArray(object['roots'], `${where}.roots`).map((item, index) => ({
      key: field(item, 'key', `${where}.roots[${index}]`),
      name: field(item, 'name', `${where}.roots[${index}]`),
    })),
  };
}
