// The contract of a gRPC service that is called: where it is, as far as BUILD files and sources say so.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from '../lib/errors.ts';

/** A service of a .proto file, and its TypeScript. */
export interface Contract {
  /** The ts_proto_library: `//proto/routeguide/v1:route_guide_ts`. */
  readonly label: string;
  /** The .proto file without its ending, which is that of the generated module too: `proto/routeguide/v1/route_guide`. */
  readonly module: string;
  /** `RouteGuide` */
  readonly service: string;
}

/** The contract that the service in services/<path> implements. Throws NEW_DEPENDENCY_CONTRACT. */
export async function findContract(path: string, workspace: string): Promise<Contract> {
  const folder = join(workspace, 'services', path);
  const build = await textOf(join(folder, 'BUILD.bazel'));
  const packages = new Set([...build.matchAll(/"\/\/(proto\/[\w/]+)[:"]/g)].map(([, name = '']) => name));
  const named = (await Promise.all([...packages].map((name) => contractsIn(name, workspace)))).flat();
  if (named.length === 1 && named[0] !== undefined) return named[0];
  // Of several, the one whose definition the sources give to their server; the others are called.
  const sources = await textsIn(folder, /\.ts$/);
  const own = named.filter(({ service }) => sources.some((text) => new RegExp(`\\b${service}Service\\b`).test(text)));
  if (own.length === 1 && own[0] !== undefined) return own[0];
  const found = named.map(({ module, service }) => `${service} of ${module}.proto`).join(', ') || 'none';
  throw new ToolError(
    'NEW_DEPENDENCY_CONTRACT',
    `Reading --deps: which contract services/${path} has is not clear from its BUILD file, which names ${found}`,
    { hint: "Leave it out here, and add it to 'deps' in the new BUILD file by hand: docs/services.md, Contracts." },
  );
}

/** The services of a package below proto/ that have TypeScript. */
async function contractsIn(name: string, workspace: string): Promise<readonly Contract[]> {
  const folder = join(workspace, name);
  const library = /\bts_proto_library\(\s*name = "([^"]+)"/.exec(await textOf(join(folder, 'BUILD.bazel')))?.[1];
  if (library === undefined) return [];
  const files = (await readdir(folder)).filter((file) => file.endsWith('.proto'));
  const contracts = files.map(async (file) => {
    const services = (await textOf(join(folder, file))).matchAll(/^service (\w+) \{/gm);
    const module = `${name}/${file.replace(/\.proto$/, '')}`;
    return [...services].map(([, service = '']) => ({ label: `//${name}:${library}`, module, service }));
  });
  return (await Promise.all(contracts)).flat();
}

async function textsIn(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name) && !name.endsWith('_test.ts'));
  return Promise.all(names.map((name) => textOf(join(folder, name))));
}

/** A file's text; empty where there is none. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
}
