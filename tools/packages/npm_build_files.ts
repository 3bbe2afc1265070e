// The BUILD files of an npm repository: a target a stored package, and `<name>` as a package of aliases,
// so that `@npm//pino` and `@npm//@grpc/grpc-js` are labels.
import { closureOf } from './closure.ts';
import type { StoredPackage } from './npm_store.ts';

/** Options of {@link buildFiles}. */
export interface BuildFilesOptions {
  /** The label of the .bzl file that has npm_package. */
  readonly rules: string;
  /** Files at the repository's top that are targets too. */
  readonly exported: readonly string[];
}

/** Relative path → content. */
export function buildFiles(packages: Iterable<StoredPackage>, options: BuildFilesOptions): ReadonlyMap<string, string> {
  const all = [...packages].sort((a, b) => (a.key < b.key ? -1 : 1));
  const tops = new Map(all.filter((stored) => stored.top).map((stored) => [stored.name, stored]));
  const byKey = new Map(all.map((stored) => [stored.key, stored]));
  const targets = all.map((stored) => packageTarget(stored, tops.get(typesName(stored.name)), byKey));
  const files = new Map<string, string>();
  files.set(
    'BUILD.bazel',
    [
      `load("${options.rules}", "npm_files", "npm_package")`,
      'package(default_visibility = ["//visibility:public"])',
      `exports_files(${JSON.stringify(options.exported)})`,
      ...targets,
      '',
    ].join('\n\n'),
  );
  for (const [name, stored] of tops) {
    files.set(
      `${name}/BUILD.bazel`,
      `alias(\n    name = "${name.slice(name.lastIndexOf('/') + 1)}",\n    actual = "//:${stored.key}",\n    visibility = ["//visibility:public"],\n)\n`,
    );
  }
  return files;
}

function packageTarget(
  stored: StoredPackage,
  types: StoredPackage | undefined,
  byKey: ReadonlyMap<string, StoredPackage>,
): string {
  const folder = `store/${stored.key}/node_modules/${stored.name}`;
  const self = [
    `    name = "${stored.key}.files",`,
    `    package_name = "${stored.name}",`,
    ...(stored.publishedName === stored.name ? [] : [`    published_name = "${stored.publishedName}",`]),
    `    package_version = "${stored.version}",`,
    `    key = "${stored.key}",`,
    `    directory = "${folder}",`,
    `    license = ${JSON.stringify(stored.license)},`,
    `    checksum = "${checksumOf(stored.integrity)}",`,
    `    meta = "store/${stored.key}/package.meta.json",`,
  ];
  // Packages may need each other in a circle, targets may not: so the closure is spelled out here.
  const closure = closureOf(stored.key, (key) => Object.values(byKey.get(key)?.deps ?? {})).map(
    (key) => `        ":${key}.files",`,
  );
  const whole = [
    `    name = "${stored.key}",`,
    `    files = ":${stored.key}.files",`,
    `    closure = [`,
    ...closure,
    `    ],`,
  ];
  if (types !== undefined && types.key !== stored.key) whole.push(`    types = ":${types.key}",`);
  return `npm_files(\n${self.join('\n')}\n)\n\nnpm_package(\n${whole.join('\n')}\n)`;
}

/** Subresource integrity (`sha512-<base64> sha1-…`) as the strongest of its hashes: `sha512:<hex>`. */
export function checksumOf(integrity: string): string {
  const hashes = integrity.split(/\s+/).filter((hash) => hash !== '');
  const best = ['sha512', 'sha384', 'sha256', 'sha1'].flatMap((algorithm) =>
    hashes.filter((hash) => hash.startsWith(`${algorithm}-`)),
  )[0];
  if (best === undefined) return '';
  const [algorithm, base64 = ''] = best.split('-');
  return `${algorithm}:${Buffer.from(base64, 'base64').toString('hex')}`;
}

/** The @types package of `name`: `ws` → `@types/ws`, `@a/b` → `@types/a__b`. */
function typesName(name: string): string {
  return `@types/${name.startsWith('@') ? name.slice(1).replace('/', '__') : name}`;
}
