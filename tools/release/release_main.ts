// bazel run //tools/release -- [--output=DIR] [--url=URL] [--commit=COMMIT]: see docs/release.md.
import { parseArgs } from 'node:util';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { gitIn } from '../lib/git.ts';
import { createLog } from '../lib/log.ts';
import { userPath } from '../lib/runfiles.ts';
import { moduleLines, workspaceLines, writeArchive, writeRegistry } from './release.ts';
import { isInChangelog } from './version.ts';

await runMain(async ({ argv, env }) => {
  const log = createLog();
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const { output = 'dist', url, commit = 'HEAD' } = options(argv);
  const folder = userPath(output, env);
  const release = await writeArchive({ workspace, commit, output: folder, ...(url === undefined ? {} : { url }) });
  if (commit === 'HEAD' && (await gitIn(workspace)('status', '--porcelain')) !== '')
    log.warn('what is not committed is not in the archive');
  if (!isInChangelog(release.entries, release.version))
    log.warn(`CHANGELOG.md has no section [${release.version}]: rename [Unreleased] before others get this`);
  if (url === undefined) log.warn('no --url: the lines below load the archive from this machine');
  log.info(`${release.archive}: ${release.entries.length} files, integrity ${release.integrity}`);
  process.stdout.write(`# In a WORKSPACE:\n${workspaceLines(release)}\n# In a MODULE.bazel:\n${moduleLines(release)}`);
  log.info(`${await writeRegistry(release, folder)}: bazel_dep(name = "fathom", version = "${release.version}")`);
});

function options(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...argv], options: { output: text, url: text, commit: text } }).values;
  } catch (cause) {
    throw new ToolError(
      'RELEASE_USAGE',
      `Making a release: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        hint: 'Options are --output=DIR, --url=URL and --commit=COMMIT.',
      },
    );
  }
}
