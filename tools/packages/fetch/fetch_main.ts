// Stage 0: run by repository rules in the repository's folder: `node fetch_main.ts '<request as JSON>'`.
// Puts the verified file at `output`; for `maven_default` prints whether Maven's own default is asked for.
import { constants, copyFile, readFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { cacheRoot } from '../../lib/state.ts';
import { debianSources, findMirrors } from './debian_sources.ts';
import { download } from './download.ts';
import { centralOf, configuredRepositories, readSettings } from './maven_repositories.ts';
import { fetchWheel } from './pip.ts';

/** What a repository rule asks for; `output` is relative to the repository. */
type Request =
  | { readonly kind: 'maven_default' }
  | ({ readonly output: string; readonly file: string; readonly sha256: string } & (
      | {
          readonly kind: 'debian';
          readonly archive: string;
          readonly path: string;
          readonly snapshot: string;
          readonly mirrors: readonly string[];
        }
      | { readonly kind: 'maven'; readonly path: string; readonly super_pom: string | null }
      | { readonly kind: 'pypi'; readonly requirement: string; readonly platform: string; readonly python: string }
    ));

await runMain(async ({ argv, env, signal }) => {
  const request = JSON.parse(argv[0] ?? 'null') as Request;
  if (request.kind === 'maven_default') {
    const configured = configuredRepositories(env, await readSettings(env));
    process.stdout.write(configured.length === 0 ? 'default' : 'configured');
    return;
  }
  const cache = cacheRoot(env);
  const fetchFile = async (): Promise<string> => {
    switch (request.kind) {
      case 'debian': {
        const sources = debianSources(request, await findMirrors(env, request.mirrors), env);
        const goneHint =
          'Pin anew (`bazel run @fathom//tools/packages:debian_pin -- <list>.json`), or set FATHOM_DEBIAN_SNAPSHOTS to the base URL of a snapshot archive.';
        return download(request, { sources, cache, signal, goneHint });
      }
      case 'maven': {
        const configured = configuredRepositories(env, await readSettings(env));
        const bases = configured.length > 0 ? configured : [centralOf(await readSuperPom(request.super_pom))];
        const goneHint =
          'Pin another version (`bazel run @fathom//tools/packages:maven_pin -- <list>.json`), or set FATHOM_MAVEN_MIRROR to a repository that has it.';
        const sources = bases.map((base) => `${base}/${request.path}`);
        return download(request, { sources, cache, signal, goneHint });
      }
      case 'pypi':
        return fetchWheel(request, { cache, env, signal });
    }
  };
  // A copy (a clone, where the file system can): caches may be deleted at any time.
  await copyFile(await fetchFile(), request.output, constants.COPYFILE_FICLONE);
});

async function readSuperPom(path: string | null): Promise<string> {
  if (path === null) {
    throw new ToolError('MAVEN_NO_REPOSITORY', 'Finding a Maven repository: none is configured', {
      hint: 'Set FATHOM_MAVEN_MIRROR to the base URL of one, or name a mirror in ~/.m2/settings.xml.',
    });
  }
  return readFile(path, 'utf8');
}
