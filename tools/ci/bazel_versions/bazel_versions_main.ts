// bazel run //tools/ci/bazel_versions -- [--cache=FOLDER] [TARGET…]: the same images with the Bazel of another Debian.
import { mkdtemp, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { userPath } from '../../lib/runfiles.ts';
import { type Machine, machineStep, machineSteps } from '../fresh_machine/plan.ts';
import { hostMirror, runSteps } from '../fresh_machine/run_steps.ts';
import { builtBelow, imagesOf } from '../reproducible/builds.ts';
import { disagreements } from '../reproducible/compare.ts';

// What builds need, as in `./fathom`, and the rule sets that Bazel 7 loads for its own toolchains: Debian's packages of
// them, so that nothing is downloaded from elsewhere. A release that is not out yet has an index that may have expired.
const INSTALL = [
  'echo \'Acquire::Check-Valid-Until "false";\' > /etc/apt/apt.conf.d/90expired',
  'apt-get update -qq',
  'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bazel-bootstrap bazel-skylib ca-certificates gcc git libc6-dev libseccomp-dev pkg-config python3 python3-pip > /dev/null',
  'bazel --version',
  // Its node comes with the npm that packages are fetched with.
  './fathom --help > /dev/null',
].join(' && ');

// Bazel 7 prefers MODULE.bazel, and warns of each npm package, which is a folder of sources that it does not watch.
const STARTUP = '--host_jvm_args=-DBAZEL_TRACK_SOURCE_DIRECTORIES=1';
const RULES = '/usr/share/bazel/rules';
const FLAGS = [
  '--noenable_bzlmod',
  '--enable_workspace',
  ...['cc', 'java', 'license', 'proto', 'python'].map((name) => `--override_repository=rules_${name}=${RULES}/${name}`),
  '--override_repository=bazel_skylib=/usr/share/bazel/tools/skylib',
  // What differs is looked for in the layers, which would stay in the cache otherwise.
  '--remote_download_outputs=all',
  '--color=no',
  '--curses=no',
  '--noshow_progress',
].join(' ');

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('bazel_versions')
    .description("Builds images with this machine's Bazel and with that of another Debian, and compares their digests.")
    .argument('[targets...]', 'what to build; without any, all images of services and prod')
    .option('--suite <release>', 'the Debian whose Bazel it is', 'forky')
    .option('--cache <folder>', 'use this folder as the cache of builds there; without it, everything is built')
    .option('--bazel <program>', "this machine's Bazel", env['FATHOM_BAZEL'] ?? 'bazel')
    .parse([...argv], { from: 'user' });
  const { suite, cache, bazel } = command.opts<{ suite: string; cache?: string; bazel: string }>();
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const targets = command.args.length > 0 ? command.args : await imagesOf(bazel, workspace, signal);
  const root = await mkdtemp('/var/tmp/fathom-bazel-');
  try {
    const machine: Machine = {
      root,
      suite,
      mirror: await hostMirror(),
      workspace,
      ...(cache === undefined ? {} : { cache: userPath(cache, env) }),
    };
    const build = `bazel ${STARTUP} build ${FLAGS} -- ${targets.join(' ')}`;
    await runSteps(
      [
        ...machineSteps(machine),
        { ...machineStep(machine, INSTALL), what: `Installing the Bazel of ${suite}` },
        { ...machineStep(machine, build), what: `Building ${targets.length} targets with it` },
        {
          what: "Building them with this machine's Bazel",
          command: ['sh', '-euc', 'cd "$0" && exec "$@"', workspace, bazel, 'build', '--', ...targets],
          timeoutMs: 60 * 60_000,
        },
      ],
      { log, signal },
    );
    const there = await builtBelow(join(root, await readlink(join(root, 'src/bazel-bin'))));
    // A checkout keeps what was built in it before.
    const here = await builtBelow(await readlink(join(workspace, 'bazel-bin')), there.digests);
    if (there.digests.size === 0) {
      throw new ToolError('BAZEL_VERSIONS_NOTHING', 'Comparing builds: no image was built', {
        hint: 'Name targets that are images, such as //services/....',
      });
    }
    const differences = disagreements(here, there);
    if (differences.length > 0) {
      throw new ToolError(
        'BAZEL_VERSIONS_DIFFER',
        `Comparing builds: ${differences.length} of ${there.digests.size} digests differ\n${differences.join('\n')}`,
        { hint: 'Look for a label, a path or an order that depends on the version of Bazel.' },
      );
    }
    for (const [name, digest] of there.digests) process.stdout.write(`${digest} ${name}\n`);
    log.info(`${there.digests.size} digests are the same with both`);
    return 0;
  } finally {
    await removeTree(root);
  }
});
