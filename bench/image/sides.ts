// The sides of the comparison: each keeps its files in a folder of its own, and can say what it has built.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { Workspace } from '../../tools/ci/services/workspace.ts';
import type { LocalBuilder } from '../builders/builder.ts';
import { runBazel } from '../testbed/bazel.ts';
import {
  type Below,
  CHANGED_PATH,
  belowDockerfile,
  buildFile,
  dockerfile,
  lineOf,
  sourceOf,
  writeBelow,
} from './sources.ts';

/** One that builds images. */
export interface Side {
  readonly name: string;
  /** The text that a version has, in the source and in what is built. */
  lineOf(version: string): string;
  /** Writes and builds all, so that only the changed line is left to do. */
  prepare(below: Below): Promise<void>;
  /** Writes the file that changes. */
  write(below: Below, version: string): Promise<void>;
  build(below: Below): Promise<unknown>;
  /** The file as it is in the image, perhaps with other bytes around it. */
  built(below: Below): Promise<string>;
}

/** Builds the tools of the rules, which the disk cache may have. */
export const buildTools = (workspace: Workspace): Promise<string> =>
  runBazel(
    workspace,
    'build',
    ...['go:go_tool', 'oci:layer_tool', 'oci:image_tool'].map((tool) => `@fathom//tools/${tool}`),
  );

/** Builds targets, without a disk cache: noise is of no use to anybody. */
export const bazelBuild = (workspace: Workspace, ...targets: readonly string[]): Promise<string> =>
  runBazel(workspace, 'build', '--disk_cache=', ...targets);

/** Fathom, in a workspace whose Bazel runs already, as it does between two builds. */
export function fathomSide(workspace: Workspace): Side {
  const build = ({ folder }: Below) => bazelBuild(workspace, `//${folder}:image`);
  const write: Side['write'] = ({ folder }, version) => workspace.write({ [`${folder}/main.js`]: sourceOf(version) });
  return {
    name: 'fathom',
    lineOf,
    async prepare(below) {
      await writeBelow(workspace.root, below);
      await workspace.write({ [`${below.folder}/BUILD.bazel`]: buildFile(below) });
      await write(below, 'none');
      await build(below);
    },
    write,
    build,
    built: async ({ folder }) =>
      zstdDecompressSync(await readFile(join(workspace.root, 'bazel-bin', folder, 'image__layer.tar.zst'))).toString(),
  };
}

/** A builder that goes by a Dockerfile. */
export function dockerfileSide(builder: LocalBuilder, root: string): Side {
  const belowTag = ({ folder }: Below) => `localhost/${folder}/below:v1`;
  const tag = ({ folder }: Below) => `localhost/${folder}/image:v1`;
  const context = ({ folder }: Below) => join(root, folder, 'context');
  const write: Side['write'] = (below, version) => writeFile(join(context(below), 'main.js'), sourceOf(version));
  const build = (below: Below) => builder.build(context(below), tag(below));
  return {
    name: builder.name,
    lineOf,
    async prepare(below) {
      await writeBelow(root, below);
      const folder = join(root, below.folder);
      await writeFile(join(folder, 'Dockerfile'), belowDockerfile());
      await builder.build(folder, belowTag(below));
      await mkdir(context(below));
      await writeFile(join(context(below), 'Dockerfile'), dockerfile(belowTag(below)));
      await write(below, 'none');
      await build(below);
    },
    write,
    build,
    built: (below) => builder.read(tag(below), CHANGED_PATH),
  };
}
