// bazel run //tools/ts:sync_ide: the TypeScript that builds make of protos goes to .ide, where `npx tsc -p .` and editors
// find it beside the sources, by the `rootDirs` of tsconfig.json.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { builtFiles } from './build_events.ts';
import { syncFolder } from './sync.ts';

const run = promisify(execFile);

/** Git ignores it; tsconfig.json names it. */
const FOLDER = '.ide';

/** Rules whose sources are made by builds. */
const GENERATED = 'kind("^ts_proto_library rule$", //...)';

await runMain(async ({ env, signal }) => {
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const bazel = async (...args: readonly string[]) => {
    try {
      const options = { cwd: workspace, env, signal, maxBuffer: 64 << 20, timeout: 1_800_000 };
      return (await run(env['FATHOM_BAZEL'] ?? 'bazel', args, options)).stdout;
    } catch (cause) {
      signal.throwIfAborted();
      const said = String((cause as { readonly stderr?: unknown }).stderr ?? cause).trim();
      throw new ToolError('TS_SYNC_IDE', `Making generated TypeScript: bazel ${args[0] ?? ''} failed:\n${said}`, {
        cause,
        hint: `Mend what it says, and try it with \`bazel ${args[0] ?? ''} //...\`. FATHOM_BAZEL names another Bazel.`,
      });
    }
  };
  const targets = (await bazel('query', GENERATED)).split('\n').filter((label) => label !== '');
  const folder = await mkdtemp(join(tmpdir(), 'fathom-ide-'));
  try {
    const events = join(folder, 'events.json');
    if (targets.length > 0)
      await bazel('build', '--output_groups=sources', `--build_event_json_file=${events}`, '--', ...targets);
    const files = targets.length > 0 ? builtFiles(await readFile(events, 'utf8')) : [];
    const { written, removed } = await syncFolder(join(workspace, FOLDER), files);
    log.info(`${FOLDER}: ${files.length} files of ${targets.length} targets, ${written} written, ${removed} removed`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const tsconfig = await readFile(join(workspace, 'tsconfig.json'), 'utf8').catch(() => '');
  if (!tsconfig.includes(FOLDER))
    log.warn(
      `tsconfig.json doesn't look there: add "rootDirs": [".", "./${FOLDER}"] to its compilerOptions, and to .gitignore /${FOLDER}`,
    );
});
