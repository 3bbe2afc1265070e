// bazel run //tools/ci:hermetic -- [TARGET…]: two builds with nothing in common but the sources, compared action by action.
import { copyFile, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { userPath } from '../../lib/runfiles.ts';
import { imagesOf, plantTimestamp } from '../reproducible/builds.ts';
import { disagreements } from '../reproducible/compare.ts';
import { type Surroundings, userOf } from '../reproducible/surroundings.ts';
import { buildTwice } from '../reproducible/twice.ts';
import { bareMachine } from './bare_machine.ts';
import { compareLogFiles } from './compare_logs.ts';
import { survey } from './declared.ts';
import { judge, planted } from './verdict.ts';

/** The images of services, in all languages: without what a Kubernetes is made of. */
const IMAGES = ['//services/...', '//prod/images/redis:image'];

/** The first sees no program of the machine in its actions; the second is somebody else, with a PATH of its own. */
const SURROUNDINGS: readonly [Surroundings, Surroundings] = [
  { name: 'a', folder: 'src', umask: 0o022, timeZone: 'UTC', locale: 'C.UTF-8' },
  {
    name: 'b',
    folder: 'a/deeper/folder/src',
    umask: 0o027,
    timeZone: 'Pacific/Auckland',
    locale: 'C',
    // Debian's user for who owns nothing.
    user: { uid: 65534, name: 'nobody' },
    linkedPath: true,
  },
];

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('hermetic')
    .description('Builds targets twice, with nothing in common but the sources, and compares what each action was.')
    .argument('[targets...]', 'what to build; without any, the images of the services')
    .option(
      '--plant <file>',
      'write the time into this source of both copies: the check passes if it sees a difference',
    )
    .option('--host-programs', "let actions of the first build see the machine's programs, as cgo has to")
    .option('--logs <folder>', 'keep the execution logs there: a.json, b.json')
    .option('--bazel <program>', 'the Bazel to use', env['FATHOM_BAZEL'] ?? 'bazel')
    .parse([...argv], { from: 'user' });
  const options = command.opts<{ plant?: string; hostPrograms?: true; logs?: string; bazel: string }>();
  const { plant } = options;
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const temporary = await mkdtemp(join(tmpdir(), 'fathom-hermetic-'));
  const logs = options.logs === undefined ? temporary : userPath(options.logs, env);
  await mkdir(logs, { recursive: true });
  const logOf = ({ name }: Surroundings) => join(logs, `${name}.json`);
  const [first, second] = SURROUNDINGS;
  if (userOf(second) === undefined) log.warn('one user builds both times: only root can build as another');
  try {
    const bare = options.hostPrograms === true ? [] : await bareMachine(join(temporary, 'bare'), env['PATH'] ?? '');
    const [a, b] = await buildTwice({
      bazel: options.bazel,
      workspace,
      targets: command.args.length > 0 ? command.args : await imagesOf(options.bazel, workspace, signal, IMAGES),
      surroundings: SURROUNDINGS,
      flags: ({ name }, own, { PATH }) => [
        `--execution_log_json_file=${join(own, 'actions.json')}`,
        // A tool that Bazel keeps running sees the whole workspace.
        '--spawn_strategy=sandboxed,local',
        '--action_env=PATH=',
        // Repository rules would have the empty one, too: they run where packages are fetched, by the machine's programs.
        `--repo_env=PATH=${PATH}`,
        ...(name === first.name ? bare : []),
      ],
      keep: (surroundings, own) => copyFile(join(own, 'actions.json'), logOf(surroundings)),
      ...(plant === undefined ? {} : { prepare: (checkout: string) => plantTimestamp(checkout, plant) }),
      log,
      signal,
    });
    const comparison = await compareLogFiles(logOf(first), logOf(second));
    if (plant !== undefined) {
      log.info(`The time planted in ${plant} was seen: ${planted(plant, comparison)}`);
      return 0;
    }
    log.info(judge(comparison, await survey(logOf(first)), disagreements(a, b)));
    return 0;
  } finally {
    await removeTree(temporary);
  }
});
