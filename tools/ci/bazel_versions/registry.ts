// A module registry on this machine: what the modules of Bazel itself ask for, with nothing from the network.

/** A rule set that is installed here. */
export interface InstalledModule {
  /** Its folder. */
  readonly path: string;
  /** Its MODULE.bazel. */
  readonly text: string;
}

/** Options of {@link registryFiles}. */
export interface RegistryOptions {
  /** Texts of the MODULE.bazel files whose dependencies the registry must have: that of Bazel's own tools is one. */
  readonly asking: readonly string[];
  readonly installed: readonly InstalledModule[];
}

// The folder of all modules that are not installed, in the registry.
const EMPTY = 'empty';

const MODULE = /^module\(([^)]*)\)/m;

/**
 * Relative path → content. Each version that anything asks for is there: it is the installed rule set, whichever version
 * that has; for modules that are not installed, and of which nothing here needs more than their names, an empty one.
 */
export function registryFiles({ asking, installed }: RegistryOptions): ReadonlyMap<string, string> {
  const byName = new Map(installed.map((one) => [moduleName(one.text), one]));
  const files = new Map([
    ['bazel_registry.json', `${JSON.stringify({ module_base_path: '.' })}\n`],
    [`${EMPTY}/REPO.bazel`, ''],
  ]);
  const texts = [...asking];
  for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
    for (const { name, version } of dependencies(text)) {
      const folder = `modules/${name}/${version}`;
      if (files.has(`${folder}/MODULE.bazel`)) continue;
      const source = byName.get(name);
      const module =
        source === undefined ? `module(name = "${name}", version = "${version}")\n` : at(source.text, version);
      files.set(`${folder}/MODULE.bazel`, module);
      files.set(`${folder}/source.json`, `${JSON.stringify(sourceOf(source))}\n`);
      texts.push(module);
    }
  }
  return files;
}

/** The dependencies that count for whoever depends on the module: not those of its own development. */
function dependencies(text: string): readonly { readonly name: string; readonly version: string }[] {
  return [...text.matchAll(/^bazel_dep\(([^)]*)\)/gm)].flatMap(([, values = '']) => {
    const [name, version] = [argument(values, 'name'), argument(values, 'version')];
    const counts = !/\bdev_dependency\s*=\s*True/.test(values);
    return name !== undefined && version !== undefined && counts ? [{ name, version }] : [];
  });
}

function moduleName(text: string): string {
  return argument(MODULE.exec(text)?.[1] ?? '', 'name') ?? '';
}

function argument(values: string, key: string): string | undefined {
  return new RegExp(`\\b${key}\\s*=\\s*"([^"]*)"`).exec(values)?.[1];
}

/** The same module under another version: it is what there is. */
function at(text: string, version: string): string {
  return text.replace(MODULE, (call) => call.replace(/\bversion\s*=\s*"[^"]*"/, `version = "${version}"`));
}

function sourceOf(source: InstalledModule | undefined): object {
  return { type: 'local_path', path: source?.path ?? EMPTY };
}
