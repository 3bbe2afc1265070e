// The sides that build an image of a Go program: Fathom's rules, and ko with Go's own cache.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Workspace } from '../../tools/ci/services/workspace.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import type { RealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { run } from '../builders/builder.ts';
import { GO_MOD, MODULES_GO, goBuildFile, goFolder, goLineOf, goSourceOf } from './go_sources.ts';
import { type Side, bazelBuild } from './sides.ts';
import { type Below, buildFile, writeBelow } from './sources.ts';

/** Fathom, in a workspace that loads GO_LOADS and whose Bazel runs already. */
export function fathomGoSide(workspace: Workspace): Side {
  const build = (below: Below) => bazelBuild(workspace, `//${goFolder(below)}:image`);
  const write: Side['write'] = (below, version) =>
    workspace.write({ [`${goFolder(below)}/main.go`]: goSourceOf(version) });
  return {
    name: 'fathom',
    lineOf: goLineOf,
    async prepare(below) {
      await writeBelow(workspace.root, below);
      await workspace.write({
        [`${below.folder}/BUILD.bazel`]: buildFile(below),
        [`${goFolder(below)}/BUILD.bazel`]: goBuildFile(below),
        'third_party/go/BUILD.bazel': 'exports_files(["go.mod", "go.sum", "modules.go"])\n',
        'third_party/go/go.mod': GO_MOD,
        'third_party/go/go.sum': '',
        'third_party/go/modules.go': MODULES_GO,
      });
      await write(below, 'none');
      await build(below);
    },
    write,
    build,
    built: async (below) => {
      const layer = join(workspace.root, 'bazel-bin', goFolder(below), 'image__program.tar.zst');
      return zstdDecompressSync(await readFile(layer)).toString('latin1');
    },
  };
}

/**
 * ko, which looks at the image below in a registry on loopback. What it builds is not pushed while time is taken, as
 * nobody else's is; it is afterwards, to look into it.
 */
export async function koSide(registry: RealRegistry, root: string, signal: AbortSignal): Promise<Side> {
  const [ko, crane, sdk] = [peerPath('KO'), peerPath('CRANE'), runfile('fathom_go_sdk/go')];
  const folder = (below: Below) => join(root, goFolder(below));
  const base = (below: Below) => `${registry.endpoint}/${below.folder}:v1`;
  const env = {
    ...process.env,
    GOCACHE: join(root, 'go-build'),
    // Without debug information, as the rules build: nobody debugs in an image.
    GOFLAGS: '-mod=mod -gcflags=all=-dwarf=false',
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
    PATH: `${sdk}/bin:${process.env['PATH'] ?? ''}`,
  };
  const koBuild = async (below: Below, ...options: readonly string[]) => {
    const from = { KO_DEFAULTBASEIMAGE: base(below), KO_DOCKER_REPO: `${registry.endpoint}/${goFolder(below)}` };
    const args = ['build', '--bare', '--platform=linux/amd64', ...options, '.'];
    return (await run(ko, args, { cwd: folder(below), env: { ...env, ...from }, signal })).trim();
  };
  const write: Side['write'] = (below, version) => writeFile(join(folder(below), 'main.go'), goSourceOf(version));
  const digests = new Map<Below, string>();
  const build = async (below: Below) => {
    digests.set(below, await koBuild(below, '--push=false'));
  };
  return {
    name: `ko ${(await run(ko, ['version'], { signal })).trim()}`,
    lineOf: goLineOf,
    async prepare(below) {
      await writeBelow(root, below);
      const tar = join(root, `${below.folder}.tar`);
      await run('tar', ['-cf', tar, '-C', join(root, below.folder), 'data'], { signal });
      await run(crane, ['append', '--insecure', '--platform=linux/amd64', '-f', tar, '-t', base(below)], { signal });
      await run(crane, ['mutate', '--insecure', '--set-platform=linux/amd64', base(below), '-t', base(below)], {
        signal,
      });
      await mkdir(folder(below), { recursive: true });
      await writeFile(join(folder(below), 'go.mod'), GO_MOD);
      await writeFile(join(folder(below), '.ko.yaml'), 'defaultLdflags: ["-s", "-w"]\n');
      await write(below, 'none');
      await build(below);
    },
    write,
    build,
    async built(below) {
      const pushed = await koBuild(below);
      // What is not pushed is named with a tag as well.
      const digestOf = (name = '') => name.split('@')[1];
      const [now, before] = [digestOf(pushed), digestOf(digests.get(below))];
      if (now === undefined || now !== before) throw new Error(`ko pushed ${now}, and had built ${before}`);
      const manifest = JSON.parse(await run(crane, ['manifest', '--insecure', pushed], { signal })) as {
        readonly layers: readonly { readonly digest: string }[];
      };
      const blob = `http://${registry.endpoint}/v2/${goFolder(below)}/blobs/${manifest.layers.at(-1)?.digest ?? ''}`;
      const response = await fetch(blob, { signal });
      const layer = gunzipSync(Buffer.from(await response.arrayBuffer())).toString('latin1');
      if (layer.includes('.debug_info')) throw new Error('ko packs debug information, which the rules leave out');
      return layer;
    },
  };
}
