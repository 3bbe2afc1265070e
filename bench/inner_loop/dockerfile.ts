// The same service for those that go by a Dockerfile: same files, same packages, same compiler, same files below.
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { readImage } from '../../tools/oci/index.ts';
import { builtFile } from '../../tools/oci/inspect/built_image.ts';
import type { Builder } from '../builders/builder.ts';
import { type GreeterWorkspace, NAME, sourcesOf } from './greeter.ts';

const SOURCES = ['services/kit', `services/${NAME}`];
const CONTRACT = `proto/${NAME}/v1`;

/** What is below: `run` has the packages that the program needs, `build` those that the compiler needs as well. */
export interface BaseImages {
  readonly run: string;
  readonly build: string;
}

/**
 * Makes the images below, which seldom change: a Dockerfile as Docker advises has them as layers of their own, from `npm ci`;
 * here packages come from where Bazel has them.
 */
export async function buildBases(
  builder: Builder,
  {
    workspace,
    folder,
    bases,
  }: { readonly workspace: GreeterWorkspace; readonly folder: string; readonly bases: BaseImages },
): Promise<void> {
  const { bin, executionRoot } = workspace;
  const place = { executionRoot, output: bin };
  const image = await readImage(join(bin, `services/${NAME}/image.json`), (path) => builtFile(place, path));
  const run = join(folder, 'run');
  await mkdir(run, { recursive: true });
  // All layers but the service's own, which is the last one.
  const layers = image.layers.slice(0, -1);
  for (const [index, { path }] of layers.entries()) await decompress(path, join(run, `${index}.tar`));
  const adds = layers.map((_, index) => `ADD ${index}.tar /`);
  await writeFile(join(run, 'Dockerfile'), ['FROM scratch', ...adds, ''].join('\n'));
  await builder.build(run, bases.run);
  await builder.push(bases.run);
  const build = join(folder, 'build');
  await copyPackages(workspace, build);
  await writeFile(join(build, 'Dockerfile'), `FROM ${bases.run}\nCOPY . /src/\n`);
  await builder.build(build, bases.build);
  await builder.push(bases.build);
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createZstdDecompress(), createWriteStream(to));
}

interface NpmLayer {
  readonly packages: readonly { readonly key: string; readonly directory: string }[];
  readonly roots: readonly { readonly key: string; readonly name: string }[];
}

/** node_modules as the compiler wants it, with types; and the compiler. */
async function copyPackages({ bin, executionRoot }: GreeterWorkspace, target: string): Promise<void> {
  const layer = JSON.parse(await readFile(join(bin, `services/${NAME}/image__npm.layer.json`), 'utf8')) as NpmLayer;
  const compile = JSON.parse(await readFile(join(bin, 'services/kit/kit.compile.json'), 'utf8')) as {
    readonly tsc: string;
  };
  const store = join(target, 'node_modules/.store');
  const outputBase = dirname(dirname(executionRoot));
  const copy = (from: string, to: string) => cp(from, to, { recursive: true, verbatimSymlinks: true });
  for (const { key, directory } of layer.packages) {
    const folder = join(outputBase, directory.slice(0, directory.indexOf(key)), key);
    await copy(folder, join(store, key));
  }
  for (const { key, name } of layer.roots) {
    const link = join(target, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), join(store, key, 'node_modules', name)), link);
  }
  await copy(dirname(dirname(join(outputBase, compile.tsc))), join(target, 'typescript'));
}

/** Writes the sources and the Dockerfile; the line that changes is in `services/hello`, which is copied last. */
export async function writeContext(
  { root, bin }: GreeterWorkspace,
  { context, bases }: { readonly context: string; readonly bases: BaseImages },
): Promise<void> {
  const copy = async (from: string, path: string) => {
    await mkdir(dirname(join(context, path)), { recursive: true });
    await copyFile(join(from, path), join(context, path));
  };
  for (const folder of SOURCES) for (const path of await sourcesOf(root, folder)) await copy(root, path);
  // What protoc has made of the contract is checked in, as it is where there is no Bazel.
  for (const name of await readdir(join(bin, CONTRACT))) {
    if (/(\.d\.ts|\.js)$/.test(name)) await copy(bin, `${CONTRACT}/${name}`);
  }
  const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
    readonly compilerOptions: Readonly<Record<string, unknown>>;
  };
  const own = { noEmit: false, sourceMap: true, outDir: 'out', rootDir: '.', rootDirs: undefined };
  const write = (path: string, config: object) => writeFile(join(context, path), JSON.stringify(config, null, 2));
  await write('tsconfig.json', { compilerOptions: { ...compilerOptions, ...own }, files: [] });
  // The kit is compiled in a layer of its own; the service, against what that says of its types.
  const project = { extends: '../../tsconfig.json', include: ['*.ts'] };
  await write('services/kit/tsconfig.json', { ...project, compilerOptions: { composite: true } });
  await write(`services/${NAME}/tsconfig.json`, {
    ...project,
    compilerOptions: { declaration: false },
    references: [{ path: '../kit' }],
  });
  await writeFile(join(context, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(context, 'Dockerfile'), dockerfile(bases));
}

function dockerfile({ run, build }: BaseImages): string {
  const main = `/app/services/${NAME}/main.js`;
  return `FROM ${build} AS build
WORKDIR /src
COPY package.json tsconfig.json ./
COPY proto proto
COPY services/kit services/kit
RUN ["typescript/lib/tsc", "-b", "services/kit"]
COPY services/${NAME} services/${NAME}
RUN ["typescript/lib/tsc", "-p", "services/${NAME}"]

FROM ${run}
WORKDIR /app
COPY package.json ./
COPY proto proto
COPY --from=build /src/out/services/kit services/kit
COPY --from=build /src/out/services/${NAME} services/${NAME}
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["/usr/local/bin/node", "--enable-source-maps", "${main}"]
`;
}
