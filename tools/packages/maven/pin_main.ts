// `bazel run //tools/packages:maven_pin -- third_party/maven/x.json`: writes the lock, prints what changed.
// Maven itself resolves, by its own rules and the user's own settings.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { digestOfFile } from '../../lib/digest.ts';
import { createLog, step } from '../../lib/log.ts';
import { cacheRoot } from '../../lib/state.ts';
import { keep } from '../fetch/download.ts';
import { lockPathOf, parsePinArguments, readList, readLockBefore, textBefore } from '../pin/arguments.ts';
import { applyChanges, lockText, type PinnedVersions } from '../pin/changes.ts';
import { runTool } from '../pin/run_tool.ts';
import type { LockedArtifact, MavenLock, MavenWishes } from './lock_format.ts';
import { artifactPath, licenseOf, pomOf, pomPath, readTree } from './resolve.ts';
import { compareVersions } from './version.ts';

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { shown, listPath, allowDowngrade } = parsePinArguments(argv, 'third_party/maven/x.json');
  const wishes = (await readList(listPath)) as MavenWishes;
  const folder = await mkdtemp(join(tmpdir(), 'fathom-maven-'));
  try {
    await writeFile(join(folder, 'pom.xml'), pomOf(wishes));
    const args = [
      '--batch-mode',
      '--quiet',
      `${PLUGIN}:copy-dependencies`,
      `${PLUGIN}:tree`,
      '-DincludeScope=runtime',
      '-DoutputDirectory=files',
      '-Dmdep.useRepositoryLayout=true',
      '-Dmdep.copyPom=true',
      '-Dmdep.addParentPoms=true',
      '-Dscope=runtime',
      '-Dverbose',
      '-DoutputType=tgf',
      '-DoutputFile=tree.tgf',
    ];
    const run = () =>
      runTool('mvn', args, {
        doing: `Resolving the artifacts of ${shown}`,
        cwd: folder,
        env,
        signal,
        hint: 'Correct the coordinates that Maven names, or its settings (~/.m2/settings.xml).',
        missingHint: 'Install it (`apt-get install maven`): pinning needs Maven, building does not.',
      });
    await step(`resolving ${wishes.artifacts.length} artifacts with mvn`, run, { log });
    const artifacts = await readArtifacts(folder);
    const lock: MavenLock = { version: 1, artifacts };
    const lockPath = lockPathOf(listPath);
    const before = (await readLockBefore(lockPath)) as MavenLock | undefined;
    await applyChanges({
      before: versionsOf(before),
      after: versionsOf(lock),
      compare: compareVersions,
      allowDowngrade,
      files: new Map([[lockPath, lockText(lock)]]),
      isUnchanged: (await textBefore(lockPath)) === lockText(lock),
      log,
      // Maven has checked them; hashed once more, they are where builds look for them.
      verify: async (names) => {
        for (const name of names) {
          const { path, sha256 } = artifacts[name] ?? { path: '', sha256: '' };
          const pinned = { file: path.split('/').at(-1) ?? '', sha256 };
          await keep(join(folder, 'files', path), 'Maven', pinned, cacheRoot(env));
        }
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function readArtifacts(folder: string): Promise<Record<string, LockedArtifact>> {
  const tree = readTree(await readFile(join(folder, 'tree.tgf'), 'utf8'));
  const artifacts: Record<string, LockedArtifact> = {};
  const readPom = (path: string) => readFile(join(folder, 'files', path), 'utf8').catch(() => undefined);
  for (const [key, resolved] of [...tree].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = artifactPath(resolved);
    const file = join(folder, 'files', path);
    const sha256 = (await digestOfFile(file)).slice('sha256:'.length);
    const license = await licenseOf((await readPom(pomPath(resolved))) ?? '', readPom);
    const { size } = await stat(file);
    artifacts[key] = { version: resolved.version, path, sha256, size, license, depends: resolved.depends };
  }
  return artifacts;
}

function versionsOf(lock: MavenLock | undefined): PinnedVersions {
  const all = Object.entries(lock?.artifacts ?? {});
  return new Map(all.map(([key, { version, sha256 }]) => [key, { version, hash: sha256 }]));
}
