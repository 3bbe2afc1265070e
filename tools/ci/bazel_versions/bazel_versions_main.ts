// bazel run //tools/ci/bazel_versions -- [--mode=…] [--part=…] [TARGET…]: what holds with the Bazel of another Debian.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { readExamples } from '../../lib/examples.ts';
import { createLog } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { userPath } from '../../lib/runfiles.ts';
import { type Machine, type Step, machineStep, machineSteps, renewSteps } from '../fresh_machine/plan.ts';
import { hostMirror, runSteps } from '../fresh_machine/run_steps.ts';
import { type BuildResult, builtBelow, imagesOf } from '../reproducible/builds.ts';
import { disagreements } from '../reproducible/compare.ts';
import { INSTALL, MODES, type Mode, PARTS, bazelThere, chosen } from './plan.ts';
import { writeRegistry } from './write_registry.ts';

const FILES: Readonly<Record<Mode, string>> = { workspace: 'WORKSPACE', modules: 'MODULE.bazel' };

const TESTS_TIMEOUT_MS = 4 * 60 * 60_000;

await runMain(async ({ argv, env, signal }) => {
  const several = (value: string, before: readonly string[]) => [...before, value];
  const command = new Command('bazel_versions')
    .description(
      'With the Bazel of another Debian, by WORKSPACE and by MODULE.bazel: images have the same digests as with that of this machine, tests pass, and so do those of the examples.',
    )
    .argument('[targets...]', 'the images to build; without any, all of services and prod')
    .option('--mode <mode>', `${MODES.join(' or ')}; may be repeated. Default: both`, several, [])
    .option('--part <part>', `${PARTS.join(', ')}; may be repeated. Default: all`, several, [])
    .option('--tests <pattern>', 'the tests to run; may be repeated. Default: //...', several, [])
    .option('--suite <release>', 'the Debian whose Bazel it is', 'forky')
    .option('--cache <folder>', 'use this folder as the cache of builds there; without it, everything is built')
    .option(
      '--machine <folder>',
      'make the Debian in this folder, keep it, and go on with the one that is there; without it, one for this run',
    )
    .option('--bazel <program>', "this machine's Bazel", env['FATHOM_BAZEL'] ?? 'bazel')
    .parse([...argv], { from: 'user' });
  const options = command.opts<{
    mode: readonly string[];
    part: readonly string[];
    tests: readonly string[];
    suite: string;
    cache?: string;
    machine?: string;
    bazel: string;
  }>();
  const { suite, cache, bazel } = options;
  const [modes, parts] = [pick('mode', MODES, options.mode), pick('part', PARTS, options.part)];
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const targets =
    command.args.length > 0 || !parts.includes('images') ? command.args : await imagesOf(bazel, workspace, signal);
  const kept = options.machine === undefined ? undefined : userPath(options.machine, env);
  const root = kept ?? (await mkdtemp('/var/tmp/fathom-bazel-'));
  try {
    const machine: Machine = {
      root,
      suite,
      mirror: await hostMirror(),
      workspace,
      ...(cache === undefined ? {} : { cache: userPath(cache, env) }),
    };
    const there = (what: string, command: string, timeoutMs?: number): Step => ({
      ...machineStep(machine, command, timeoutMs),
      what,
    });
    const run = (...steps: readonly Step[]) => runSteps(steps, { log, signal });
    await mkdir(root, { recursive: true });
    const steps = existsSync(join(root, 'src/.git')) ? renewSteps(machine) : machineSteps(machine);
    await run(...steps, there(`Installing the Bazel of ${suite}`, INSTALL));
    const examples = await readExamples(workspace);
    await writeRegistry(root, ['src/MODULE.bazel', ...examples.map(({ folder }) => `src/${folder}/MODULE.bazel`)]);
    if (parts.includes('images')) {
      await run({
        what: `Building ${targets.length} images with this machine's Bazel`,
        command: ['sh', '-euc', 'cd "$0" && exec "$@"', workspace, bazel, 'build', '--', ...targets],
        timeoutMs: 60 * 60_000,
      });
    }
    const failures: string[] = [];
    // What runs for hours says all that is wrong, not the first alone.
    const attempt = async (what: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof ToolError) || signal.aborted) throw error;
        log.error(`${error.code}: ${error.message}`);
        failures.push(what);
      }
    };
    for (const mode of modes) {
      const by = `by ${FILES[mode]}`;
      if (parts.includes('images')) {
        await attempt(`images ${by}`, async () => {
          await run(there(`Building them there ${by}`, bazelThere(mode, 'build', targets)));
          const built = await builtBelow(join(root, await readlink(join(root, 'src/bazel-bin'))));
          // A checkout keeps what was built in it before.
          const here = await builtBelow(await readlink(join(workspace, 'bazel-bin')), built.digests);
          compare(here, built, mode);
          for (const [name, digest] of built.digests) process.stdout.write(`${digest} ${mode} ${name}\n`);
          log.info(`${built.digests.size} digests are the same ${by}`);
        });
      }
      if (parts.includes('tests')) {
        const patterns = options.tests.length > 0 ? options.tests : ['//...'];
        await attempt(`tests ${by}`, () =>
          run(there(`Testing there ${by}`, bazelThere(mode, 'test', patterns), TESTS_TIMEOUT_MS)),
        );
      }
      if (parts.includes('example')) {
        for (const { folder, targets } of examples) {
          const command = bazelThere(mode, 'test', targets, folder);
          await attempt(`${folder} ${by}`, () =>
            run(there(`Testing ${folder} there ${by}`, command, TESTS_TIMEOUT_MS)),
          );
        }
      }
    }
    if (parts.includes('next')) {
      await attempt('what the next Bazels have no more', () =>
        run(there('Analysing all targets there as the next Bazels would', bazelThere('next', 'analyse', ['//...']))),
      );
      for (const { folder, targets } of examples) {
        const command = bazelThere('next', 'test', targets, folder);
        await attempt(`${folder} as with the next Bazels`, () =>
          run(there(`Testing ${folder} there as the next Bazels would`, command, TESTS_TIMEOUT_MS)),
        );
      }
    }
    if (failures.length > 0) {
      throw new ToolError('BAZEL_VERSIONS_FAILED', `With the Bazel of ${suite}: ${failures.join(', ')} failed`, {
        hint: 'The output above says why; with --machine, what was built there is there for the next run.',
      });
    }
    return 0;
  } finally {
    if (kept === undefined) await removeTree(root);
  }
});

function pick<T extends string>(option: string, items: readonly T[], named: readonly string[]): readonly T[] {
  const picked = chosen(items, named);
  if (picked !== undefined) return picked;
  throw new ToolError('BAZEL_VERSIONS_USAGE', `Reading --${option}: ${named.join(', ')} is not known`, {
    hint: `Name ${items.join(', ')}.`,
  });
}

/** Throws BAZEL_VERSIONS_NOTHING, BAZEL_VERSIONS_DIFFER. */
function compare(here: BuildResult, there: BuildResult, mode: Mode): void {
  if (there.digests.size === 0) {
    throw new ToolError('BAZEL_VERSIONS_NOTHING', 'Comparing builds: no image was built', {
      hint: 'Name targets that are images, such as //services/....',
    });
  }
  const differences = disagreements(here, there);
  if (differences.length === 0) return;
  throw new ToolError(
    'BAZEL_VERSIONS_DIFFER',
    `Comparing builds by ${FILES[mode]}: ${differences.length} of ${there.digests.size} digests differ\n${differences.join('\n')}`,
    { hint: 'Look for a label, a path or an order that depends on the version of Bazel, or on names of repositories.' },
  );
}
